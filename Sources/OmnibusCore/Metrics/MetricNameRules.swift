// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Which names a user's metrics and labels may have: those that Prometheus' conventions allow.
///
/// What passes here, `promtool check metrics` accepts without a complaint, and OpenMetrics has no other use for.
package enum MetricNameRules {
    /// The units that metrics are given in: https://prometheus.io/docs/practices/naming/#base-units
    package static let baseUnits: Set<String> = [
        "amperes", "bytes", "celsius", "grams", "joules", "kelvin", "meters", "metres", "seconds", "volts",
    ]

    /// The longest name, in characters.
    private static let longest = 200

    /// Other units, and what they are given in.
    private static let otherUnits = [
        "minutes": "seconds", "hours": "seconds", "days": "seconds", "weeks": "seconds", "kelvins": "kelvin",
        "fahrenheit": "celsius", "rankine": "celsius", "inches": "meters", "yards": "meters", "miles": "meters",
        "bits": "bytes", "calories": "joules", "pounds": "grams", "ounces": "grams",
    ]

    private static let prefixes = [
        "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi", "giga",
        "gibi", "tera", "tebi", "peta", "pebi",
    ]

    private static let abbreviations: Set<String> = [
        "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
    ]

    /// Words that say what kind of metric it is.
    private static let kinds: Set<String> = ["counter", "gauge", "histogram", "summary", "untyped"]

    /// The last words that the formats put behind names themselves.
    private static let suffixes: Set<String> = ["total", "created", "bucket", "count", "sum", "gcount", "gsum", "info"]

    // MARK: Metrics

    /// Checks the name of a metric, without the `_total` of a counter.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMetric`.
    package static func check(metric name: String) throws(OmnibusError) {
        try self.check(name, "metric")
        let words = name.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        guard words.first != "omnibus" else {
            throw self.error(name, "metric", "begins with 'omnibus', as the bus's own do; give it another first word")
        }
        if let last = words.last, words.count > 1, self.suffixes.contains(last) {
            throw self.error(
                name,
                "metric",
                "ends with '_\(last)', which the text formats add themselves; leave it out"
            )
        }
        for word in words.dropFirst() {
            let word = word.lowercased()
            if self.kinds.contains(word) {
                throw self.error(name, "metric", "says its kind, '\(word)'; leave that out")
            }
            if self.abbreviations.contains(word) {
                throw self.error(
                    name,
                    "metric",
                    "has the abbreviation '\(word)'; write the unit out, such as 'seconds'"
                )
            }
        }
        for word in words {
            guard let base = self.base(of: word) else { continue }
            throw self.error(name, "metric", "is in '\(word)'; use the base unit '\(base)'")
        }
    }

    /// The base unit in the place of another unit; nil for words that are none.
    private static func base(of word: String) -> String? {
        if let base = self.otherUnits[word] { return base }
        for prefix in self.prefixes where word.hasPrefix(prefix) {
            let unit = String(word.dropFirst(prefix.count))
            if let base = self.otherUnits[unit] { return base }
            if self.baseUnits.contains(unit) { return unit }
        }
        return nil
    }

    // MARK: Labels

    /// Checks the name of a label.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMetric`.
    package static func check(label name: String) throws(OmnibusError) {
        try self.check(name, "label")
        if name.hasPrefix("__") {
            throw self.error(name, "label", "begins with '__', which Prometheus keeps for itself; leave that out")
        }
        if name == "le" || name == "quantile" {
            throw self.error(name, "label", "is what histograms and summaries use; choose another name")
        }
    }

    // MARK: Both

    private static func check(_ name: String, _ kind: String) throws(OmnibusError) {
        guard let first = name.unicodeScalars.first else {
            throw OmnibusError(.invalidMetric, "The name of a \(kind) is empty; give it one, such as 'queue_depth'.")
        }
        guard name.unicodeScalars.count <= self.longest else {
            throw self.error(
                String(name.prefix(20)) + "…",
                kind,
                "has \(name.unicodeScalars.count) characters; at most \(self.longest) are allowed"
            )
        }
        guard !("0"..."9").contains(first) else {
            throw self.error(name, kind, "begins with a digit; begin with a letter")
        }
        var last: Unicode.Scalar?
        for (index, scalar) in name.unicodeScalars.enumerated() {
            switch scalar {
            case "a"..."z", "_", "0"..."9": break
            case "A"..."Z":
                guard let last, ("a"..."z").contains(last) else { break }
                throw self.error(name, kind, "is in camelCase at character \(index + 1); write it in snake_case")
            default:
                throw self.error(
                    name,
                    kind,
                    "has \(self.describe(scalar)) at character \(index + 1); use letters, digits and '_' of ASCII"
                )
            }
            last = scalar
        }
    }

    private static func describe(_ scalar: Unicode.Scalar) -> String {
        let code =
            "U+" + String(repeating: "0", count: max(0, 4 - String(scalar.value, radix: 16).count))
            + String(scalar.value, radix: 16, uppercase: true)
        return scalar.isASCII && scalar.value > 32 && scalar.value < 127 ? "'\(scalar)' (\(code))" : code
    }

    private static func error(_ name: String, _ kind: String, _ problem: String) -> OmnibusError {
        // A name that is not one may hold anything, line feeds too.
        let shown = String(String.UnicodeScalarView(name.unicodeScalars.map { $0.properties.isShown ? $0 : "?" }))
        return OmnibusError(.invalidMetric, "The name of the \(kind) '\(shown)' \(problem).")
    }
}

extension Unicode.Scalar.Properties {
    /// Whether a message can show the character as it is.
    fileprivate var isShown: Bool {
        switch self.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}

extension OmnibusError.Code {
    /// A metric or a label cannot be called that, or the metric exists with another kind or other labels.
    public static let invalidMetric = Self(rawValue: "invalidMetric")
}
