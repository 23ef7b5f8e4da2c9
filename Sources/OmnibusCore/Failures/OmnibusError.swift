// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What the bus and its providers throw: what went wrong, how to go on, and what was behind it.
///
/// The message says which topic, provider or limit it is about and how to go on; a payload is never quoted in it.
/// Adapters add codes of their own; the type stays the same, so that one `catch` serves every back end.
public struct OmnibusError: Error, Sendable {
    /// What went wrong, as a value that a program can compare.
    ///
    /// The set is open: minor releases add codes.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The name of the error code, such as `invalidTopic`.
        public let rawValue: String

        /// Creates a code from its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The name of the error code, for people.
        public var description: String { self.rawValue }
    }

    /// How it makes sense to go on after an error.
    public enum Advice: Hashable, Sendable {
        /// The same call may succeed later, not before the given time where there is one.
        case retry(after: Duration?)
        /// Handling this message again cannot succeed: keep it as a dead letter.
        case deadLetter
        /// Nothing that the program can do at this point makes the call succeed.
        case giveUp
    }

    /// What the error says, in one reference: an error that may be thrown costs the calls that do not throw it too.
    private final class Storage: Sendable {
        let code: Code
        let message: String
        let advice: Advice
        let cause: (any Error)?
        let details: (any Sendable)?

        init(_ code: Code, _ message: String, _ advice: Advice, _ cause: (any Error)?, _ details: (any Sendable)?) {
            self.code = code
            self.message = message
            self.advice = advice
            self.cause = cause
            self.details = details
        }
    }

    private let storage: Storage

    /// The kind of failure, as a value that a program can compare.
    public var code: Code { self.storage.code }
    /// One or two sentences for a person: what was found, what was expected, what to do.
    public var message: String { self.storage.message }
    /// How it makes sense to go on.
    public var advice: Advice { self.storage.advice }
    /// The error underneath, where there is one.
    public var cause: (any Error)? { self.storage.cause }
    /// Facts for a program, of the type that the code documents.
    public var details: (any Sendable)? { self.storage.details }

    /// Creates an error from its code, a sentence for people, and what caused it.
    public init(
        _ code: Code,
        _ message: String,
        advice: Advice = .giveUp,
        cause: (any Error)? = nil,
        details: (any Sendable)? = nil
    ) {
        self.storage = Storage(code, message, advice, cause, details)
    }
}

extension OmnibusError: CustomStringConvertible {
    /// The code, the message, and the cause where there is one.
    public var description: String {
        guard let cause = self.cause else { return "\(self.code): \(self.message)" }
        return "\(self.code): \(self.message) (caused by \(cause))"
    }
}

extension OmnibusError.Code {
    /// A topic is not a valid name; the message says what is wrong and at which character.
    public static let invalidTopic = Self(rawValue: "invalidTopic")
    /// A pattern is not valid; the message says what is wrong and at which character.
    public static let invalidPattern = Self(rawValue: "invalidPattern")
    /// A header's name or value is not valid, or is one that only the bus may write.
    public static let invalidHeader = Self(rawValue: "invalidHeader")
    /// A message cannot be sent as it is.
    public static let invalidMessage = Self(rawValue: "invalidMessage")
    /// Settings contradict each other or are out of range.
    public static let invalidSettings = Self(rawValue: "invalidSettings")
    /// Bytes are not a message in the binary form: truncated, damaged, or of an unknown version.
    public static let damagedMessage = Self(rawValue: "damagedMessage")
    /// The payload cannot be decoded as the type that was asked for.
    public static let undecodable = Self(rawValue: "undecodable")
    /// The payload cannot be encoded.
    public static let unencodable = Self(rawValue: "unencodable")
    /// The payload is not what its topic's schema says.
    public static let schemaViolation = Self(rawValue: "schemaViolation")
    /// The message is larger than the limit that the message names.
    public static let tooLarge = Self(rawValue: "tooLarge")

    /// The provider, or what it is connected to, cannot do this; `details` is the capability's name, a `String`.
    public static let unsupported = Self(rawValue: "unsupported")
    /// What messages are forwarded to, such as a file, could not take one.
    public static let sinkFailed = Self(rawValue: "sinkFailed")
    /// The bus or the provider was shut down before the call completed.
    public static let busClosed = Self(rawValue: "busClosed")
    /// The calling task was cancelled.
    public static let cancelled = Self(rawValue: "cancelled")
    /// The time that the caller allowed is over.
    public static let timeout = Self(rawValue: "timeout")

    /// There is no such topic, or it was deleted.
    public static let unknownTopic = Self(rawValue: "unknownTopic")
    /// There is no such dead letter: it was redriven, cleared or evicted before.
    public static let unknownDeadLetter = Self(rawValue: "unknownDeadLetter")
    /// There is no such subscription, or it has ended.
    public static let unknownSubscription = Self(rawValue: "unknownSubscription")
    /// A subscription joins a group whose settings differ from its own.
    public static let groupMismatch = Self(rawValue: "groupMismatch")

    /// A queue is full and the call does not wait, or has waited long enough.
    public static let overflow = Self(rawValue: "overflow")
    /// Some of the matching queues have accepted the message and others have not; `details` is a `PartialAcceptance`.
    public static let partiallyAccepted = Self(rawValue: "partiallyAccepted")
    /// The topic is not at the offset that the publisher expected; `details` is a `SequenceMismatch`.
    public static let sequenceMismatch = Self(rawValue: "sequenceMismatch")
    /// The delivery was settled before.
    public static let alreadySettled = Self(rawValue: "alreadySettled")
    /// The delivery was taken back, because its deadline passed or its subscription ended.
    public static let leaseLost = Self(rawValue: "leaseLost")

    /// Nobody listens on the topic that a request was sent to.
    public static let noResponder = Self(rawValue: "noResponder")
    /// The responder answered with a failure; the message is the responder's.
    public static let requestFailed = Self(rawValue: "requestFailed")
    /// The request could only be answered by the handler that is waiting for the answer.
    public static let wouldDeadlock = Self(rawValue: "wouldDeadlock")
}
