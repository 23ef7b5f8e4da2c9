// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension Timestamp: InstantProtocol {
    /// Returns the point in time that lies that much later, or earlier if the duration is negative.
    ///
    /// Fractions of a nanosecond are dropped towards zero; the result stays between `earliest` and `latest`, whatever
    /// the duration is.
    public func advanced(by duration: Duration) -> Timestamp {
        // No duration that leads from one timestamp to another is cut short by this, and no sum overflows after it.
        let (seconds, attoseconds) = duration.clamped(to: Self.span).components
        return Timestamp(
            secondsSinceEpoch: self.secondsSinceEpoch + seconds,
            nanoseconds: self.nanoseconds + Int(attoseconds / 1_000_000_000)
        )
    }

    /// Returns the time from this point to another: positive if the other is later.
    public func duration(to other: Timestamp) -> Duration {
        .seconds(other.secondsSinceEpoch - self.secondsSinceEpoch) + .nanoseconds(other.nanoseconds - self.nanoseconds)
    }

    /// Returns the time from another point to this one: positive if this is later.
    public func duration(since other: Timestamp) -> Duration {
        other.duration(to: self)
    }
}

extension Duration {
    /// The nearest duration that is no longer than that one, forwards or backwards.
    ///
    /// A `Duration` can be longer than its `components` can say, and taking them traps then: so this comes first.
    package func clamped(to longest: Duration) -> Duration {
        min(max(self, .zero - longest), longest)
    }
}

extension Timestamp {
    /// More than what lies between the first and the last timestamp.
    private static let span: Duration = .seconds(Self.lastSecond - Self.firstSecond + 1)

    /// The point in time that lies that much later; see `advanced(by:)`.
    public static func + (timestamp: Timestamp, duration: Duration) -> Timestamp {
        timestamp.advanced(by: duration)
    }

    /// The point in time that lies that much earlier; see `advanced(by:)`.
    public static func - (timestamp: Timestamp, duration: Duration) -> Timestamp {
        timestamp.advanced(by: .zero - duration.clamped(to: Self.span))
    }

    /// The time from the second point to the first: positive if the first is later.
    public static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        earlier.duration(to: later)
    }

    /// Moves the point in time; see `advanced(by:)`.
    public static func += (timestamp: inout Timestamp, duration: Duration) {
        timestamp = timestamp + duration
    }

    /// Moves the point in time back; see `advanced(by:)`.
    public static func -= (timestamp: inout Timestamp, duration: Duration) {
        timestamp = timestamp - duration
    }
}
