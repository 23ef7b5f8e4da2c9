// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A point in time, to the nanosecond, within the years 0000 to 9999 of UTC.
///
/// These are the years that RFC 3339 can write, so every timestamp has a text and every text reads back as the same
/// timestamp. What would lie outside them becomes `earliest` or `latest`. Days have 86,400 seconds, as in POSIX: a
/// leap second is the same point in time as the second after it.
public struct Timestamp: Sendable, Hashable {
    /// Whole seconds since 1970-01-01T00:00:00Z, negative before it.
    public let secondsSinceEpoch: Int64
    /// The nanoseconds since that second, from 0 to 999,999,999.
    private let fraction: UInt32

    /// Nanoseconds since the second in `secondsSinceEpoch`, from 0 to 999,999,999.
    public var nanoseconds: Int { Int(self.fraction) }

    /// Creates a timestamp from seconds since 1970-01-01T00:00:00Z, and nanoseconds on top of them.
    ///
    /// Any number of nanoseconds is taken, a negative one too: `(0, -1)` is the last nanosecond of 1969.
    public init(secondsSinceEpoch: Int64, nanoseconds: Int = 0) {
        self.init(seconds: secondsSinceEpoch, andNanoseconds: Int64(nanoseconds))
    }

    /// Creates a timestamp from nanoseconds since 1970-01-01T00:00:00Z.
    public init(nanosecondsSinceEpoch: Int64) {
        self.init(seconds: 0, andNanoseconds: nanosecondsSinceEpoch)
    }

    /// Creates a timestamp from seconds and any number of nanoseconds on top of them.
    private init(seconds: Int64, andNanoseconds nanoseconds: Int64) {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let isNegative = remainder < 0
        let (sum, isOverflown) = seconds.addingReportingOverflow(isNegative ? quotient - 1 : quotient)
        if isOverflown {
            self = seconds < 0 ? .earliest : .latest
        } else {
            self.init(seconds: sum, fraction: UInt32(isNegative ? remainder + 1_000_000_000 : remainder))
        }
    }

    /// Creates a timestamp from its parts, moving it into the years that can be written.
    private init(seconds: Int64, fraction: UInt32) {
        if seconds < Self.firstSecond {
            self.secondsSinceEpoch = Self.firstSecond
            self.fraction = 0
        } else if seconds > Self.lastSecond {
            self.secondsSinceEpoch = Self.lastSecond
            self.fraction = 999_999_999
        } else {
            self.secondsSinceEpoch = seconds
            self.fraction = fraction
        }
    }

    /// 0000-01-01T00:00:00Z.
    package static let firstSecond: Int64 = -62_167_219_200
    /// 9999-12-31T23:59:59Z.
    package static let lastSecond: Int64 = 253_402_300_799

    /// The start of Unix time: 1970-01-01T00:00:00Z.
    public static let epoch: Timestamp = Timestamp(seconds: 0, fraction: 0)
    /// The first point in time that there is a timestamp for: 0000-01-01T00:00:00Z.
    public static let earliest: Timestamp = Timestamp(seconds: Self.firstSecond, fraction: 0)
    /// The last point in time that there is a timestamp for: 9999-12-31T23:59:59.999999999Z.
    public static let latest: Timestamp = Timestamp(seconds: Self.lastSecond, fraction: 999_999_999)

    /// Nanoseconds since 1970-01-01T00:00:00Z, or the nearest `Int64` outside the years 1678 to 2262.
    public var nanosecondsSinceEpoch: Int64 {
        // Before the epoch, seconds and fraction have different signs; counting from the next second keeps the
        // product in range wherever the sum is.
        let isNegative = self.secondsSinceEpoch < 0
        let seconds = isNegative ? self.secondsSinceEpoch + 1 : self.secondsSinceEpoch
        let rest = isNegative ? Int64(self.fraction) - 1_000_000_000 : Int64(self.fraction)
        let (product, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isOverflown) = product.addingReportingOverflow(rest)
        guard isTooLarge || isOverflown else { return sum }
        return isNegative ? .min : .max
    }
}

extension Timestamp: Comparable {
    /// Tells whether one time is before another.
    public static func < (left: Self, right: Self) -> Bool {
        (left.secondsSinceEpoch, left.fraction) < (right.secondsSinceEpoch, right.fraction)
    }
}
