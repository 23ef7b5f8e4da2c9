// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Redriving", .timeLimit(.minutes(5)))
struct RedrivingTests {
    let manual = ManualEnvironment(seed: 41)
    let bus: EventBus

    init() {
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .noRetry))
    }

    /// Subscribes a group that fails while a switch is on, and publishes steps that become dead letters.
    private func fail(
        _ numbers: [Int],
        _ fails: Switch,
        _ seen: EventRecorder<Int>,
        bounds: QueueBounds? = nil,
        overflow: OverflowPolicy? = nil
    ) async throws -> Subscription {
        let settings = HandlerSettings(bounds: bounds, overflow: overflow)
        let subscription = try await self.bus.subscribe(to: Step.self, group: "g", with: settings) { step in
            if fails.isOn { throw Broken() }
            seen.record(step.number)
        }
        for number in numbers {
            try await self.bus.publish(Step(number: number))
            await self.bus.settled()
        }
        fails.turn(on: false)
        return subscription
    }

    @Test("several letters says of each what became of it, and keeps those that failed")
    func reports() async throws {
        let seen = EventRecorder<Int>()
        _ = try await self.fail([1, 2], Switch(), seen)
        let gone = try await self.bus.subscribe(to: "gone") { try await $0.reject(reason: "no") }
        try await self.bus.publish(3, to: "gone")
        await self.bus.settled()
        await gone.cancel()
        let letters = try self.bus.deadLetters
        let ids = letters.list().map(\.id)

        let unknown = MessageID("unknown")
        let report = await letters.redrive([ids[2], ids[0], unknown, ids[1], ids[0]])
        await self.bus.settled()
        #expect(report.results.map(\.id) == [ids[2], ids[0], unknown, ids[1], ids[0]])
        #expect(report.results.map(\.isRedriven) == [false, true, false, true, false])
        let expected: [OmnibusError.Code?] = [.unknownSubscription, nil, .unknownDeadLetter, nil, .unknownDeadLetter]
        #expect(report.results.map { $0.error?.code } == expected)
        #expect(report.results.map(\.isRetryEligible) == [false, true, false, true, false])
        #expect(report.results.map(\.reason) == [.rejected("no"), .retriesExhausted, nil, .retriesExhausted, nil])
        #expect(report.results.map { $0.message?.topic } == ["gone", "job.step", nil, "job.step", nil])
        #expect(report.redrivenCount == 2)
        #expect(report.failures.count == 3)
        #expect("\(report)".hasPrefix("2 redriven, 3 not\n  \(ids[2]): The group"))
        #expect(seen.all == [1, 2])
        #expect(letters.list().map(\.id) == [ids[2]])
    }

    @Test("nothing is a report of nothing")
    func reportsNothing() async throws {
        let letters = try self.bus.deadLetters
        #expect(await letters.redrive([]).results.isEmpty)
        #expect(await letters.redrive(where: .all).results.isEmpty)
        #expect(try await letters.redriveAll() == 0)
        #expect("\(RedriveReport())" == "0 redriven, 0 not")
    }

    @Test("by a filter leaves the others where they are")
    func redrivesByFilter() async throws {
        let seen = EventRecorder<Int>()
        _ = try await self.fail([1, 2], Switch(), seen)
        try await self.bus.subscribe(to: "other") { try await $0.reject(reason: "no") }
        try await self.bus.publish(3, to: "other")
        await self.bus.settled()
        let letters = try self.bus.deadLetters

        #expect(await letters.redrive(where: DeadLetterFilter(group: .named("nobody"))).results.isEmpty)
        let report = await letters.redrive(where: DeadLetterFilter(reasons: [.retriesExhausted]))
        await self.bus.settled()
        #expect(report.redrivenCount == 2)
        #expect(seen.all == [1, 2])
        #expect(letters.list().map(\.message.topic) == ["other"])
    }

    @Test("all tries every one of them, and throws what went wrong first")
    func redrivesAllAndThrows() async throws {
        let gone = try await self.bus.subscribe(to: "a.gone") { try await $0.reject(reason: "no") }
        try await self.bus.publish(1, to: "a.gone")
        await self.bus.settled()
        await gone.cancel()
        let seen = EventRecorder<Int>()
        _ = try await self.fail([1], Switch(), seen)
        let letters = try self.bus.deadLetters

        await expectError(.unknownSubscription) { try await letters.redriveAll() }
        await self.bus.settled()
        #expect(seen.all == [1])
        #expect(letters.count == 1)
    }

    @Test("ends, even if every message fails again at once")
    func ends() async throws {
        try await self.bus.subscribe(to: Step.self) { _, delivery in try await delivery.reject(reason: "never") }
        for number in 1...5 { try await self.bus.publish(Step(number: number)) }
        await self.bus.settled()
        let letters = try self.bus.deadLetters
        let before = Set(letters.list().map(\.id))

        #expect(try await letters.redriveAll() == 5)
        await self.bus.settled()
        #expect(letters.count == 5)
        #expect(before.isDisjoint(with: letters.list().map(\.id)))
    }

    @Test("waits for room where the queue suspends publishers, and goes beyond no bound")
    func waitsForRoom() async throws {
        let seen = EventRecorder<Int>()
        let subscription = try await self.fail([1], Switch(), seen, bounds: QueueBounds(count: 2))
        try await subscription.pause()
        try await self.bus.publish(Step(number: 2))
        try await self.bus.publish(Step(number: 3))
        let letters = try self.bus.deadLetters

        async let report = letters.redrive(where: .all)
        await self.bus.suspendedPublishers(1)
        #expect(letters.count == 0)
        #expect(try await self.bus.metrics().queues.pending == 2)
        try await subscription.resume()
        #expect(await report.redrivenCount == 1)
        await self.bus.settled()
        #expect(seen.all == [2, 3, 1])
    }

    @Test("keeps the letter when there is no room in time, and waits but once for many letters")
    func keepsWhenFull() async throws {
        let seen = EventRecorder<Int>()
        let overflow = OverflowPolicy.suspend(atMost: .seconds(5))
        let subscription = try await self.fail(
            [1, 2, 3],
            Switch(),
            seen,
            bounds: QueueBounds(count: 1),
            overflow: overflow
        )
        try await subscription.pause()
        try await self.bus.publish(Step(number: 4))
        let letters = try self.bus.deadLetters
        let before = letters.list().map(\.id)

        async let report = letters.redrive(where: .all)
        await self.bus.suspendedPublishers(1)
        self.manual.clock.advance(by: .seconds(5))
        #expect(await report.results.map { $0.error?.code } == [.overflow, .overflow, .overflow])
        #expect(self.manual.clock.pendingTimers == 0)
        #expect(letters.list().map(\.id) == before)

        try await subscription.resume()
        await self.bus.settled()
        for id in before {
            try await letters.redrive(id)
            await self.bus.settled()
        }
        #expect(seen.all == [4, 1, 2, 3])
    }

    @Test(
        "into a full queue that does not wait never loses the letter, nor what waits there",
        arguments: [OverflowPolicy.reject, .dropNewest, .dropOldest]
    )
    func losesNothing(overflow: OverflowPolicy) async throws {
        let seen = EventRecorder<Int>()
        let subscription = try await self.fail([1], Switch(), seen, bounds: QueueBounds(count: 2), overflow: overflow)
        try await subscription.pause()
        try await self.bus.publish(Step(number: 2))
        try await self.bus.publish(Step(number: 3))
        let letters = try self.bus.deadLetters
        let letter = try #require(letters.list().first)

        let error = await expectError(.overflow) { try await letters.redrive(letter.id) }
        #expect(error?.message.contains("'g'") == true)
        #expect(letters.list().map(\.id) == [letter.id])
        try await subscription.resume()
        await self.bus.settled()
        try await letters.redrive(letter.id)
        await self.bus.settled()
        #expect(seen.all == [2, 3, 1])
        #expect(try await self.bus.metrics().queues.dropped == 0)
    }

    @Test("obeys the bound in bytes as well")
    func obeysBytes() async throws {
        let seen = EventRecorder<Int>()
        let fails = Switch()
        let settings = HandlerSettings(bounds: QueueBounds(count: 10, bytes: 100), overflow: .reject)
        let subscription = try await self.bus.subscribe(to: "job", group: "g", with: settings) { delivery in
            if fails.isOn { throw Broken() }
            seen.record(delivery.message.payload.estimatedSize)
        }
        try await self.bus.publish(bytes: Array(repeating: 0, count: 80), to: "job")
        await self.bus.settled()
        fails.turn(on: false)
        try await subscription.pause()
        try await self.bus.publish(bytes: Array(repeating: 0, count: 21), to: "job")
        let letters = try self.bus.deadLetters

        await expectError(.overflow) { try await letters.redriveAll() }
        try await subscription.resume()
        await self.bus.settled()
        try await letters.redriveAll()
        await self.bus.settled()
        #expect(seen.all == [21, 80])
    }

    @Test("waits for room behind its own key alone, and another key's letter flows past")
    func waitsBehindKey() async throws {
        let fails = Switch()
        let gate = Gate()
        let seen = EventRecorder<String>()
        let bounds = QueueBounds(count: 10, parked: 10, parkedPerKey: 1)
        let settings = HandlerSettings(concurrency: 2, bounds: bounds)
        try await self.bus.subscribe(to: "job", group: "g", with: settings) { delivery in
            if fails.isOn { throw Broken() }
            let name = delivery.message.payload["name"]?.stringValue ?? ""
            if name == "holder" { try await gate.pass() }
            seen.record(name)
        }
        func message(_ name: String, _ key: String) -> Message {
            Message(topic: "job", key: key, payload: ["name": .string(name)])
        }
        for (name, key) in [("kept", "a"), ("other", "b")] {
            try await self.bus.publish(message(name, key))
            await self.bus.settled()
        }
        fails.turn(on: false)
        try await self.bus.publish(message("holder", "a"))
        try await gate.arrivals(1)
        try await self.bus.publish(message("parked", "a"))
        let letters = try self.bus.deadLetters
        let ids = letters.list().map(\.id)
        #expect(ids.count == 2)

        async let waiting: Void = letters.redrive(ids[0])
        await self.bus.suspendedPublishers(1)
        try await letters.redrive(ids[1])
        try await seen.expect(1)
        #expect(seen.all == ["other"])
        gate.open()
        try await waiting
        await self.bus.settled()
        #expect(seen.all == ["other", "holder", "parked", "kept"])
    }

    @Test("keeps the letter when the task is cancelled while it waits, and does not begin the rest")
    func keepsWhenCancelled() async throws {
        let seen = EventRecorder<Int>()
        let subscription = try await self.fail([1, 2], Switch(), seen, bounds: QueueBounds(count: 1))
        try await subscription.pause()
        try await self.bus.publish(Step(number: 3))
        let letters = try self.bus.deadLetters
        let before = letters.list().map(\.id)

        let task = Task { await letters.redrive(where: .all) }
        await self.bus.suspendedPublishers(1)
        task.cancel()
        #expect(await task.value.results.map { $0.error?.code } == [.cancelled, .cancelled])
        #expect(letters.list().map(\.id) == before)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("inside a handler waits for no queue: it would wait for its own")
    func doesNotWaitInHandler() async throws {
        let codes = EventRecorder<OmnibusError.Code>()
        let bus = self.bus
        try await bus.subscribe(to: "job", group: "g", with: HandlerSettings(bounds: QueueBounds(count: 1))) {
            delivery in
            if delivery.message.payload["first"] != nil { return try await delivery.reject(reason: "first") }
            if delivery.message.payload["last"] != nil { return }
            // Its own queue has no room, and will have none before this handler has returned.
            try await bus.publish(Message(topic: "job", payload: ["last": true]))
            let report = try await bus.deadLetters.redrive(where: .all)
            for result in report.results { codes.record(result.error?.code ?? .timeout) }
        }
        try await bus.publish(Message(topic: "job", payload: ["first": true]))
        await bus.settled()
        try await bus.publish(Message(topic: "job", payload: ["second": true]))
        await bus.settled()

        #expect(codes.all == [.overflow])
        #expect(try bus.deadLetters.count == 1)
    }

    @Test("one letter from many tasks delivers it once")
    func redrivesOnce() async throws {
        let seen = EventRecorder<Int>()
        let numbers = Array(1...20)
        _ = try await self.fail(numbers, Switch(), seen)
        let letters = try self.bus.deadLetters
        let ids = letters.list().map(\.id)

        let reports = await withTaskGroup(of: RedriveReport.self) { group in
            for offset in 0..<8 {
                group.addTask { await letters.redrive(offset.isMultiple(of: 2) ? ids : ids.reversed()) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        await self.bus.settled()
        #expect(reports.map(\.redrivenCount).reduce(0, +) == 20)
        let codes = Set(reports.flatMap(\.failures).compactMap { $0.error?.code })
        #expect(codes == [.unknownDeadLetter])
        #expect(seen.all.sorted() == numbers)
        #expect(letters.count == 0)
    }

    @Test("counts attempts anew, and offers anew")
    func countsAnew() async throws {
        let bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .retry(.none, attempts: 3)))
        let attempts = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self) { _, delivery in
            attempts.record(delivery.attempt)
            throw Broken()
        }
        try await bus.publish(Step(number: 1))
        await bus.settled()
        try await bus.deadLetters.redriveAll()
        await bus.settled()

        #expect(attempts.all == [1, 2, 3, 1, 2, 3])
        let letter = try #require(try bus.deadLetters.list().first)
        #expect(letter.attempts.map(\.attempt) == [1, 2, 3])
        #expect(letter.attemptCount == 3)
        let queues = try await bus.metrics().queues
        #expect([queues.offered, queues.deadLettered, queues.pending] == [2, 2, 0])
    }

    @Test(
        "begins the time to live anew, for the group and for the topic",
        arguments: [RedriveDestination.group, .topic]
    )
    func livesAnew(destination: RedriveDestination) async throws {
        let fails = Switch()
        let lives = EventRecorder<Duration?>()
        let clock = self.manual.clock
        try await self.bus.subscribe(to: "job", group: "g") { delivery in
            if fails.isOn { throw Broken() }
            lives.record(delivery.message.expiresAt.map { $0 - clock.now })
        }
        var message = Message(topic: "job", payload: .empty)
        message.timeToLive = .seconds(10)
        try await self.bus.publish(message)
        await self.bus.settled()
        clock.advance(by: .seconds(3_600))

        fails.turn(on: false)
        try await self.bus.deadLetters.redriveAll(to: destination)
        await self.bus.settled()
        #expect(lives.all == [.seconds(10)])
    }

    @Test(
        "hands over the whole message, its id, headers, cause and trace included",
        arguments: [
            RedriveDestination.group, .topic,
        ]
    )
    func keepsMessage(destination: RedriveDestination) async throws {
        let fails = Switch()
        let seen = EventRecorder<Message>()
        try await self.bus.subscribe(to: "job", group: "g") { delivery in
            seen.record(delivery.message)
            if fails.isOn { throw Broken() }
        }
        var message = Message(topic: "job", key: "k", payload: ["a": 1])
        message.subject = "subject"
        message.source = "elsewhere"
        message.correlationID = "c"
        message.causationID = MessageID("cause")
        message.traceContext = try TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        try message.headers.set(.text("crimson"), for: "colour")
        try await self.bus.publish(message)
        await self.bus.settled()
        fails.turn(on: false)
        try await self.bus.deadLetters.redriveAll(to: destination)
        await self.bus.settled()

        #expect(seen.count == 2)
        var (first, second) = (seen.all[0], seen.all[1])
        #expect(first.traceContext == message.traceContext)
        #expect(first.headers["colour"] == .text("crimson"))
        first.acceptedAt = nil
        second.acceptedAt = nil
        #expect(first == second)
    }

    @Test("to the topic does not pass publish middleware again")
    func passesMiddlewareOnce() async throws {
        let calls = EventRecorder<Topic>()
        let bus = self.manual.makeBus(
            settings: BusSettings(publishMiddleware: [.changing("count") { calls.record($0.topic) }])
        )
        let fails = Switch()
        let seen = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self) { step, delivery in
            if fails.isOn { return try await delivery.reject(reason: "no") }
            seen.record(step.number)
        }
        try await bus.publish(Step(number: 1))
        await bus.settled()
        fails.turn(on: false)
        try await bus.deadLetters.redriveAll(to: .topic)
        await bus.settled()
        #expect(seen.all == [1])
        #expect(calls.all == ["job.step"])
    }

    @Test(
        "is stopped by no deduplication window, to the group or to the topic",
        arguments: [
            RedriveDestination.group, .topic,
        ]
    )
    func passesDeduplication(destination: RedriveDestination) async throws {
        let broker = InMemoryBroker(
            environment: self.manual.environment,
            limits: InMemoryBroker.Limits(deduplication: DeduplicationWindow())
        )
        let bus = EventBus(provider: broker, environment: self.manual.environment)
        let fails = Switch()
        let seen = EventRecorder<MessageID>()
        try await bus.subscribe(to: "job", group: "g") { delivery in
            if fails.isOn { return try await delivery.reject(reason: "no") }
            seen.record(delivery.message.id)
        }
        var message = Message(topic: "job", payload: .empty)
        message.id = MessageID("own")
        try await bus.publish(message)
        await bus.settled()
        fails.turn(on: false)
        #expect(try await bus.publish(message).isDuplicate)

        #expect(try await bus.deadLetters.redriveAll(to: destination) == 1)
        await bus.settled()
        #expect(seen.all == [MessageID("own")])
        #expect(try bus.deadLetters.count == 0)
    }

    @Test("to a topic where nobody listens keeps the letter")
    func keepsWhereNobodyListens() async throws {
        let seen = EventRecorder<Int>()
        let subscription = try await self.fail([1], Switch(), seen)
        await subscription.cancel()
        let letters = try self.bus.deadLetters
        let letter = try #require(letters.list().first)

        await expectError(.unknownSubscription) { try await letters.redrive(letter.id, to: .topic) }
        #expect(letters.list().map(\.id) == [letter.id])
    }

    @Test("on a bus that was shut down is an error that changes nothing")
    func refusesAfterShutdown() async throws {
        _ = try await self.fail([1], Switch(), EventRecorder<Int>())
        let letters = try self.bus.deadLetters
        let letter = try #require(letters.list().first)
        try await self.bus.shutdown()

        await expectError(.busClosed) { try await letters.redrive(letter.id) }
        await expectError(.busClosed) { try await letters.redrive(letter.id, to: .topic) }
        #expect(letters.count == 1)
    }

    @Test("finds a group of the same name on the pattern that gave up, and no other one")
    func findsGroupByPattern() async throws {
        let first = try await self.bus.subscribe(to: "job.*", group: "g") { try await $0.reject(reason: "no") }
        try await self.bus.publish(1, to: "job.a")
        await self.bus.settled()
        await first.cancel()
        let seen = EventRecorder<String>()
        try await self.bus.subscribe(to: "job.#", group: "g") { _ in seen.record("other pattern") }
        let letters = try self.bus.deadLetters

        await expectError(.unknownSubscription) { try await letters.redriveAll() }
        try await self.bus.subscribe(to: "job.*", group: "g") { _ in seen.record("same") }
        try await letters.redriveAll()
        await self.bus.settled()
        #expect(seen.all == ["same"])
    }
}
