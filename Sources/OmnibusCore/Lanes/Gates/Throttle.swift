// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How fast a group is handed messages: so many in each span of time on average, and at most a burst at once.
///
/// A bucket holds up to `burst` permits and is refilled evenly, `count` of them in each span. Each attempt takes one,
/// retries included; a message that is given back unhandled gives its permit back too. What finds no permit waits in
/// the queue, in order, and counts against its bounds. The members of a group share one throttle. In any one span, `count`
/// and a `burst` are the most.
public struct Throttle: Sendable, Hashable {
    /// How many messages are handed out in each span of time; from 1 to 1,000,000,000.
    public var count: Int
    /// The span of time; more than zero and at most ten years.
    public var period: Duration
    /// How many messages may be handed out at once after a quiet time; from 1 to 1,000,000,000.
    public var burst: Int

    /// Creates a throttle: so many messages in each span of time.
    ///
    /// - Parameter burst: how many may come at once after a quiet time; nil is `count`.
    public init(_ count: Int, per period: Duration, burst: Int? = nil) {
        self.count = count
        self.period = period
        self.burst = burst ?? count
    }

    /// The largest `count` and `burst`: with these, and ten years, no sum leaves the range of its type.
    static let largestCount = 1_000_000_000
    /// The longest period.
    static let longestPeriod = Duration.seconds(10 * 365 * 86_400)

    package var findings: [String] {
        var findings: [String] = []
        if self.count < 1 || self.count > Self.largestCount {
            findings.append("'throttle.count' is \(self.count); it must be from 1 to \(Self.largestCount)")
        }
        if self.period <= .zero || self.period > Self.longestPeriod {
            findings.append("'throttle.period' is \(self.period); it must be more than zero, and at most ten years")
        }
        if self.burst < 1 || self.burst > Self.largestCount {
            findings.append("'throttle.burst' is \(self.burst); it must be from 1 to \(Self.largestCount)")
        }
        return findings
    }

    /// Checks that the throttle makes sense.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, naming what is out of range.
    public func validate() throws(OmnibusError) {
        let findings = self.findings
        guard findings.isEmpty else {
            throw OmnibusError(.invalidSettings, "Invalid throttle: \(findings.joined(separator: "; ")).")
        }
    }
}
