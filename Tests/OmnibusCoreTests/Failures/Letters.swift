// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON

@testable import OmnibusCore

extension DeadLetter {
    /// A dead letter with a number for an id and for the seconds at which it was given up on.
    static func made(
        _ number: Int,
        topic: Topic = "job.step",
        group: String? = nil,
        reason: Reason = .retriesExhausted,
        errorType: String? = nil,
        code: OmnibusError.Code? = nil,
        attemptCount: Int = 0
    ) -> DeadLetter {
        let time = Timestamp(secondsSinceEpoch: Int64(number))
        let attempts = errorType.map {
            [FailedAttempt(attempt: 1, time: time, errorType: $0, error: "secret", code: code)]
        }
        return DeadLetter(
            id: MessageID("letter-\(number)"),
            message: Message(topic: topic, payload: ["colour": "crimson"]),
            reason: reason,
            attempts: attempts ?? [],
            attemptCount: attemptCount,
            group: group,
            time: time
        )
    }

    /// The number that the letter was made with.
    var number: Int { Int(self.time.secondsSinceEpoch) }
}
