// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// A number that a contestant has found out, as it is printed.
struct Figure: Sendable, CustomStringConvertible {
    /// What it is, where there are several; one without a name is what the meter reads.
    var name: String?
    var value: Double

    var description: String { self.name.map { "\($0) \(self.value)" } ?? "\(self.value)" }
}

extension Figure {
    /// What a share of all durations did not exceed, in nanoseconds.
    init(name: String, percentile: Double, of histogram: LatencyHistogram) {
        self.init(name: name, value: (histogram.percentile(percentile) ?? .zero) / .nanoseconds(1))
    }

    /// What is told of how long messages took.
    static func percentiles(of histogram: LatencyHistogram) -> [Figure] {
        [
            Figure(name: "p50", percentile: 50, of: histogram), Figure(name: "p99", percentile: 99, of: histogram),
            Figure(name: "p99.9", percentile: 99.9, of: histogram), Figure(name: "max", percentile: 100, of: histogram),
        ]
    }
}
