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

        /// What reasons of one kind share: the reason without what the handler said.
        public enum Kind: String, Sendable, Hashable, CaseIterable {
            /// Every attempt that the failure policy allows has failed.
            case retriesExhausted
            /// The handler rejected it.
            case rejected
            /// Its time to live was over before it was handled.
            case expired
            /// Its payload could not be decoded.
            case undecodable
            /// Its payload could not be encoded.
            case unencodable
            /// Its payload is not what the topic's schema says.
            case schemaViolation
            /// Its payload is larger than allowed.
            case tooLarge
        }

        /// The kind of the reason, by which dead letters are filtered and counted.
        public var kind: Kind {
            switch self {
            case .retriesExhausted: .retriesExhausted
            case .rejected: .rejected
            case .expired: .expired
            case .undecodable: .undecodable
            case .unencodable: .unencodable
            case .schemaViolation: .schemaViolation
            case .tooLarge: .tooLarge
            }
        }

        /// The reason's name, as used in headers and reports.
        public var name: String { self.kind.rawValue }

        /// The reason that an error is, where handling the message again cannot mend it.
        package init(_ error: OmnibusError) {
            switch error.code {
            case .undecodable: self = .undecodable
            case .unencodable: self = .unencodable
            case .schemaViolation: self = .schemaViolation
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
    /// What is known of every attempt that failed, in order.
    public let attempts: [FailedAttempt]
    /// How many attempts were made, those that nothing else is known of included.
    public let attemptCount: Int
    /// The pattern of the subscription that gave up; the topic itself where it failed outside a subscription.
    public let pattern: TopicPattern
    /// The group that gave up; nil for a group of one.
    public let group: String?
    /// When the message was given up on.
    public let time: Timestamp

    /// Which queue gave up, so that redriving can find it; 0 is none.
    package let lane: UInt64

    /// Creates a dead letter, for those who write a ``DeadLetterHandler``.
    ///
    /// - Parameter attemptCount: how many attempts were made; at least as many as are told of.
    public init(
        id: MessageID,
        message: Message,
        reason: Reason,
        attempts: [FailedAttempt] = [],
        attemptCount: Int = 0,
        pattern: TopicPattern? = nil,
        group: String? = nil,
        time: Timestamp
    ) {
        self.init(
            id: id,
            message: message,
            reason: reason,
            attempts: attempts,
            attemptCount: attemptCount,
            pattern: pattern,
            group: group,
            time: time,
            lane: 0
        )
    }

    package init(
        id: MessageID,
        message: Message,
        reason: Reason,
        attempts: [FailedAttempt],
        attemptCount: Int = 0,
        pattern: TopicPattern?,
        group: String?,
        time: Timestamp,
        lane: UInt64
    ) {
        self.id = id
        self.message = message
        self.reason = reason
        self.attempts = attempts
        self.attemptCount = max(attemptCount, attempts.count)
        self.pattern = pattern ?? TopicPattern(message.topic)
        self.group = group
        self.time = time
        self.lane = lane
    }

    /// The last error, where a handler threw one.
    public var lastError: FailedAttempt? { self.attempts.last }

    /// Whether handling the same message again may succeed once the cause is mended elsewhere.
    ///
    /// It is what a redrive is for: true where the attempts have failed or the time was over; false where the message
    /// itself is at fault, was rejected, or its last error said that trying again is of no use.
    public var isRetryEligible: Bool {
        switch self.reason {
        case .expired: true
        case .retriesExhausted: self.lastError?.isRetryEligible ?? true
        case .rejected, .undecodable, .unencodable, .schemaViolation, .tooLarge: false
        }
    }

    /// A guess at what the letter occupies in memory, in bytes; encodes nothing.
    package var estimatedSize: Int {
        // What a letter, its ids and its entry in the store take besides the texts.
        let fixed = 512
        // Events say what they count themselves, so no number is trusted to be sensible.
        let message = min(max(self.message.estimatedSize, 0), 1 << 50)
        let attempts = self.attempts.reduce(0) { $0 + $1.error.utf8.count + $1.errorType.utf8.count + 64 }
        return fixed + message + attempts
    }
}

extension DeadLetter: CustomStringConvertible {
    /// Which message was given up on, by whom and why; never what it holds.
    public var description: String {
        let group = self.group.map { " by '\($0)'" } ?? ""
        return "\(self.id): \(self.message) given up on\(group): \(self.reason)"
    }
}
