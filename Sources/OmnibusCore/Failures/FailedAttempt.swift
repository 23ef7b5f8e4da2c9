// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// When one attempt at handling a message failed, and why.
public struct FailedAttempt: Sendable, Hashable {
    /// Which attempt it was; the first is 1.
    public var attempt: Int
    /// The point in time at which the attempt failed.
    public var time: Timestamp
    /// The name of the type of the error that the handler threw.
    public var errorType: String
    /// The description of the error that the handler threw.
    public var error: String
    /// The error's code, where it was one of the bus's own.
    public var code: OmnibusError.Code?
    /// Whether the error left it open that trying again may help; false where it said that it does not.
    public var isRetryEligible: Bool

    /// Creates a record of an attempt.
    public init(
        attempt: Int,
        time: Timestamp,
        errorType: String,
        error: String,
        code: OmnibusError.Code? = nil,
        isRetryEligible: Bool = true
    ) {
        self.attempt = attempt
        self.time = time
        self.errorType = errorType
        self.error = error
        self.code = code
        self.isRetryEligible = isRetryEligible
    }

    /// Creates a record of an attempt from the error that a handler threw.
    ///
    /// Of a description that is longer than 4,096 characters the rest is left out: it is kept with every attempt.
    public init(attempt: Int, time: Timestamp, error: any Error) {
        self.init(
            attempt: attempt,
            time: time,
            errorType: "\(Swift.type(of: error))",
            error: Self.shortened("\(error)"),
            code: (error as? OmnibusError)?.code,
            isRetryEligible: Self.leavesRetryingOpen(error)
        )
    }

    /// The type of the error, and its code where it was one of the bus's own: what failures are counted by.
    public var errorName: String {
        self.code.map { "\(self.errorType).\($0)" } ?? self.errorType
    }

    private static func shortened(_ text: String) -> String {
        let limit = 4_096
        guard text.utf8.count > limit, text.unicodeScalars.count > limit else { return text }
        return String(text.unicodeScalars.prefix(limit - 1)) + "…"
    }

    private static func leavesRetryingOpen(_ error: any Error) -> Bool {
        // Most errors of the bus say 'give up' about the call that threw them, not about the message being handled.
        if let error = error as? OmnibusError { return error.advice != .deadLetter }
        switch (error as? any RetryAdvising)?.retryAdvice {
        case .deadLetter, .giveUp: return false
        case .retry, nil: return true
        }
    }
}
