// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The counters and gauges of a program, by name and labels; series beyond a limit share one for each metric.
final class ValueTable: Sendable {
    /// A series of one metric.
    enum Instrument: Sendable {
        case counter(MetricCounter)
        case gauge(MetricGauge)

        var isCounter: Bool { if case .counter = self { true } else { false } }

        var value: ValueSeries.Value {
            switch self {
            case .counter(let counter): .counter(counter.value)
            case .gauge(let gauge): .gauge(gauge.value)
            }
        }
    }

    private struct Family {
        var isCounter: Bool
        var help: String
        var labelNames: [String]
        var series: [[String: String]: Instrument] = [:]
    }

    /// How many metrics there may be.
    static let familyLimit = 500

    private let limit: Int
    private let families = Mutex<[String: Family]>([:])

    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// Finds a counter, or makes it.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMetric`.
    func counter(_ name: String, _ help: String, _ labels: [String: String]) throws(OmnibusError) -> MetricCounter {
        guard case .counter(let counter) = try self.instrument(name, help, labels, isCounter: true) else {
            throw Self.otherKind(name)
        }
        return counter
    }

    /// Finds a gauge, or makes it.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMetric`.
    func gauge(_ name: String, _ help: String, _ labels: [String: String]) throws(OmnibusError) -> MetricGauge {
        guard case .gauge(let gauge) = try self.instrument(name, help, labels, isCounter: false) else {
            throw Self.otherKind(name)
        }
        return gauge
    }

    private func instrument(
        _ name: String,
        _ help: String,
        _ labels: [String: String],
        isCounter: Bool
    ) throws(OmnibusError) -> Instrument {
        try self.families.withLock { families throws(OmnibusError) in
            if families[name] == nil {
                try Self.check(name, labels, count: families.count)
                families[name] = Family(isCounter: isCounter, help: "", labelNames: labels.keys.sorted())
            }
            guard var family = families[name] else { throw Self.otherKind(name) }
            guard family.isCounter == isCounter else { throw Self.otherKind(name) }
            guard family.labelNames == labels.keys.sorted() else {
                throw Self.otherLabels(name, family.labelNames, labels.keys.sorted())
            }
            if family.help.isEmpty, !help.isEmpty {
                family.help = help
                families[name]?.help = help
            }
            if let instrument = family.series[labels] { return instrument }
            let others = labels.mapValues { _ in MetricsSnapshot.other }
            let hasRoom = family.series.count < self.limit + (family.series[others] == nil ? 0 : 1)
            let key = hasRoom ? labels : others
            if let instrument = family.series[key] { return instrument }
            let instrument: Instrument = isCounter ? .counter(MetricCounter()) : .gauge(MetricGauge())
            families[name]?.series[key] = instrument
            return instrument
        }
    }

    /// All series, by the names of their metrics and then by their labels.
    var series: [ValueSeries] {
        self.families.withLock { families in
            families.sorted { $0.key < $1.key }.flatMap { name, family in
                let names = family.labelNames
                let series = family.series.sorted { left, right in
                    names.map { left.key[$0] ?? "" }.lexicographicallyPrecedes(names.map { right.key[$0] ?? "" })
                }
                let help = family.help.isEmpty ? "Set by the program." : family.help
                return series.map {
                    ValueSeries(name: name, help: help, labels: $0.key, value: $0.value.value)
                }
            }
        }
    }

    // MARK: Checking

    private static func check(_ name: String, _ labels: [String: String], count: Int) throws(OmnibusError) {
        try MetricNameRules.check(metric: name)
        for label in labels.keys.sorted() { try MetricNameRules.check(label: label) }
        guard count < Self.familyLimit else {
            throw OmnibusError(
                .invalidMetric,
                """
                There are \(count) metrics already, so that there is no room for '\(name)'; \
                tell things apart by labels rather than by the names of metrics.
                """
            )
        }
    }

    private static func otherKind(_ name: String) -> OmnibusError {
        OmnibusError(
            .invalidMetric,
            "The metric '\(name)' is a counter in one place and a gauge in another; give one of them another name."
        )
    }

    private static func otherLabels(_ name: String, _ first: [String], _ now: [String]) -> OmnibusError {
        func list(_ names: [String]) -> String {
            names.isEmpty ? "none" : names.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
        }
        return OmnibusError(
            .invalidMetric,
            """
            The metric '\(name)' had the labels \(list(first)) at first, and now has \(list(now)); \
            use the same labels everywhere.
            """
        )
    }
}
