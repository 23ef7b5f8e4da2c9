// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Messages of one key", .timeLimit(.minutes(5)))
struct KeyTests {
    let manual = ManualEnvironment(seed: 31)
    let bus: EventBus
    let log = EventRecorder<String>()

    init() {
        let policy = FailurePolicy.retry(.fixed([], then: .seconds(10)), attempts: 3)
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: policy))
    }

    /// Subscribes in a way that events, or whole deliveries, are handled.
    private func subscribe(
        typed: Bool,
        group: String? = nil,
        with settings: HandlerSettings,
        _ handle: @escaping @Sendable (String) async throws -> Void
    ) async throws -> Subscription {
        if typed {
            return try await self.bus.subscribe(to: Job.self, group: group, with: settings) {
                try await handle($0.name)
            }
        }
        return try await self.bus.subscribe(to: "jobs", group: group, with: settings) { delivery in
            try await handle(delivery.message.jobName)
        }
    }

    @Test("are handled one at a time, while other keys and unkeyed ones flow past", arguments: [true, false])
    func keepsApart(typed: Bool) async throws {
        let (gate, log) = (Gate(), self.log)
        _ = try await self.subscribe(typed: typed, with: HandlerSettings(concurrency: 4)) { name in
            log.record("\(name)+")
            if name == "a1" { try await gate.pass() }
            log.record("\(name)-")
        }
        try await self.bus.publish(Job("a1", key: "a"))
        #expect(try await log.expect(1) == ["a1+"])
        for (name, key) in [("a2", "a"), ("b1", "b"), ("a3", "a"), ("x", nil)] {
            try await self.bus.publish(Job(name, key: key))
        }
        _ = try await log.expect(5)
        #expect(Set(log.all) == ["a1+", "b1+", "b1-", "x+", "x-"])

        gate.open()
        await self.bus.settled()
        #expect(log.all.filter { $0.hasPrefix("a") } == ["a1+", "a1-", "a2+", "a2-", "a3+", "a3-"])
        #expect(try await self.bus.metrics().queues.acknowledged == 5)
    }

    @Test("wait while one of them waits for its retry", arguments: [true, false], [1, 3])
    func waitThroughRetries(typed: Bool, concurrency: Int) async throws {
        let (log, isBroken) = (self.log, Switch())
        _ = try await self.subscribe(typed: typed, with: HandlerSettings(concurrency: concurrency)) { name in
            log.record(name)
            if name == "a1", isBroken.isOn { throw Broken() }
        }
        for (name, key) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a"), ("b2", "b")] {
            try await self.bus.publish(Job(name, key: key))
        }
        await self.bus.settled()
        #expect(log.all.filter { $0.hasPrefix("a") } == ["a1"])
        #expect(log.all.filter { $0.hasPrefix("b") } == ["b1", "b2"])
        #expect(try await self.bus.metrics().queues.pending == 3)

        isBroken.turn(on: false)
        self.manual.clock.advance(by: .seconds(10))
        await self.bus.settled()
        #expect(log.all.filter { $0.hasPrefix("a") } == ["a1", "a1", "a2", "a3"])
        #expect(try await self.bus.metrics().queues.pending == 0)
    }

    @Test("go on when one of them was given up on", arguments: [true, false], [1, 3])
    func goOnAfterGivingUp(typed: Bool, concurrency: Int) async throws {
        let log = self.log
        let settings = HandlerSettings(concurrency: concurrency, failurePolicy: .noRetry)
        _ = try await self.subscribe(typed: typed, with: settings) { name in
            log.record(name)
            if name == "a1" { throw Broken() }
        }
        for name in ["a1", "a2", "a3"] { try await self.bus.publish(Job(name, key: "a")) }
        await self.bus.settled()
        #expect(log.all == ["a1", "a2", "a3"])
        #expect(try await self.bus.metrics().queues.deadLettered == 1)
    }

    @Test("are kept apart across the members of a group")
    func keepsMembersApart() async throws {
        let (gate, log) = (Gate(), self.log)
        for member in 1...2 {
            _ = try await self.subscribe(typed: true, group: "g", with: HandlerSettings()) { name in
                log.record(name)
                if name == "a1" { try await gate.pass() }
                _ = member
            }
        }
        try await self.bus.publish(Job("a1", key: "a"))
        _ = try await log.expect(1)
        for name in ["a2", "b1", "a3"] { try await self.bus.publish(Job(name, key: String(name.prefix(1)))) }
        #expect(try await log.expect(2) == ["a1", "b1"])
        gate.open()
        await self.bus.settled()
        #expect(log.all == ["a1", "b1", "a2", "a3"])
    }

    @Test("are held by a delivery until it is settled by hand")
    func heldUntilSettled() async throws {
        let held = EventRecorder<Delivery>()
        try await self.bus.subscribe(to: "jobs", with: HandlerSettings(concurrency: 2, acknowledging: .manual)) {
            held.record($0)
        }
        for name in ["a1", "a2", "b1"] { try await self.bus.publish(Job(name, key: String(name.prefix(1)))) }
        // Two workers have one each, and either may be the first to say so.
        let first = try await held.expect(2).sorted { $0.message.jobName < $1.message.jobName }
        #expect(first.map(\.message.jobName) == ["a1", "b1"])
        await #expect(throws: Never.self) { try await first[0].nack() }
        #expect(try await held.expect(3)[2].message.jobName == "a1")
        try await held.all[2].ack()
        #expect(try await held.expect(4)[3].message.jobName == "a2")
        #expect(held.all[3].attempt == 1)
    }

    @Test("do not wait for each other where the subscription says so")
    func unordered() async throws {
        let (gate, log) = (Gate(), self.log)
        _ = try await self.subscribe(typed: true, with: HandlerSettings(concurrency: 2, ordering: .unordered)) { name in
            log.record(name)
            if name == "a1" { try await gate.pass() }
        }
        for name in ["a1", "a2"] { try await self.bus.publish(Job(name, key: "a")) }
        #expect(try await log.expect(2).sorted() == ["a1", "a2"])
        gate.open()
        await self.bus.settled()
    }

    @Test("may be overtaken by a more urgent one while one waits for its retry")
    func urgentOvertakes() async throws {
        let (log, isBroken) = (self.log, Switch())
        _ = try await self.subscribe(typed: false, with: HandlerSettings(concurrency: 2)) { name in
            log.record(name)
            if name == "a1", isBroken.isOn { throw Broken() }
        }
        try await self.bus.publish(Message.job("a1", key: "a"))
        await self.bus.settled()
        try await self.bus.publish(Message.job("a2", key: "a"))
        try await self.bus.publish(Message.job("high1", key: "a", priority: .high))
        try await self.bus.publish(Message.job("high2", key: "a", priority: .high))
        await self.bus.settled()
        #expect(log.all == ["a1", "high1", "high2"])

        isBroken.turn(on: false)
        self.manual.clock.advance(by: .seconds(10))
        await self.bus.settled()
        #expect(log.all == ["a1", "high1", "high2", "a1", "a2"])
        #expect(try await self.bus.metrics().queues.pending == 0)
    }

    @Test("have a bound of their own, which stops nobody else", arguments: [true, false])
    func boundBehindOneKey(typed: Bool) async throws {
        let (gate, log) = (Gate(), self.log)
        let bounds = QueueBounds(count: 8, cascade: 0, parked: 6, parkedPerKey: 3)
        _ = try await self.subscribe(
            typed: typed,
            with: HandlerSettings(concurrency: 2, bounds: bounds, overflow: .reject)
        ) { name in
            log.record(name)
            if name == "a0" { try await gate.pass() }
        }
        try await self.bus.publish(Job("a0", key: "a"))
        _ = try await log.expect(1)
        for number in 1...3 { try await self.bus.publish(Job("a\(number)", key: "a")) }
        await expectError(.overflow) { try await self.bus.publish(Job("a4", key: "a")) }
        for number in 1...20 {
            try await self.bus.publish(Job("b\(number)", key: "b"))
            _ = try await log.expect(number + 1)
        }
        gate.open()
        await self.bus.settled()
        #expect(log.all.filter { $0.hasPrefix("a") } == ["a0", "a1", "a2", "a3"])
        let queues = try await self.bus.metrics().queues
        #expect(queues.refused == 1)
        #expect(queues.acknowledged == 24)
    }

    @Test("make room by dropping the oldest behind that key, whether it is parked yet or not", arguments: [1, 2])
    func dropsOldestBehindOneKey(concurrency: Int) async throws {
        let (gate, log) = (Gate(), self.log)
        let bounds = QueueBounds(count: 8, parked: 6, parkedPerKey: 2)
        let settings = HandlerSettings(concurrency: concurrency, bounds: bounds, overflow: .dropOldest)
        _ = try await self.subscribe(typed: true, group: "g", with: settings) { name in
            log.record(name)
            if name == "a0" { try await gate.pass() }
        }
        try await self.bus.publish(Job("a0", key: "a"))
        _ = try await log.expect(1)
        for name in ["a1", "a2", "a3", "a4"] { try await self.bus.publish(Job(name, key: "a")) }
        try await self.bus.publish(Job("b", key: "b"))
        gate.open()
        await self.bus.settled()
        #expect(log.all.filter { $0 != "b" } == ["a0", "a3", "a4"])
        #expect(log.all.contains("b"))
        #expect(try await self.bus.metrics().queues.dropped == 2)
    }

    @Test("do not count what has overtaken the one that waits for its retry", arguments: [1, 2])
    func overtakersAreGone(concurrency: Int) async throws {
        let (log, isBroken) = (self.log, Switch())
        let settings = HandlerSettings(
            concurrency: concurrency,
            bounds: QueueBounds(count: 16, cascade: 0, parkedPerKey: 2),
            overflow: .reject
        )
        _ = try await self.subscribe(typed: false, group: "g", with: settings) { name in
            log.record(name)
            if name == "a1", isBroken.isOn { throw Broken() }
        }
        try await self.bus.publish(.job("a1", key: "a"))
        await self.bus.settled()
        for number in 0..<10 {
            try await self.bus.publish(.job("h\(number)", key: "a", priority: .high))
            await self.bus.settled()
        }
        #expect(log.all == ["a1"] + (0..<10).map { "h\($0)" })
    }

    @Test("share a key by their priorities: none waits for all that are more urgent", arguments: [1, 2])
    func priorityWithinKey(concurrency: Int) async throws {
        let (gate, log) = (Gate(), self.log)
        let settings = HandlerSettings(concurrency: concurrency)
        _ = try await self.subscribe(typed: false, group: "g", with: settings) { name in
            log.record(name)
            if name == "first" { try await gate.pass() }
        }
        try await self.bus.publish(.job("first", key: "a"))
        try await gate.arrivals(1)
        try await self.bus.publish(.job("low", key: "a", priority: .low))
        try await self.bus.publish(.job("normal", key: "a"))
        for number in 0..<100 { try await self.bus.publish(.job("h\(number)", key: "a", priority: .high)) }
        gate.open()
        await self.bus.settled()
        #expect(try #require(log.all.firstIndex(of: "normal")) < 20)
        #expect(try #require(log.all.firstIndex(of: "low")) < 20)
        #expect(log.all.count == 103)
    }

    @Test("let nobody go before a publisher that waits behind the same key")
    func firstComeBehindOneKey() async throws {
        let (gates, log) = (["a0": Gate(), "a1": Gate(), "x": Gate(), "y1": Gate()], self.log)
        let bounds = QueueBounds(count: 16, parkedPerKey: 1)
        _ = try await self.subscribe(typed: false, with: HandlerSettings(concurrency: 2, bounds: bounds)) { name in
            log.record(name)
            try await gates[name]?.pass()
        }
        try await self.bus.publish(.job("a0", key: "a"))
        try await gates["a0"]?.arrivals(1)
        try await self.bus.publish(.job("a1", key: "a"))
        try await self.bus.publish(.job("x"))
        try await gates["x"]?.arrivals(1)
        let first = Task { [bus] in try await bus.publish(.job("a2", key: "a")) }
        await self.bus.suspendedPublishers(1)
        // The queue is full, then there is room behind the key, and then for one in the queue: too few to be given out.
        for number in 1...16 { try await self.bus.publish(.job("y\(number)")) }
        gates["a0"]?.open()
        try await gates["a1"]?.arrivals(1)
        gates["x"]?.open()
        try await gates["y1"]?.arrivals(1)
        let second = Task { [bus] in try await bus.publish(.job("a3", key: "a")) }
        await self.bus.suspendedPublishers(2)
        for gate in gates.values { gate.open() }
        _ = try await (first.value, second.value)
        await self.bus.settled()
        #expect(log.all.filter { $0.hasPrefix("a") } == ["a0", "a1", "a2", "a3"])
    }

    @Test("suspend the publishers of that key alone")
    func suspendsBehindOneKey() async throws {
        let (gate, log) = (Gate(), self.log)
        let bounds = QueueBounds(count: 8, parked: 6, parkedPerKey: 1)
        _ = try await self.subscribe(typed: true, with: HandlerSettings(concurrency: 2, bounds: bounds)) { name in
            log.record(name)
            if name == "a0" { try await gate.pass() }
        }
        try await self.bus.publish(Job("a0", key: "a"))
        _ = try await log.expect(1)
        try await self.bus.publish(Job("a1", key: "a"))
        let publisher = Task { [bus] in try await bus.publish(Job("a2", key: "a")) }
        await self.bus.suspendedPublishers(1)
        try await self.bus.publish(Job("b", key: "b"))
        #expect(try await log.expect(2) == ["a0", "b"])
        gate.open()
        _ = try await publisher.value
        await self.bus.settled()
        #expect(log.all == ["a0", "b", "a1", "a2"])
    }

    @Test("come back with their key when a member leaves")
    func comeBack() async throws {
        let held = EventRecorder<Delivery>()
        let settings = HandlerSettings(acknowledging: .manual)
        let first = try await self.bus.subscribe(to: "jobs", group: "g", with: settings) { held.record($0) }
        try await self.bus.publish(Job("a1", key: "a"))
        _ = try await held.expect(1)
        try await self.bus.publish(Job("a2", key: "a"))
        try await self.bus.subscribe(to: "jobs", group: "g", with: settings) { held.record($0) }
        await first.cancel()
        let second = try await held.expect(2)[1]
        #expect(second.message.jobName == "a1")
        #expect(second.attempt == 1)
        try await second.ack()
        #expect(try await held.expect(3)[2].message.jobName == "a2")
    }

    @Test("go on when the retry is due, though no more of them can be parked", arguments: [1, 3])
    func retryWhileTooMuchIsParked(concurrency: Int) async throws {
        let (log, isBroken) = (self.log, Switch())
        let settings = HandlerSettings(concurrency: concurrency, bounds: QueueBounds(count: 8, parked: 1))
        _ = try await self.subscribe(typed: false, group: "g", with: settings) { name in
            log.record(name)
            guard name == "a1", isBroken.isOn else { return }
            // Published inside, they are accepted though they cannot all be parked.
            for number in 2...4 { try await self.bus.publish(Job("a\(number)", key: "a")) }
            throw Broken()
        }
        try await self.bus.publish(Job("a1", key: "a"))
        await self.bus.settled()
        #expect(log.all == ["a1"])
        isBroken.turn(on: false)
        self.manual.clock.advance(by: .seconds(10))
        await self.bus.settled()
        #expect(log.all == ["a1", "a1", "a2", "a3", "a4"])
    }

    @Test("do not keep the one that holds the key waiting, though they are more urgent and cannot be parked")
    func urgentOnesCannotBeParked() async throws {
        let (gate, other, log) = (Gate(), Gate(), self.log)
        let settings = HandlerSettings(
            concurrency: 2,
            failurePolicy: .retry(.none, attempts: 2),
            bounds: QueueBounds(count: 8, parked: 1, parkedPerKey: 8)
        )
        _ = try await self.subscribe(typed: false, group: "g", with: settings) { name in
            log.record(name)
            if name == "y" { try await other.pass() }
            guard name == "a1", log.count == 1 else { return }
            try await gate.pass()
            throw Broken()
        }
        try await self.bus.publish(.job("a1", key: "a"))
        try await gate.arrivals(1)
        // Nobody is free to park the first one before the second is published.
        try await self.bus.publish(.job("y"))
        try await other.arrivals(1)
        for number in 1...2 { try await self.bus.publish(.job("h\(number)", key: "a", priority: .high)) }
        // Somebody has tried to take them, once this has been handled.
        try await self.bus.publish(.job("x", priority: .critical))
        other.open()
        _ = try await log.expect(3)
        gate.open()
        await self.bus.settled()
        #expect(log.all == ["a1", "y", "x", "a1", "h1", "h2"])
    }
}
