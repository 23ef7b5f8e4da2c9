// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Durations as texts: `500ms`, `30s`, `15m`, `24h`, `7d`.
enum DurationText {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
    ]

    /// Reads whole numbers of one unit.
    static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let count = Int64(digits), let found = self.units.first(where: { $0.name == unit }) else { return nil }
        let (nanoseconds, overflows) = count.multipliedReportingOverflow(by: found.nanoseconds)
        return overflows ? .seconds(Int64.max) : .nanoseconds(nanoseconds)
    }

    /// Reads a number of seconds; what is beyond a duration's range counts as its end.
    static func seconds(_ number: Double) -> Duration? {
        guard number.isFinite else { return nil }
        guard number.magnitude < 1e15 else { return .seconds(number < 0 ? Int64.min : Int64.max) }
        let whole = number.rounded(.towardZero)
        return .seconds(Int64(whole)) + .nanoseconds(Int64(((number - whole) * 1e9).rounded()))
    }

    /// A duration as it is written: a number of whole seconds, or a text with the largest unit that says it exactly.
    ///
    /// What is below a nanosecond cannot be said.
    static func node(_ duration: Duration) -> ConfigurationNode {
        let (seconds, attoseconds) = duration.components
        guard attoseconds % 1_000_000_000 == 0 else {
            var node = ConfigurationNode(.number(duration / .seconds(1)))
            node.fault = "a duration that is no whole number of nanoseconds"
            return node
        }
        guard attoseconds != 0 else { return ConfigurationNode(.integer(seconds)) }
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflows else { return ConfigurationNode(.integer(seconds)) }
        let nanoseconds = whole &+ attoseconds / 1_000_000_000
        guard nanoseconds > 0 else { return ConfigurationNode(.number(duration / .seconds(1))) }
        let unit = self.units.prefix(3).last { nanoseconds % $0.nanoseconds == 0 } ?? self.units[0]
        return ConfigurationNode(.text("\(nanoseconds / unit.nanoseconds)\(unit.name)"))
    }
}

/// Sizes as texts: `512B`, `64KiB`, `1MiB`, `1GiB`, and `KB`, `MB`, `GB` with powers of ten.
enum SizeText {
    private static let units: [(name: String, bytes: Int)] = [
        ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("KB", 1_000), ("MB", 1_000_000),
        ("GB", 1_000_000_000),
    ]

    /// Reads whole numbers of one unit; what is beyond an integer's range counts as its end.
    static func bytes(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard let count = Int(digits), let found = self.units.first(where: { $0.name == unit }) else { return nil }
        let (bytes, overflows) = count.multipliedReportingOverflow(by: found.bytes)
        return overflows ? Int.max : bytes
    }
}
