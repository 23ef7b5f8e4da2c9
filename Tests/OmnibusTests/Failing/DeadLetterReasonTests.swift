// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("The reason of a dead letter", .timeLimit(.minutes(5)))
struct DeadLetterReasonTests {
    let manual = ManualEnvironment(seed: 61)

    /// A value that no JSON can hold.
    private struct Infinite: Codable, Sendable {
        var number = Double.infinity
    }

    @Test("is 'unencodable' at once, where a byte-wise subscriber asks for bytes that cannot be made")
    func isUnencodable() async throws {
        let bus = self.manual.makeBus()
        let attempts = EventRecorder<Int>()
        try await bus.subscribe(to: "job", group: "archive") { delivery in
            attempts.record(delivery.attempt)
            _ = try delivery.message.payload.bytes()
        }
        try await bus.publish(Infinite(), to: "job")
        await bus.settled()

        let letter = try #require(try bus.deadLetters.list().first)
        #expect(letter.reason == .unencodable)
        #expect(letter.lastError?.errorName == "OmnibusError.unencodable")
        #expect(letter.message.payload.value(as: Infinite.self)?.number == .infinity)
        #expect(attempts.all == [1])
        #expect(self.manual.clock.pendingTimers == 0)
        #expect(!letter.isRetryEligible)
    }

    @Test(
        "is what the bus's own error says, where trying again cannot help",
        arguments: [
            (OmnibusError.Code.undecodable, DeadLetter.Reason.undecodable), (.unencodable, .unencodable),
            (.schemaViolation, .schemaViolation), (.tooLarge, .tooLarge), (.invalidHeader, .retriesExhausted),
        ]
    )
    func isTheErrors(code: OmnibusError.Code, reason: DeadLetter.Reason) async throws {
        let check = HandleMiddleware.around("check") { _, _ in
            throw OmnibusError(code, "it is not right", advice: .deadLetter)
        }
        let bus = self.manual.makeBus(settings: BusSettings(handleMiddleware: [check]))
        try await bus.subscribe(to: Step.self) { _ in }
        try await bus.publish(Step(number: 1))
        await bus.settled()

        let letter = try #require(try bus.deadLetters.list().first)
        #expect(letter.reason == reason)
        #expect(letter.attempts.map(\.code) == [code])
        #expect(!letter.isRetryEligible)
    }

    @Test("comes with the number of attempts, those included that nothing else is known of")
    func countsAttempts() async throws {
        let bus = self.manual.makeBus()
        try await bus.subscribe(to: "job.rejected") { try await $0.reject(reason: "no") }
        try await bus.subscribe(to: "job.nacked") { delivery in
            if delivery.attempt < 3 { try await delivery.nack() } else { try await delivery.reject(reason: "no") }
        }
        try await bus.publish(1, to: "job.rejected")
        await bus.settled()
        try await bus.publish(1, to: "job.nacked")
        await bus.settled()
        #expect(try bus.deadLetters.list().map(\.attemptCount) == [1, 3])
        #expect(try bus.deadLetters.list().map { $0.attempts.map(\.errorType) } == [[], ["Nack", "Nack"]])
        #expect(try bus.deadLetters.count(where: DeadLetterFilter(minimumAttempts: 2)) == 1)
    }

    @Test("comes with the attempts that were not settled in time")
    func tellsOfDeadlines() async throws {
        let bus = self.manual.makeBus()
        let settings = HandlerSettings(acknowledging: .manual, ackDeadline: .seconds(5))
        let attempts = EventRecorder<Int>()
        try await bus.subscribe(to: "job", group: "g", with: settings) { delivery in
            attempts.record(delivery.attempt)
            if delivery.attempt == 2 { try await delivery.reject(reason: "late") }
        }
        try await bus.publish(1, to: "job")
        // What nobody settles is in flight, so that there is no quiet to wait for.
        try await attempts.expect(1)
        self.manual.clock.advance(by: .seconds(5))
        try await attempts.expect(2)
        await bus.settled()

        let letter = try #require(try bus.deadLetters.list().first)
        #expect(letter.attempts.map(\.attempt) == [1])
        #expect(letter.attempts.map(\.time) == [self.manual.clock.now])
        #expect(letter.attempts.map(\.errorType) == ["AckDeadline"])
        #expect(letter.attemptCount == 2)
    }

    @Test("is 'expired' without an attempt where the message was never handed to a handler")
    func expires() async throws {
        let bus = self.manual.makeBus()
        let subscription = try await bus.subscribe(to: "job") { _ in }
        try await subscription.pause()
        var message = Message(topic: "job", payload: .empty)
        message.timeToLive = .seconds(1)
        try await bus.publish(message)
        self.manual.clock.advance(by: .seconds(1))
        try await subscription.resume()
        await bus.settled()

        let letter = try #require(try bus.deadLetters.list().first)
        #expect(letter.reason == .expired)
        #expect(letter.attemptCount == 0)
        #expect(letter.isRetryEligible)
    }
}
