// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents
public import FoundationEssentials

extension Timestamp {
    /// Creates the timestamp nearest to a date; the first or last there is where the date is outside their range.
    ///
    /// A `Date` counts seconds from 2001 as a double, which today distinguishes about 120 nanoseconds, so a date that
    /// is turned into a timestamp and back is the same date; only within a hundred days around the start of 2001 is a
    /// `Date` finer than a nanosecond, and is rounded. One that is not a number becomes `epoch`.
    public init(_ date: Date) {
        // Seconds since 1970 would be rounded to 240 nanoseconds: the whole seconds are moved, not the double.
        let seconds = date.timeIntervalSinceReferenceDate
        let whole = seconds.rounded(.down)
        guard abs(whole) < 1e15 else {
            self = whole.isNaN ? .epoch : whole < 0 ? .earliest : .latest
            return
        }
        self.init(
            secondsSinceEpoch: Int64(whole) + Self.referenceDate,
            nanoseconds: Int(((seconds - whole) * 1_000_000_000).rounded())
        )
    }

    /// Seconds from 1970 to 2001, where dates are counted from.
    fileprivate static let referenceDate: Int64 = 978_307_200

    /// The nearest `Date`.
    public var date: Date { Date(self) }
}

extension Date {
    /// Creates the date nearest to a timestamp.
    public init(_ timestamp: Timestamp) {
        let seconds = Double(timestamp.secondsSinceEpoch - Timestamp.referenceDate)
        self.init(timeIntervalSinceReferenceDate: seconds + Double(timestamp.nanoseconds) / 1_000_000_000)
    }
}
