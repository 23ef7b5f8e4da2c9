// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// When a group stops to hand out messages because its handlers keep failing.
///
/// Closed, it lets everything through and notes when attempts fail. After `failures` of them within a span of time it
/// opens: nothing is handed out, messages wait in the queue and no attempt is counted. When the cooldown is over it
/// lets `trials` attempts through. The first that succeeds closes it, the first that fails opens it for another
/// cooldown. Results of attempts that began before the last change are not counted.
///
/// Every error that a handler throws counts as a failure, its timeout included. Rejected messages and those that could
/// not be decoded do not: they say something about the message, not about the handler. A success while it is closed
/// does not wipe out earlier failures. The members of a group share one circuit breaker.
public struct CircuitBreaker: Sendable, Hashable {
    /// How many attempts have to fail before it opens; from 1 to 10,000.
    public var failures: Int
    /// In what span of time they have to fail; more than zero and at most ten years.
    public var window: Duration
    /// How long it stays open; more than zero and at most ten years.
    public var cooldown: Duration
    /// How many attempts are let through at once after the cooldown; from 1 to 10,000.
    public var trials: Int

    /// Creates a circuit breaker; by default five failures in a minute open it for half a minute.
    public init(
        failures: Int = 5,
        within window: Duration = .seconds(60),
        cooldown: Duration = .seconds(30),
        trials: Int = 1
    ) {
        self.failures = failures
        self.window = window
        self.cooldown = cooldown
        self.trials = trials
    }

    /// What a circuit breaker lets through.
    public enum State: Sendable, Hashable {
        /// Everything.
        case closed
        /// Nothing until this uptime of the bus's clock.
        case open(until: Duration)
        /// A few attempts, to see whether they succeed.
        case halfOpen
    }

    static let largestCount = 10_000
    static let longestTime = Duration.seconds(10 * 365 * 86_400)

    package var findings: [String] {
        var findings: [String] = []
        for (name, count) in [("failures", self.failures), ("trials", self.trials)]
        where count < 1 || count > Self.largestCount {
            findings.append("'circuitBreaker.\(name)' is \(count); it must be from 1 to \(Self.largestCount)")
        }
        for (name, time) in [("window", self.window), ("cooldown", self.cooldown)]
        where time <= .zero || time > Self.longestTime {
            findings.append("'circuitBreaker.\(name)' is \(time); it must be more than zero, and at most ten years")
        }
        return findings
    }

    /// Checks that the circuit breaker makes sense.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, naming what is out of range.
    public func validate() throws(OmnibusError) {
        let findings = self.findings
        guard findings.isEmpty else {
            throw OmnibusError(.invalidSettings, "Invalid circuit breaker: \(findings.joined(separator: "; ")).")
        }
    }
}
