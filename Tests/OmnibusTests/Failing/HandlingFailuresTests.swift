// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A failure outside of any subscription", .timeLimit(.minutes(5)))
struct HandlingFailuresTests {
    let manual = ManualEnvironment(seed: 43)
    let bus: EventBus

    init() {
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .threeTimes))
    }

    private let message = Message(topic: "orders.placed", payload: ["number": 7])

    @Test("is worth another attempt as often as the policy says, and nothing is kept meanwhile")
    func allowsRetries() async throws {
        let letters = try self.bus.deadLetters
        for attempt in 1...2 {
            let outcome = try letters.handle(self.message, error: Broken(), attempt: attempt)
            #expect(outcome.isRetryEligible)
            #expect(outcome.letter == nil)
            guard case .retry(after: .seconds(1)) = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
        #expect(letters.count == 0)
    }

    @Test("makes a dead letter after the last attempt, and tells those who listen")
    func keeps() async throws {
        let notices = try await self.bus.recorder(of: "omnibus.dead.#")
        let letters = try self.bus.deadLetters
        let outcome = try letters.handle(self.message, error: Broken(), attempt: 3)

        let letter = try #require(outcome.letter)
        #expect(!outcome.isRetryEligible)
        #expect(letter.reason == .retriesExhausted)
        #expect(letter.attempts.map(\.errorType) == ["Broken"])
        #expect(letter.attempts.map(\.attempt) == [3])
        #expect(letter.attemptCount == 3)
        #expect(letter.message.payload == self.message.payload)
        #expect("\(letter.message.id)" != "")
        #expect(letter.pattern == "orders.placed")
        #expect(letter.group == nil)
        #expect(letters.list().map(\.id) == [letter.id])
        let notice = try await notices.next()
        #expect(notice.topic == "omnibus.dead.orders.placed")
        #expect(notice.id == letter.id)
    }

    @Test("is kept at once by a policy that says so, by advice, or by what kind of error it is")
    func keepsAtOnce() throws {
        struct Hopeless: RetryAdvising {
            var retryAdvice: OmnibusError.Advice? { .deadLetter }
        }
        let letters = try self.bus.deadLetters
        #expect(try letters.handle(self.message, error: Broken(), policy: .noRetry).letter != nil)
        #expect(try letters.handle(self.message, error: Hopeless()).letter?.isRetryEligible == false)
        let undecodable = OmnibusError(.undecodable, "odd", advice: .deadLetter)
        #expect(try letters.handle(self.message, error: undecodable).letter?.reason == .undecodable)
        #expect(letters.count == 3)
    }

    @Test("obeys the message's own number of retries")
    func obeysMaxRetries() throws {
        var message = self.message
        message.headers.maxRetries = 0
        #expect(try self.bus.deadLetters.handle(message, error: Broken()).letter != nil)
    }

    @Test("is refused where the call makes no sense, and nothing is kept", arguments: [0, -1, Int.min])
    func refuses(attempt: Int) async throws {
        let letters = try self.bus.deadLetters
        await expectError(.invalidSettings) { _ = try letters.handle(self.message, error: Broken(), attempt: attempt) }
        await expectError(.invalidSettings) {
            _ = try letters.handle(self.message, error: Broken(), policy: FailurePolicy(attempts: attempt))
        }
        var message = self.message
        message.timeToLive = .zero
        await expectError(.invalidMessage) { _ = try letters.handle(message, error: Broken(), policy: .noRetry) }
        await expectError(.invalidMessage) { try letters.keep(message, reason: .expired) }
        #expect(letters.count == 0)
    }

    @Test("is redriven to the group that is named, or to the topic")
    func redrives() async throws {
        let seen = EventRecorder<String>()
        try await self.bus.subscribe(to: "orders.*", group: "booking") { _ in seen.record("booking") }
        try await self.bus.subscribe(to: "orders.placed") { _ in seen.record("other") }
        let letters = try self.bus.deadLetters
        try letters.keep(self.message, reason: .schemaViolation, pattern: "orders.*", group: "booking")
        try await letters.redriveAll()
        await self.bus.settled()
        #expect(seen.all == ["booking"])

        try letters.keep(self.message, reason: .tooLarge)
        await expectError(.unknownSubscription) { try await letters.redriveAll() }
        try await letters.redriveAll(to: .topic)
        await self.bus.settled()
        #expect(seen.all.sorted() == ["booking", "booking", "other"])
    }

    @Test("is kept for any reason, with the attempts that the caller knows of")
    func keepsForReason() throws {
        let letters = try self.bus.deadLetters
        let attempts = [1, 2].map { FailedAttempt(attempt: $0, time: self.manual.clock.now, error: Broken()) }
        let reasons: [DeadLetter.Reason] = [
            .retriesExhausted, .rejected("no"), .expired, .undecodable, .unencodable, .schemaViolation, .tooLarge,
        ]
        for reason in reasons { try letters.keep(self.message, reason: reason, attempts: attempts) }
        #expect(letters.list().map(\.reason) == reasons)
        #expect(letters.list().allSatisfy { $0.attempts == attempts && $0.attemptCount == 2 })
        #expect(try letters.keep(self.message, reason: .expired)?.attemptCount == 0)
    }

    @Test("of a delivery that was tried before is redriven as if it had not been")
    func forgetsRetries() async throws {
        let letters = try self.bus.deadLetters
        let counts = EventRecorder<Int>()
        let fails = Switch()
        try await self.bus.subscribe(to: "orders.placed", group: "g") { delivery in
            counts.record(delivery.message.headers.retryCount)
            guard fails.isOn else { return }
            if delivery.attempt == 1 { return try await delivery.nack() }
            // It goes on elsewhere, and fails there.
            try letters.keep(delivery.message, reason: .tooLarge, group: "g")
        }
        try await self.bus.publish(self.message)
        await self.bus.settled()
        fails.turn(on: false)
        try await letters.redriveAll()
        await self.bus.settled()
        #expect(counts.all == [0, 1, 0])
    }

    @Test("of a notice makes no further dead letter")
    func ignoresNotices() async throws {
        let notices = try await self.bus.recorder(of: "omnibus.dead.#")
        let letters = try self.bus.deadLetters
        try letters.keep(self.message, reason: .expired)
        var notice = try await notices.next()
        notice.topic = "forwarded"

        guard case .ignored = try letters.handle(notice, error: Broken(), policy: .noRetry) else {
            Issue.record("A dead letter was made of a notice.")
            return
        }
        #expect(try letters.keep(notice, reason: .expired) == nil)
        #expect(letters.count == 1)
    }

    @Test("is handled by whatever is a dead letter handler")
    func isHandledThroughProtocol() async throws {
        let handler: any DeadLetterHandler = try self.bus.deadLetters
        let seen = EventRecorder<String>()
        try await self.bus.subscribe(to: "orders.*", group: "booking") { _ in seen.record("booking") }
        let outcome = try await handler.handle(
            self.message,
            error: Broken(),
            attempt: 3,
            pattern: "orders.*",
            group: "booking",
            policy: nil
        )
        let id = try #require(outcome.letter?.id)
        #expect(try await handler.letter(id)?.id == id)
        #expect(try await handler.count(where: .all) == 1)
        #expect(try await handler.page(where: .all, after: nil, limit: 10).letters.map(\.id) == [id])
        #expect(try await handler.analyze(where: .all, within: nil, every: .seconds(1)).total == 1)
        #expect(try await handler.redrive(where: .all, to: .group).redrivenCount == 1)
        await self.bus.settled()
        #expect(seen.all == ["booking"])
        try await handler.keep(self.message, reason: .expired, attempts: [], pattern: nil, group: nil)
        #expect(try await handler.clear(where: .all, olderThan: nil) == 1)
    }
}
