// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Strict order", .timeLimit(.minutes(5)))
struct StrictOrderTests {
    let manual = ManualEnvironment(seed: 32)
    let bus: EventBus
    let log = EventRecorder<String>()

    init() {
        let policy = FailurePolicy.retry(.fixed([], then: .seconds(10)), attempts: 3)
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: policy))
    }

    @Test("stops the whole queue through retries", arguments: [1, 4])
    func stopsThroughRetries(concurrency: Int) async throws {
        let (log, isBroken) = (self.log, Switch())
        let settings = HandlerSettings(concurrency: concurrency, ordering: .strict)
        try await self.bus.subscribe(to: Job.self, with: settings) { job in
            log.record(job.name)
            if job.name == "2", isBroken.isOn { throw Broken() }
        }
        for number in 1...4 { try await self.bus.publish(Job("\(number)", key: "\(number)")) }
        await self.bus.settled()
        #expect(log.all == ["1", "2"])

        isBroken.turn(on: false)
        self.manual.clock.advance(by: .seconds(10))
        await self.bus.settled()
        #expect(log.all == ["1", "2", "2", "3", "4"])
    }

    @Test("hands over one message at a time to a whole group")
    func oneAtATime() async throws {
        let (gate, log) = (Gate(), self.log)
        for _ in 1...3 {
            try await self.bus.subscribe(to: "jobs", group: "g", with: HandlerSettings(ordering: .strict)) { delivery in
                log.record(delivery.message.jobName)
                if delivery.message.jobName == "1" { try await gate.pass() }
            }
        }
        for number in 1...3 { try await self.bus.publish(Job("\(number)")) }
        #expect(try await log.expect(1) == ["1"])
        gate.open()
        await self.bus.settled()
        #expect(log.all == ["1", "2", "3"])
    }

    @Test("lets a critical message go first")
    func criticalGoesFirst() async throws {
        let log = self.log
        try await self.bus.subscribe(to: "jobs", with: HandlerSettings(ordering: .strict)) { delivery in
            log.record(delivery.message.jobName)
            if delivery.message.jobName == "1", delivery.attempt == 1 { throw Broken() }
        }
        for number in 1...2 { try await self.bus.publish(Job("\(number)")) }
        await self.bus.settled()
        try await self.bus.publish(Message.job("urgent", priority: .critical))
        await self.bus.settled()
        #expect(log.all == ["1", "urgent"])
        self.manual.clock.advance(by: .seconds(10))
        await self.bus.settled()
        #expect(log.all == ["1", "urgent", "1", "2"])
    }

    @Test("lets nothing come between the attempts of one message, however urgent", arguments: [Priority.high, .low])
    func nothingBetweenAttempts(other: Priority) async throws {
        let (log, isBroken) = (self.log, Switch())
        try await self.bus.subscribe(to: "jobs", with: HandlerSettings(ordering: .strict)) { delivery in
            log.record(delivery.message.jobName)
            if delivery.message.jobName == "9", isBroken.isOn { throw Broken() }
        }
        try await self.bus.publish(.job("other", priority: other))
        for number in 1...9 { try await self.bus.publish(.job("\(number)")) }
        await self.bus.settled()
        try await self.bus.publish(.job("last", priority: other))
        isBroken.turn(on: false)
        self.manual.clock.advance(by: .seconds(10))
        await self.bus.settled()
        let first = try #require(log.all.firstIndex(of: "9"))
        #expect(log.all.dropFirst(first).prefix(2) == ["9", "9"])
        #expect(log.count == 12)
    }

    @Test("has another member go on when the one that handles is paused, or cancelled", arguments: [true, false])
    func anotherMemberGoesOn(cancels: Bool) async throws {
        let (gate, log) = (Gate(), self.log)
        var members: [Subscription] = []
        for number in 1...2 {
            members.append(
                try await self.bus.subscribe(to: Job.self, group: "g", with: HandlerSettings(ordering: .strict)) {
                    job in
                    log.record("\(number)\(job.name)")
                    if job.name == "a" { try await gate.pass() }
                }
            )
        }
        for name in ["a", "b"] { try await self.bus.publish(Job(name)) }
        let first = try await log.expect(1)[0]
        let member = first == "1a" ? members[0] : members[1]
        if cancels { await member.cancel() } else { try await member.pause() }
        gate.open()
        await self.bus.settled()
        #expect(log.all == [first, first == "1a" ? "2b" : "1b"])
    }

    @Test("hands over nothing between the attempts of a message, offered or read of a history", arguments: 0..<4)
    func nothingBetweenAttempts(before: Int) async throws {
        let broker = InMemoryBroker(environment: self.manual.environment)
        let policy = FailurePolicy.retry(.fixed([], then: .seconds(10)), attempts: 3)
        let settings = BusSettings(failurePolicy: policy)
        let bus = EventBus(provider: broker, environment: self.manual.environment, settings: settings)
        _ = try await broker.createTopic("log", .retained())
        let log = self.log
        try await bus.subscribe(to: "#", with: HandlerSettings(ordering: .strict)) { delivery in
            log.record(delivery.message.jobName)
            if delivery.message.jobName.hasPrefix("bad"), delivery.attempt == 1 { throw Broken() }
        }
        // Whichever of the two ways has its turn.
        for number in 0..<before { try await bus.publish(.job("\(number)")) }
        await bus.settled()
        for number in 1...2 {
            try await bus.publish(.job("bad offered \(number)"))
            var read = Message.job("bad read \(number)")
            read.topic = "log"
            try await bus.publish(read)
        }
        for _ in 0..<4 {
            await bus.settled()
            self.manual.clock.advance(by: .seconds(10))
        }
        await bus.settled()

        let bad = log.all.filter { $0.hasPrefix("bad") }
        #expect(bad.count == 8)
        for index in stride(from: 0, to: bad.count - 1, by: 2) { #expect(bad[index] == bad[index + 1], "\(bad)") }
        try await bus.shutdown()
    }
}
