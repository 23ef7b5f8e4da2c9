// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// All series of one metric, as the text formats give them out.
package struct MetricFamily: Sendable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// A value of one series.
    package enum Value: Sendable {
        case count(Int)
        case number(Double)
        case histogram(LatencyHistogram)
    }

    /// One series: its labels, each name once, and its value.
    package struct Sample: Sendable {
        package var labels: [MetricLabel]
        package var value: Value
    }

    /// The name without the suffix that the kind asks for: `omnibus_events_published`.
    package let name: String
    package let kind: Kind
    /// What the metric says, in a sentence.
    package let help: String
    package private(set) var samples: [Sample] = []

    package init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }

    /// The same with a single series that has no labels.
    package init(_ name: String, _ kind: Kind, _ help: String, _ value: Value) {
        self.init(name, kind, help)
        self.add(value)
    }

    package mutating func add(_ value: Value, _ labels: [MetricLabel] = []) {
        self.samples.append(Sample(labels: labels, value: value))
    }

    /// The unit that the name ends with, behind other words; nil where it is none that the conventions know.
    package var unit: String? {
        let words = self.name.split(separator: "_")
        guard words.count > 1, let last = words.last.map(String.init) else { return nil }
        return MetricNameRules.baseUnits.contains(last) ? last : nil
    }
}

/// The name and the value of a label.
package struct MetricLabel: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
