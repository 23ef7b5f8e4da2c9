// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension Timestamp: InstantProtocol {
    /// Returns the point in time that lies that much later, or earlier if the duration is negative.
    ///
    /// Fractions of a nanosecond are dropped towards zero; the result stays between `earliest` and `latest`.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (sum, isOverflown) = self.secondsSinceEpoch.addingReportingOverflow(seconds)
        if isOverflown { return seconds < 0 ? .earliest : .latest }
        return Timestamp(secondsSinceEpoch: sum, nanoseconds: self.nanoseconds + Int(attoseconds / 1_000_000_000))
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

extension Timestamp {
    /// The point in time that lies that much later; see `advanced(by:)`.
    public static func + (timestamp: Timestamp, duration: Duration) -> Timestamp {
        timestamp.advanced(by: duration)
    }

    /// The point in time that lies that much earlier; see `advanced(by:)`.
    public static func - (timestamp: Timestamp, duration: Duration) -> Timestamp {
        timestamp.advanced(by: .zero - duration)
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
