// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How long to wait between attempts.
public struct RetrySchedule: Sendable, Hashable {
    private enum Kind: Sendable, Hashable {
        case none
        case exponential(initial: Duration, multiplier: Double, cap: Duration)
        case linear(initial: Duration, step: Duration, cap: Duration)
        case fixed([Duration], then: Duration)
    }

    /// How much chance there is in a delay.
    public enum Jitter: Sendable, Hashable {
        /// The delay is what the schedule says.
        case none
        /// The delay is anything from nothing to what the schedule says, which spreads out those that failed together.
        case full
        /// The delay is from half of what the schedule says to the whole of it.
        case equal
    }

    private var kind: Kind
    private var jitter: Jitter

    /// Tries again at once, without any delay between attempts.
    public static let none = RetrySchedule(kind: .none, jitter: .none)

    /// Waits longer and longer: the initial delay, multiplied each time, up to a cap.
    public static func exponential(
        initial: Duration = .seconds(1),
        multiplier: Double = 2,
        cap: Duration = .seconds(300),
        jitter: Jitter = .full
    ) -> RetrySchedule {
        RetrySchedule(kind: .exponential(initial: initial, multiplier: multiplier, cap: cap), jitter: jitter)
    }

    /// Waits longer and longer: the initial delay, with a step added each time, up to a cap.
    public static func linear(
        initial: Duration = .seconds(1),
        step: Duration = .seconds(1),
        cap: Duration = .seconds(300),
        jitter: Jitter = .none
    ) -> RetrySchedule {
        RetrySchedule(kind: .linear(initial: initial, step: step, cap: cap), jitter: jitter)
    }

    /// Waits for the delays that are listed, and then always for the same one.
    public static func fixed(_ delays: [Duration], then last: Duration) -> RetrySchedule {
        RetrySchedule(kind: .fixed(delays, then: last), jitter: .none)
    }

    /// Returns the delay after an attempt has failed.
    ///
    /// - Parameters:
    ///   - attempt: which attempt has failed; the first is 1.
    ///   - fraction: a random number from 0 up to 1, for the jitter.
    public func delay(afterAttempt attempt: Int, fraction: Double) -> Duration {
        let index = max(0, attempt - 1)
        let delay: Duration
        switch self.kind {
        case .none:
            return .zero
        case .exponential(let initial, let multiplier, let cap):
            delay = Self.power(initial, multiplier, index, cap: cap)
        case .linear(let initial, let step, let cap):
            // Beyond this many steps every sensible schedule has reached its cap; it keeps the product in range.
            delay = min(cap, initial + step * min(index, 1_000_000))
        case .fixed(let delays, let last):
            delay = index < delays.count ? delays[index] : last
        }
        switch self.jitter {
        case .none: return delay
        case .full: return delay * fraction
        case .equal: return delay * (0.5 + fraction / 2)
        }
    }

    private static func power(_ initial: Duration, _ multiplier: Double, _ exponent: Int, cap: Duration) -> Duration {
        var delay = initial
        for _ in 0..<exponent {
            guard delay < cap else { break }
            delay = delay * multiplier
        }
        return min(delay, cap)
    }

    package var findings: [String] {
        // Durations near the type's own limits would overflow when they are added up.
        let longest = Duration.seconds(10 * 365 * 86_400)
        func check(_ name: String, _ duration: Duration) -> [String] {
            duration < .zero || duration > longest
                ? ["the delay '\(name)' is \(duration); it must be from 0 to ten years"] : []
        }
        switch self.kind {
        case .none:
            return []
        case .exponential(let initial, let multiplier, let cap):
            let factor =
                multiplier >= 1 && multiplier <= 1_000
                ? [] : ["'multiplier' is \(multiplier); it must be from 1 to 1000"]
            return check("initial", initial) + check("cap", cap) + factor
        case .linear(let initial, let step, let cap):
            return check("initial", initial) + check("step", step) + check("cap", cap)
        case .fixed(let delays, let last):
            return delays.flatMap { check("fixed", $0) } + check("then", last)
        }
    }
}
