// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a ``DeadLetterHandler`` has made of a message that failed outside of any subscription.
public enum FailureOutcome: Sendable {
    /// The failure policy allows another attempt, after a time; the caller makes it, and nothing is kept.
    case retry(after: Duration)
    /// The message was given up on and is kept as this dead letter.
    case deadLettered(DeadLetter)
    /// The message is itself the notice of a dead letter, of which no further dead letter is made.
    case ignored

    /// Whether the message is worth another attempt now.
    public var isRetryEligible: Bool {
        if case .retry = self { true } else { false }
    }

    /// The dead letter, where the message was given up on.
    public var letter: DeadLetter? {
        if case .deadLettered(let letter) = self { letter } else { nil }
    }
}
