// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON
import Testing

@testable import OmnibusCore

@Suite("A dead letter as a value")
struct DeadLetterValueTests {
    private struct Plain: Error {}
    private struct Advising: RetryAdvising {
        var retryAdvice: OmnibusError.Advice?
    }

    private let time = Timestamp(secondsSinceEpoch: 1)

    private func attempt(_ error: any Error) -> FailedAttempt {
        FailedAttempt(attempt: 1, time: self.time, error: error)
    }

    @Test(
        "is worth another attempt unless the message is at fault",
        arguments: [
            (DeadLetter.Reason.retriesExhausted, true), (.expired, true), (.rejected("no"), false),
            (.undecodable, false),
            (.unencodable, false), (.schemaViolation, false), (.tooLarge, false),
        ]
    )
    func knowsEligibility(reason: DeadLetter.Reason, isEligible: Bool) {
        #expect(DeadLetter.made(1, reason: reason).isRetryEligible == isEligible)
        #expect(reason.kind.rawValue == reason.name)
        #expect(DeadLetter.Reason.Kind.allCases.contains(reason.kind))
    }

    @Test("believes its last error about that")
    func believesErrors() {
        #expect(self.attempt(Plain()).isRetryEligible)
        #expect(self.attempt(Advising(retryAdvice: nil)).isRetryEligible)
        #expect(self.attempt(Advising(retryAdvice: .retry(after: nil))).isRetryEligible)
        #expect(!self.attempt(Advising(retryAdvice: .deadLetter)).isRetryEligible)
        #expect(!self.attempt(Advising(retryAdvice: .giveUp)).isRetryEligible)
        #expect(self.attempt(OmnibusError(.timeout, "slow")).isRetryEligible)
        #expect(!self.attempt(OmnibusError(.undecodable, "odd", advice: .deadLetter)).isRetryEligible)
        let letter = DeadLetter(
            id: MessageID("1"),
            message: Message(topic: "a", payload: .empty),
            reason: .retriesExhausted,
            attempts: [self.attempt(Plain()), self.attempt(Advising(retryAdvice: .giveUp))],
            time: self.time
        )
        #expect(!letter.isRetryEligible)
        #expect(letter.attemptCount == 2)
    }

    @Test("keeps the name and the code of an error, and no more of its text than a page")
    func keepsErrors() {
        let own = self.attempt(OmnibusError(.overflow, "full"))
        #expect(own.errorType == "OmnibusError")
        #expect(own.code == .overflow)
        #expect(own.errorName == "OmnibusError.overflow")
        #expect(self.attempt(Plain()).errorName == "Plain")

        let long = self.attempt(OmnibusError(.overflow, String(repeating: "ä", count: 10_000)))
        #expect(long.error.unicodeScalars.count == 4_096)
        #expect(long.error.hasSuffix("ä…"))
        let exact = OmnibusError(.overflow, String(repeating: "x", count: 4_096 - "overflow: ".count))
        #expect(self.attempt(exact).error == "\(exact)")
    }

    @Test("counts its texts against the bound in bytes, and trusts no message about its size")
    func estimatesSize() {
        func size(_ payload: Int, _ error: String) -> Int {
            DeadLetter(
                id: MessageID("1"),
                message: Message(topic: "a", bytes: Array(repeating: 0, count: payload)),
                reason: .retriesExhausted,
                attempts: [FailedAttempt(attempt: 1, time: self.time, errorType: "E", error: error)],
                time: self.time
            ).estimatedSize
        }
        #expect(size(1_000, "") == size(0, "") + 1_000)
        #expect(size(0, "12345") == size(0, "") + 5)
    }

    @Test("has its own topic as a pattern where no subscription gave up")
    func hasPattern() {
        #expect(DeadLetter.made(1, topic: "job.step").pattern == "job.step")
    }

    @Test("says which message was given up on, and nothing of what it holds")
    func describesItself() {
        let text = "\(DeadLetter.made(7, group: "workers", reason: .expired))"
        #expect(text.contains("letter-7"))
        #expect(text.contains("'workers': expired"))
        #expect(!text.contains("crimson"))
    }

    @Test("tells in its notice what happened, and is known by that")
    func makesNotice() {
        var message = Message(topic: "job.step", payload: ["colour": "crimson"])
        message.id = MessageID("original")
        message.timeToLive = .seconds(1)
        message.replyTo = "answers"
        let letter = DeadLetter(
            id: MessageID("letter"),
            message: message,
            reason: .rejected("bad\nluck"),
            attemptCount: 2,
            group: "workers",
            time: self.time
        )
        let notice = letter.notice(on: DeadLetterTopic.fixed("kmb.system.dlq").topic(for: message.topic))
        #expect(notice.topic == "kmb.system.dlq")
        #expect(notice.id == letter.id)
        #expect(notice.causationID == message.id)
        #expect(notice.timeToLive == nil)
        #expect(notice.replyTo == nil)
        #expect(notice.payload == message.payload)
        #expect(notice.headers["omnibus-dead-attempts"] == .integer(2))
        #expect(notice.headers["omnibus-dead-error"] == .text("bad\u{FFFD}luck"))
        #expect(DeadLetter.isNotice(notice))
        #expect(!DeadLetter.isNotice(message))
        #expect(DeadLetterTopic.perTopic.topic(for: message.topic).name == "omnibus.dead.job.step")
    }
}
