// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// A whole message that nobody could handle, and what is known of why: its attempts, their errors, where it failed.
public struct DeadLetter: Sendable, Identifiable {
    /// Why a message was given up on.
    public enum Reason: Sendable, Hashable, CustomStringConvertible {
        /// Every attempt that the failure policy allows has failed.
        case retriesExhausted
        /// The handler rejected it, for the reason that it gave.
        case rejected(String)
        /// Its time to live was over before it was handled.
        case expired
        /// Its payload could not be decoded as what the handler takes.
        case undecodable
        /// Its payload could not be encoded when bytes were asked for.
        case unencodable
        /// Its payload is not what the topic's schema says.
        case schemaViolation
        /// Its payload is larger than allowed.
        case tooLarge

        /// The reason's name, as used in headers and reports.
        public var name: String {
            switch self {
            case .retriesExhausted: "retriesExhausted"
            case .rejected: "rejected"
            case .expired: "expired"
            case .undecodable: "undecodable"
            case .unencodable: "unencodable"
            case .schemaViolation: "schemaViolation"
            case .tooLarge: "tooLarge"
            }
        }

        /// The reason that an error is, where handling the message again cannot mend it.
        package init(_ error: OmnibusError) {
            switch error.code {
            case .undecodable: self = .undecodable
            case .unencodable: self = .unencodable
            case .tooLarge: self = .tooLarge
            default: self = .retriesExhausted
            }
        }

        /// The reason's name, and what the handler said where it rejected the message.
        public var description: String {
            if case .rejected(let reason) = self { return "rejected: \(reason)" }
            return self.name
        }
    }

    /// The dead letter's own id, another than the message's.
    public let id: MessageID
    /// The message, as it was accepted.
    public let message: Message
    /// Why the message was given up on.
    public let reason: Reason
    /// Every attempt that failed, in order.
    public let attempts: [FailedAttempt]
    /// The pattern of the subscription that gave up.
    public let pattern: TopicPattern
    /// The group that gave up; nil for a group of one.
    public let group: String?
    /// When the message was given up on.
    public let time: Timestamp

    /// Which queue gave up, so that redriving can find it.
    package let lane: UInt64

    package init(
        id: MessageID,
        message: Message,
        reason: Reason,
        attempts: [FailedAttempt],
        pattern: TopicPattern,
        group: String?,
        time: Timestamp,
        lane: UInt64
    ) {
        self.id = id
        self.message = message
        self.reason = reason
        self.attempts = attempts
        self.pattern = pattern
        self.group = group
        self.time = time
        self.lane = lane
    }

    /// The last error, where a handler threw one.
    public var lastError: FailedAttempt? { self.attempts.last }
}
