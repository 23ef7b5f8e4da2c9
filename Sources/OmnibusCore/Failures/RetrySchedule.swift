// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How long to wait between attempts.
public struct RetrySchedule: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
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

    private(set) var kind: Kind
    private(set) var jitter: Jitter

    /// Tries again at once, without any delay between attempts.
    public static let none = RetrySchedule(kind: .none, jitter: .none)

    /// Waits longer and longer: the initial delay, multiplied each time, up to a cap.
    ///
    /// Delays are from zero to ten years, the multiplier is from 1 to 1,000; a subscription with others is refused.
    public static func exponential(
        initial: Duration = .seconds(1),
        multiplier: Double = 2,
        cap: Duration = .seconds(300),
        jitter: Jitter = .full
    ) -> RetrySchedule {
        RetrySchedule(kind: .exponential(initial: initial, multiplier: multiplier, cap: cap), jitter: jitter)
    }

    /// Waits longer and longer: the initial delay, with a step added each time, up to a cap.
    ///
    /// Delays and the step are from zero to ten years; a subscription with others is refused.
    public static func linear(
        initial: Duration = .seconds(1),
        step: Duration = .seconds(1),
        cap: Duration = .seconds(300),
        jitter: Jitter = .none
    ) -> RetrySchedule {
        RetrySchedule(kind: .linear(initial: initial, step: step, cap: cap), jitter: jitter)
    }

    /// Waits for the delays that are listed, and then always for the same one.
    ///
    /// Delays are from zero to ten years; a subscription with others is refused.
    public static func fixed(_ delays: [Duration], then last: Duration) -> RetrySchedule {
        // None at all is the same as one that is the last.
        RetrySchedule(kind: .fixed(delays.isEmpty ? [last] : delays, then: last), jitter: .none)
    }

    /// Returns the delay after an attempt has failed; what is out of range counts as the nearest that is in range.
    ///
    /// - Parameters:
    ///   - attempt: which attempt has failed; the first is 1.
    ///   - fraction: a random number from 0 up to 1, for the jitter.
    public func delay(afterAttempt attempt: Int, fraction: Double) -> Duration {
        let index = max(1, attempt) - 1
        // Not a number is neither less nor greater, so that it has to be asked for.
        let fraction = fraction.isNaN ? 1 : min(max(fraction, 0), 1)
        let delay: Duration
        switch self.kind {
        case .none:
            return .zero
        case .exponential(let initial, let multiplier, let cap):
            let multiplier = multiplier.isNaN ? 1 : min(max(multiplier, 1), Self.largestMultiplier)
            delay = Self.power(Self.bounded(initial), multiplier, index, cap: Self.bounded(cap))
        case .linear(let initial, let step, let cap):
            // Beyond this many steps every sensible schedule has reached its cap; it keeps the product in range.
            let grown = Self.bounded(initial) + Self.bounded(step) * min(index, 1_000_000)
            delay = min(Self.bounded(cap), grown)
        case .fixed(let delays, let last):
            delay = Self.bounded(index < delays.count ? delays[index] : last)
        }
        switch self.jitter {
        case .none: return delay
        case .full: return delay * fraction
        case .equal: return delay * (0.5 + fraction / 2)
        }
    }

    private static func power(_ initial: Duration, _ multiplier: Double, _ exponent: Int, cap: Duration) -> Duration {
        var delay = initial
        for _ in 0..<min(exponent, 64) {
            guard delay < cap else { break }
            delay = delay * multiplier
        }
        guard exponent > 64, delay > .zero, delay < cap else { return min(delay, cap) }
        // A multiplier near one may need more steps than anybody can wait for: the rest is done by squaring.
        var (factor, square, rest) = (1.0, multiplier, exponent - 64)
        while rest > 0 {
            if rest % 2 == 1 { factor *= square }
            square *= square
            rest /= 2
        }
        return factor < cap / delay ? min(delay * factor, cap) : cap
    }

    /// Durations near the type's own limits would overflow when they are added up.
    private static let longest = Duration.seconds(10 * 365 * 86_400)
    private static let largestMultiplier = 1_000.0

    private static func bounded(_ duration: Duration) -> Duration {
        min(max(duration, .zero), Self.longest)
    }

    package var findings: [String] {
        func check(_ name: String, _ duration: Duration) -> [String] {
            duration < .zero || duration > Self.longest
                ? ["the delay '\(name)' is \(duration); it must be from 0 to ten years"] : []
        }
        switch self.kind {
        case .none:
            return []
        case .exponential(let initial, let multiplier, let cap):
            let factor =
                multiplier >= 1 && multiplier <= Self.largestMultiplier
                ? [] : ["'multiplier' is \(multiplier); it must be from 1 to 1000"]
            return check("initial", initial) + check("cap", cap) + factor
        case .linear(let initial, let step, let cap):
            return check("initial", initial) + check("step", step) + check("cap", cap)
        case .fixed(let delays, let last):
            return delays.flatMap { check("fixed", $0) } + check("then", last)
        }
    }
}
