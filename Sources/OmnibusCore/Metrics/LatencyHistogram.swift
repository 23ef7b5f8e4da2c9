// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// Each power of two of nanoseconds is divided into 64 buckets of one width, so that the middle of a bucket is within
// 1/128 of whatever was recorded there. A bucket has its upper end and not its lower one: how many durations are at
// most a power of two nanoseconds is then known exactly, which is what a Prometheus histogram asks for.
//
//   0…64 ns: one each │ 65…128: one each │ 129…256: two each │ 257…512: four each │ …
//
// (The scheme is that of HdrHistogram with 64 sub-buckets.)

/// How long things took: counts of durations, from which percentiles are read with an error of at most 1 percent.
///
/// ```swift
/// var histogram = LatencyHistogram()
/// histogram.record(.milliseconds(3))
/// print(histogram.percentile(99) ?? .zero)
/// ```
///
/// Recording takes a few nanoseconds and no memory once a duration of that size was there. A histogram takes at most
/// 30 KB, and 13 KB where nothing has taken longer than a second. Histograms are merged by `+=`, exactly: the merged
/// one is what recording everything in one would have made. Count, sum, shortest and longest are exact in nanoseconds.
public struct LatencyHistogram: Sendable, Hashable {
    /// How many buckets a power of two is divided into.
    private static let division = 64
    /// The number of the first power of two whose buckets are wider than one nanosecond, less one.
    private static let exactBits = 6

    /// How many durations there are in each bucket, up to the last power of two in which there is any.
    private var counts: [Int] = []
    private var nanoseconds: UInt128 = 0
    private var shortestNanoseconds: Int64 = .max
    private var longestNanoseconds: Int64 = 0
    /// How many durations were recorded.
    public private(set) var count = 0

    /// Creates a histogram in which nothing is recorded.
    public init() {}

    // MARK: Recording

    /// Records a duration; one below zero counts as zero, and one of more than 292 years as that.
    public mutating func record(_ duration: Duration) {
        self.record(nanoseconds: duration.nanoseconds)
    }

    /// Records a duration in nanoseconds; one below zero counts as zero.
    public mutating func record(nanoseconds: Int64) {
        let nanoseconds = max(nanoseconds, 0)
        let bucket = Self.bucket(of: nanoseconds)
        if bucket >= self.counts.count { self.makeRoom(for: bucket) }
        self.counts[bucket] &+= 1
        self.count &+= 1
        self.nanoseconds &+= UInt128(truncatingIfNeeded: nanoseconds)
        if nanoseconds < self.shortestNanoseconds { self.shortestNanoseconds = nanoseconds }
        if nanoseconds > self.longestNanoseconds { self.longestNanoseconds = nanoseconds }
    }

    /// Adds what another histogram has recorded; O(buckets).
    public static func += (left: inout LatencyHistogram, right: LatencyHistogram) {
        guard right.count > 0 else { return }
        if left.counts.count < right.counts.count { left.makeRoom(for: right.counts.count - 1) }
        for bucket in right.counts.indices { left.counts[bucket] &+= right.counts[bucket] }
        left.count &+= right.count
        left.nanoseconds &+= right.nanoseconds
        left.shortestNanoseconds = min(left.shortestNanoseconds, right.shortestNanoseconds)
        left.longestNanoseconds = max(left.longestNanoseconds, right.longestNanoseconds)
    }

    // MARK: Reading

    /// The sum of all durations; what does not fit a `Duration` counts as the longest wait.
    public var sum: Duration {
        let (seconds, rest) = self.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return .seconds(Int64(clamping: seconds)) + .nanoseconds(Int64(rest))
    }

    /// The arithmetic mean, in whole nanoseconds; nil where nothing is recorded.
    public var mean: Duration? {
        guard self.count > 0 else { return nil }
        return .nanoseconds(Int64(clamping: self.nanoseconds / UInt128(self.count)))
    }

    /// The shortest duration; nil where nothing is recorded.
    public var shortest: Duration? { self.count > 0 ? .nanoseconds(self.shortestNanoseconds) : nil }

    /// The longest duration; nil where nothing is recorded.
    public var longest: Duration? { self.count > 0 ? .nanoseconds(self.longestNanoseconds) : nil }

    /// A duration that a share of all durations did not exceed: `percentile(99)` of a hundred is the second longest.
    ///
    /// It is the smallest one for which the share is reached (the nearest rank), with an error of at most 1 percent;
    /// the smallest and the largest are exact. O(buckets).
    ///
    /// - Parameter percent: from 0 to 100; what is less or more counts as these.
    /// - Returns: nil where nothing is recorded, or the percentage is no number.
    public func percentile(_ percent: Double) -> Duration? {
        guard self.count > 0, !percent.isNaN else { return nil }
        let exact = min(max(percent, 0), 100) * Double(self.count) / 100
        // A percentage such as 99.9 is no number that can be written exactly: what is a whole rank must not become the next.
        let whole = exact.rounded()
        let isWhole = abs(exact - whole) <= 1e-9 * max(1, whole)
        let rank = min(max(Int(isWhole ? whole : exact.rounded(.up)), 1), self.count)
        if rank == 1 { return self.shortest }
        if rank == self.count { return self.longest }
        var passed = 0
        for (bucket, count) in self.counts.enumerated() where count > 0 {
            passed += count
            guard passed >= rank else { continue }
            let middle = Self.middle(of: bucket)
            return .nanoseconds(min(max(middle, self.shortestNanoseconds), self.longestNanoseconds))
        }
        return self.longest
    }

    /// How many durations were at most 2 to the power of a number of nanoseconds, exactly; from 6 to 62.
    package func count(withinPowerOfTwo exponent: Int) -> Int {
        let end = min((exponent - Self.exactBits + 1) * Self.division, self.counts.count)
        return self.counts[..<end].reduce(0, +)
    }

    // MARK: Buckets

    private static func bucket(of nanoseconds: Int64) -> Int {
        // Less one, so that a bucket has its upper end; whoever took no time is with those of one nanosecond.
        let value = UInt64(truncatingIfNeeded: max(nanoseconds, 1)) &- 1
        if value < UInt64(Self.division) { return Int(truncatingIfNeeded: value) }
        let exponent = 63 &- value.leadingZeroBitCount
        let place = Int(truncatingIfNeeded: value &>> UInt64(exponent &- Self.exactBits)) & (Self.division &- 1)
        return (exponent &- Self.exactBits &+ 1) &* Self.division &+ place
    }

    private static func middle(of bucket: Int) -> Int64 {
        guard bucket >= 2 * Self.division else { return Int64(bucket) + 1 }
        let shift = bucket / Self.division - 1
        let lower = Int64(bucket % Self.division + Self.division) << Int64(shift)
        return lower + (1 << Int64(shift)) / 2 + 1
    }

    /// Makes room up to the end of the power of two that a bucket is in.
    @inline(never)
    private mutating func makeRoom(for bucket: Int) {
        let count = (bucket / Self.division + 1) * Self.division
        self.counts.append(contentsOf: repeatElement(0, count: count - self.counts.count))
    }
}

extension Duration {
    /// The duration in whole nanoseconds; what does not fit 64 bits counts as the nearest that does.
    package var nanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowsAgain) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard overflows || overflowsAgain else { return sum }
        return seconds < 0 ? .min : .max
    }

    /// The duration in seconds, as the nearest double.
    package var inSeconds: Double {
        let (seconds, attoseconds) = self.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
