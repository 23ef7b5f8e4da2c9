// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What becomes of a failed message: whether it comes again, after how long, and when to stop trying.
///
/// Retry and dead-lettering are one value, so that there is no order of the two to get wrong. The number of attempts is
/// always finite.
public struct FailurePolicy: Sendable {
    /// What is done about one failed attempt.
    public enum Decision: Sendable, Hashable {
        /// The message comes again after a time.
        case retry(after: Duration)
        /// The message is given up on.
        case deadLetter(DeadLetter.Reason)
    }

    /// How many times a message is handed to the handler in all, from 1 to 1,000,000.
    public var attempts: Int
    /// How long to wait between attempts.
    public var schedule: RetrySchedule

    /// Policies for errors of some types, and what tells whether an error is of the type.
    private var overrides: [(policy: FailurePolicy, type: String, applies: @Sendable (any Error) -> Bool)] = []

    /// Creates a policy; by default five attempts in all, after 1, 2, 4 and 8 seconds at most, with full jitter.
    public init(attempts: Int = 5, schedule: RetrySchedule = .exponential()) {
        self.attempts = attempts
        self.schedule = schedule
    }

    /// Gives up at the first failure.
    public static let noRetry = FailurePolicy(attempts: 1, schedule: .none)

    /// Retries by a schedule, so many attempts in all.
    public static func retry(_ schedule: RetrySchedule, attempts: Int = 5) -> FailurePolicy {
        FailurePolicy(attempts: attempts, schedule: schedule)
    }

    /// Returns this policy with another one for errors of a type; the override that was added last is asked first.
    public func with<Failure: Error>(_ policy: FailurePolicy, for type: Failure.Type) -> FailurePolicy {
        var copy = self
        copy.overrides.append((policy, "\(Failure.self)", { $0 is Failure }))
        return copy
    }

    /// What tells one policy from another, for members of a group, who must agree.
    package var signature: String {
        let overrides = self.overrides.map { "\($0.type): \($0.policy.signature)" }
        return (["\(self.attempts) attempts, \(self.schedule)"] + overrides).joined(separator: "; ")
    }

    /// How many attempts there are at most, whatever the error.
    package var largestAttempts: Int {
        self.overrides.reduce(self.attempts) { max($0, $1.policy.largestAttempts) }
    }

    /// Checks that the policy makes sense.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, naming what is out of range.
    public func validate() throws(OmnibusError) {
        for override in self.overrides { try override.policy.validate() }
        var findings = self.schedule.findings
        if self.attempts < 1 || self.attempts > 1_000_000 {
            findings.append("'attempts' is \(self.attempts); it must be from 1 to 1000000, the first attempt included")
        }
        guard findings.isEmpty else {
            throw OmnibusError(.invalidSettings, "Invalid failure policy: \(findings.joined(separator: "; ")).")
        }
    }

    /// Decides about a failed attempt.
    ///
    /// An error of the bus's own that handling the message again cannot mend, such as a payload that does not decode,
    /// is not tried again. An error that says itself whether it is worth retrying (``RetryAdvising``) is believed,
    /// within the number of attempts. A message's own `max_retries` lowers that number and never raises it.
    ///
    /// - Parameters:
    ///   - attempt: which attempt has failed; the first is 1.
    ///   - maximumRetries: the message's own limit, if any.
    ///   - fraction: a random number from 0 up to 1, for the jitter.
    public func decision(
        for error: any Error,
        attempt: Int,
        maximumRetries: Int? = nil,
        fraction: Double
    ) -> Decision {
        for override in self.overrides.reversed() {
            if override.applies(error) {
                return override.policy.decision(
                    for: error,
                    attempt: attempt,
                    maximumRetries: maximumRetries,
                    fraction: fraction
                )
            }
        }
        if let error = error as? OmnibusError, error.advice == .deadLetter {
            return .deadLetter(DeadLetter.Reason(error))
        }
        let advice = (error as? any RetryAdvising)?.retryAdvice
        switch advice {
        case .deadLetter, .giveUp: return .deadLetter(.retriesExhausted)
        case .retry, nil: break
        }
        var limit = self.attempts
        if let maximumRetries, maximumRetries < limit { limit = maximumRetries + 1 }
        guard attempt < max(limit, 1) else { return .deadLetter(.retriesExhausted) }
        if case .retry(let delay?) = advice { return .retry(after: max(.zero, delay)) }
        return .retry(after: self.schedule.delay(afterAttempt: attempt, fraction: fraction))
    }
}

/// An error that knows whether trying again makes sense.
public protocol RetryAdvising: Error {
    /// What to do about the failure; nil leaves it to the failure policy.
    var retryAdvice: OmnibusError.Advice? { get }
}
