// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Decides when a throttled group may be handed its next message.
///
/// Permits are counted in fractions so fine that they come out whole: a permit is `period` units, and each attosecond
/// brings `count` units. Nothing is ever rounded, so there is no drift, however long it runs. Time that goes back
/// brings nothing and takes nothing; settings out of range count as the nearest that are in range.
package struct ThrottleMachine: Sendable {
    package enum TakeDecision: Sendable, Equatable {
        /// One message may be handed out; its permit is taken.
        case allowed
        /// No message may be handed out before this uptime.
        case until(Duration)
    }

    /// Units that one attosecond brings.
    private let rate: Int128
    /// Units of one permit.
    private let permit: Int128
    /// Units of a full bucket.
    private let capacity: Int128
    /// Units in the bucket at `counted`.
    private var units: Int128
    /// The uptime, in attoseconds, up to which units were brought; nil before the first use.
    private var counted: Int128?

    package init(_ throttle: Throttle) {
        self.rate = Int128(min(max(throttle.count, 1), Throttle.largestCount))
        self.permit = min(max(throttle.period, Duration(attoseconds: 1)), Throttle.longestPeriod).attoseconds
        let burst = min(max(throttle.burst, 1), Throttle.largestCount)
        self.capacity = Int128(Mutation.isActive(.exceedThrottle) ? burst + 1 : burst) * self.permit
        self.units = self.capacity
    }

    /// How many messages may be handed out now.
    package mutating func allowance(now: Duration) -> Int {
        self.refill(now)
        return Int(self.units / self.permit)
    }

    /// When the next message may be handed out; nil if it may now.
    package mutating func nextAllowed(now: Duration) -> Duration? {
        self.refill(now)
        guard self.units < self.permit, let counted = self.counted else { return nil }
        let missing = self.permit - self.units
        // Rounded up: a timer that fired an attosecond early would find nothing.
        return Duration(attoseconds: counted + (missing + self.rate - 1) / self.rate)
    }

    /// Takes the permit of one message, if there is one.
    package mutating func take(now: Duration) -> TakeDecision {
        if let next = self.nextAllowed(now: now) { return .until(next) }
        self.units -= self.permit
        return .allowed
    }

    /// Takes the permits of messages that were handed out, no more than ``allowance(now:)`` said.
    package mutating func took(_ count: Int) {
        self.units -= min(Int128(max(count, 0)), self.units / self.permit) * self.permit
    }

    /// Puts back the permits of messages that came back unhandled.
    package mutating func giveBack(_ count: Int) {
        let room = self.capacity - self.units
        let permits = Int128(max(count, 0))
        self.units += permits > room / self.permit ? room : permits * self.permit
    }

    private mutating func refill(_ now: Duration) {
        let now = now.boundedAttoseconds
        guard let counted = self.counted else { return self.counted = now }
        guard now > counted else { return }
        self.counted = now
        let elapsed = now - counted
        let missing = self.capacity - self.units
        // Compared before it is multiplied: a long quiet time would leave the range.
        self.units = elapsed > missing / self.rate ? self.capacity : self.units + elapsed * self.rate
    }
}

extension Duration {
    /// The attoseconds, of a duration that counts as ten thousand years where it is longer, either way.
    var boundedAttoseconds: Int128 {
        let limit = Duration.longestWait * 100
        return min(max(self, .zero - limit), limit).attoseconds
    }
}
