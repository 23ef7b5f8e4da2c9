// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Writes metrics as text, in the two formats that monitoring systems read.
///
/// Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4). OpenMetrics:
/// https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md (version 1.0.0). They differ in
/// the names of counters, in the lines about units, in what is escaped, and in the last line.
package struct MetricText: Sendable {
    package enum Format: Sendable {
        case prometheus
        case openMetrics
    }

    /// The powers of two of nanoseconds that durations are counted up to: a microsecond to a minute, nearly.
    private static let exponents = 10...36

    private let format: Format
    /// Labels that every series has.
    private let labels: [MetricLabel]
    private var text = ""

    /// Writes families, each of which has a name of its own; those without series are left out.
    package static func write(_ families: [MetricFamily], as format: Format, labels: [MetricLabel] = []) -> String {
        var writer = MetricText(format: format, labels: labels)
        for family in families where !family.samples.isEmpty { writer.write(family) }
        if format == .openMetrics { writer.text += "# EOF\n" }
        return writer.text
    }

    private init(format: Format, labels: [MetricLabel]) {
        self.format = format
        self.labels = labels
    }

    private mutating func write(_ family: MetricFamily) {
        let total = family.kind == .counter ? "\(family.name)_total" : family.name
        let name = self.format == .prometheus ? total : family.name
        self.text += "# TYPE \(name) \(family.kind.rawValue)\n"
        if self.format == .openMetrics, let unit = family.unit { self.text += "# UNIT \(name) \(unit)\n" }
        self.text += "# HELP \(name) \(Self.escape(family.help, quotes: self.format == .openMetrics))\n"
        for sample in family.samples {
            switch sample.value {
            case .count(let count): self.line(total, sample.labels, "\(count)")
            case .number(let number): self.line(total, sample.labels, Self.number(number))
            case .histogram(let histogram): self.write(histogram, family.name, sample.labels)
            }
        }
    }

    private mutating func write(_ histogram: LatencyHistogram, _ name: String, _ labels: [MetricLabel]) {
        for exponent in Self.exponents {
            let bound = Double(Int64(1) << Int64(exponent)) / 1e9
            let label = MetricLabel("le", Self.number(bound))
            self.line("\(name)_bucket", labels + [label], "\(histogram.count(withinPowerOfTwo: exponent))")
        }
        self.line("\(name)_bucket", labels + [MetricLabel("le", "+Inf")], "\(histogram.count)")
        self.line("\(name)_sum", labels, Self.number(histogram.sum.inSeconds))
        self.line("\(name)_count", labels, "\(histogram.count)")
    }

    private mutating func line(_ name: String, _ labels: [MetricLabel], _ value: String) {
        self.text += name
        let all = self.labels + labels
        if !all.isEmpty {
            let list = all.map { "\($0.name)=\"\(Self.escape($0.value, quotes: true))\"" }
            self.text += "{\(list.joined(separator: ","))}"
        }
        self.text += " \(value)\n"
    }

    /// A number as both formats write it.
    package static func number(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        return number.description
    }

    /// A text with everything escaped that would end it.
    package static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        // By scalars: a line feed behind a carriage return is one character with it.
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
