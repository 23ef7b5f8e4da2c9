// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A dead letter", .timeLimit(.minutes(5)))
struct DeadLetterTests {
    let manual = ManualEnvironment(seed: 12)
    let bus: EventBus

    init() {
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .threeTimes))
    }

    private func runOut() async {
        await self.bus.settled()
        while let time = self.manual.clock.timeToNextTimer {
            self.manual.clock.advance(by: time)
            await self.bus.settled()
        }
    }

    @Test("keeps the message, the reason, every attempt and who gave up")
    func keepsEverything() async throws {
        let start = self.manual.clock.now
        try await self.bus.subscribe(to: Step.self, group: "workers") { _ in throw Broken() }
        let receipt = try await self.bus.publish(Step(number: 7))
        await self.runOut()

        let letters = try self.bus.deadLetters.list()
        #expect(letters.count == 1)
        let letter = try #require(letters.first)
        #expect(letter.message.id == receipt.messageID)
        #expect(letter.message.topic == Step.topic)
        #expect(try letter.message.payload.decode(as: Step.self, codec: JSONCodec()) == Step(number: 7))
        #expect(letter.reason == .retriesExhausted)
        #expect(letter.attempts.map(\.attempt) == [1, 2, 3])
        #expect(letter.attempts.map(\.time) == [start, start + .seconds(1), start + .seconds(2)])
        #expect(letter.lastError?.errorType == "Broken")
        #expect(letter.lastError?.error == "it is broken")
        #expect(letter.group == "workers")
        #expect(letter.pattern == "job.step")
        #expect(letter.time == start + .seconds(2))
        #expect(try self.bus.deadLetters.letter(letter.id)?.message.id == receipt.messageID)
    }

    @Test("is published to its topic's dead-letter topic, with headers that tell what happened")
    func isPublished() async throws {
        let dead = try await self.bus.recorder(of: "omnibus.dead.#")
        try await self.bus.subscribe(to: Step.self, group: "workers") { _ in throw Broken() }
        let receipt = try await self.bus.publish(Step(number: 7))
        await self.runOut()

        let notice = try await dead.next()
        #expect(notice.topic == "omnibus.dead.job.step")
        #expect(notice.causationID == receipt.messageID)
        #expect(notice.headers["omnibus-dead-reason"] == .text("retriesExhausted"))
        #expect(notice.headers["omnibus-dead-attempts"] == .integer(3))
        #expect(notice.headers["omnibus-dead-group"] == .text("workers"))
        #expect(notice.headers["omnibus-dead-topic"] == .text("job.step"))
        #expect(notice.headers["omnibus-dead-error"] == .text("Broken: it is broken"))
        #expect(try self.bus.deadLetters.letter(notice.id) != nil)
    }

    @Test("is made at once of what cannot be decoded, with its reason")
    func keepsUndecodable() async throws {
        let handled = try await self.bus.recorder(of: Step.self)
        try await self.bus.publish(bytes: Array("no JSON".utf8), to: Step.topic)
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()

        let letter = try #require(try self.bus.deadLetters.list().first)
        #expect(letter.reason == .undecodable)
        #expect(letter.attempts.count == 1)
        #expect(!"\(letter.attempts[0].error)".contains("no JSON"))
        #expect(handled.all == [Step(number: 1)])
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("is undecodable for handlers with deliveries as well")
    func keepsUndecodableWithDelivery() async throws {
        try await self.bus.subscribe(to: Step.self) { (_: Step, _: Delivery) in }
        try await self.bus.publish(bytes: Array("no JSON".utf8), to: Step.topic)
        await self.bus.settled()

        #expect(try self.bus.deadLetters.list().map(\.reason) == [.undecodable])
    }

    @Test("is undecodable where a handler decodes by itself, and is not tried again")
    func keepsUndecodableByHand() async throws {
        let attempts = EventRecorder<Int>()
        try await self.bus.subscribe(to: "job.*") { delivery in
            attempts.record(delivery.attempt)
            _ = try delivery.message.payload.decode(as: Step.self, codec: JSONCodec())
        }
        try await self.bus.publish(bytes: Array("no JSON".utf8), to: Step.topic)
        await self.runOut()

        #expect(attempts.all == [1])
        #expect(try self.bus.deadLetters.list().map(\.reason) == [.undecodable])
    }

    @Test("is unencodable where bytes are needed and the payload has none")
    func keepsUnencodable() async throws {
        struct Infinite: Codable, Sendable {
            var number = Double.infinity
        }
        let same = EventRecorder<Double>()
        try await self.bus.subscribe(to: "job.step") { delivery in
            same.record(delivery.message.payload.value(as: Infinite.self)?.number ?? 0)
        }
        try await self.bus.subscribe(to: Step.self) { _ in }
        try await self.bus.publish(Infinite(), to: Step.topic)
        await self.runOut()

        #expect(same.all == [.infinity])
        #expect(try self.bus.deadLetters.list().map(\.reason) == [.unencodable])
    }

    @Test("says why a handler has rejected it")
    func keepsRejections() async throws {
        try await self.bus.subscribe(to: "job.*") { try await $0.reject(reason: "not today") }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()

        let letter = try #require(try self.bus.deadLetters.list().first)
        #expect(letter.reason == .rejected("not today"))
        #expect(letter.attempts.isEmpty)
    }

    @Test("is listed by pattern, the oldest first, up to a limit")
    func lists() async throws {
        try await self.bus.subscribe(to: "#") { try await $0.reject(reason: "no") }
        for topic: Topic in ["a.one", "b.two", "a.three"] { try await self.bus.publish(1, to: topic) }
        await self.bus.settled()
        let letters = try self.bus.deadLetters

        #expect(letters.count == 3)
        #expect(letters.list().map(\.message.topic) == ["a.one", "b.two", "a.three"])
        #expect(letters.list(of: "a.#").map(\.message.topic) == ["a.one", "a.three"])
        #expect(letters.list(limit: 1).map(\.message.topic) == ["a.one"])
        #expect(letters.list(limit: 0).isEmpty)
    }

    @Test("is redriven to the group that gave up, and to nobody else")
    func redrivesToGroup() async throws {
        let fails = Switch()
        let failing = EventRecorder<Int>()
        let other = EventRecorder<Int>()
        try await self.bus.subscribe(to: Step.self, group: "failing") { _, delivery in
            failing.record(delivery.attempt)
            if fails.isOn { throw Broken() }
        }
        try await self.bus.subscribe(to: Step.self, group: "other") { other.record($0.number) }
        try await self.bus.publish(Step(number: 1))
        await self.runOut()
        let letters = try self.bus.deadLetters
        let letter = try #require(letters.list().first)

        fails.turn(on: false)
        try await letters.redrive(letter.id)
        await self.bus.settled()
        #expect(failing.all == [1, 2, 3, 1])
        #expect(other.all == [1])
        #expect(letters.count == 0)
        await expectError(.unknownDeadLetter) { try await letters.redrive(letter.id) }
        await expectError(.unknownDeadLetter) { try await letters.redrive(letter.id, to: .topic) }
    }

    @Test("is redriven to its topic when asked, to everybody there")
    func redrivesToTopic() async throws {
        let fails = Switch()
        let seen = EventRecorder<String>()
        try await self.bus.subscribe(to: Step.self, group: "failing") { _ in
            if fails.isOn { throw Broken() }
            seen.record("failing")
        }
        try await self.bus.subscribe(to: Step.self, group: "other") { _ in seen.record("other") }
        try await self.bus.publish(Step(number: 1))
        await self.runOut()
        let letters = try self.bus.deadLetters
        let letter = try #require(letters.list().first)

        fails.turn(on: false)
        try await letters.redrive(letter.id, to: .topic)
        await self.bus.settled()
        #expect(seen.all.sorted() == ["failing", "other", "other"])
        #expect(letters.count == 0)
    }

    @Test("finds its group again after all members have gone and come back")
    func redrivesToNewGroup() async throws {
        let first = try await self.bus.subscribe(to: "job.step", group: "g") { try await $0.reject(reason: "no") }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()
        let letters = try self.bus.deadLetters
        let letter = try #require(letters.list().first)
        await first.cancel()

        await expectError(.unknownSubscription) { try await letters.redrive(letter.id) }
        #expect(letters.count == 1)
        let seen = EventRecorder<Int>()
        try await self.bus.subscribe(to: Step.self, group: "g") { seen.record($0.number) }
        #expect(try await letters.redriveAll() == 1)
        #expect(try await seen.next() == 1)
    }

    @Test("is kept when redriving it to its topic is refused")
    func keepsWhatIsRefused() async throws {
        try await self.bus.subscribe(to: Step.self, group: "g") { _, delivery in
            try await delivery.reject(reason: "no")
        }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()
        let letters = try self.bus.deadLetters
        let letter = try #require(letters.list().first)
        #expect(try await self.bus.provider.deleteTopic(Step.topic))

        await expectError(.unknownTopic) { try await letters.redrive(letter.id, to: .topic) }
        #expect(letters.list().map(\.id) == [letter.id])
    }

    @Test("is cleared by age and pattern")
    func clears() async throws {
        try await self.bus.subscribe(to: "#") { try await $0.reject(reason: "no") }
        try await self.bus.publish(1, to: "a.old")
        try await self.bus.publish(1, to: "b.old")
        await self.bus.settled()
        self.manual.clock.advance(by: .seconds(60))
        try await self.bus.publish(1, to: "a.new")
        await self.bus.settled()
        let letters = try self.bus.deadLetters

        #expect(letters.clear(of: "a.#", olderThan: .seconds(60)) == 1)
        #expect(letters.list().map(\.message.topic) == ["b.old", "a.new"])
        #expect(letters.clear(olderThan: .seconds(61)) == 0)
        #expect(letters.clear() == 2)
        #expect(letters.count == 0)
    }

    @Test("does not go round for ever when its own handler fails")
    func doesNotLoop() async throws {
        let attempts = EventRecorder<Int>()
        try await self.bus.subscribe(to: "omnibus.dead.#") { delivery in
            attempts.record(delivery.attempt)
            throw Broken()
        }
        try await self.bus.subscribe(to: Step.self, with: HandlerSettings(failurePolicy: FailurePolicy.noRetry)) { _ in
            throw Broken()
        }
        try await self.bus.publish(Step(number: 1))
        await self.runOut()

        #expect(attempts.all == [1, 2, 3])
        #expect(try self.bus.deadLetters.count == 1)
        #expect(try await self.bus.metrics().queues.deadLettered == 2)
    }

    @Test("makes room for newer ones when the store is full, and is counted")
    func evicts() async throws {
        let broker = InMemoryBroker(
            environment: self.manual.environment,
            limits: InMemoryBroker.Limits(deadLetters: 3)
        )
        let bus = EventBus(provider: broker, environment: self.manual.environment)
        try await bus.subscribe(to: Step.self) { _, delivery in try await delivery.reject(reason: "no") }
        for number in 0..<5 { try await bus.publish(Step(number: number)) }
        await bus.settled()
        let letters = try bus.deadLetters

        #expect(letters.count == 3)
        #expect(letters.evictedCount == 2)
        let numbers = try letters.list().map { try $0.message.payload.decode(as: Step.self, codec: JSONCodec()).number }
        #expect(numbers == [2, 3, 4])
    }
}
