// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The spelling of keys: `max_age` and `maxAge` are the same one.
enum KeyName {
    /// Whether two keys are the same, however they are spelled.
    static func isSame(_ left: String, _ right: String) -> Bool {
        left == right || self.snake(left) == self.snake(right)
    }

    /// A key with underscores: `maxAge` becomes `max_age`; what is neither spelling stays as it is.
    static func snake(_ key: String) -> String {
        guard let first = key.utf8.first, (0x61...0x7A).contains(first) else { return key }
        // A key in a third spelling, such as `max_Age`, is nobody's.
        if key.utf8.contains(0x5F) { return key }
        var snake = ""
        for character in key.unicodeScalars {
            if ("A"..."Z").contains(character) { snake += "_" }
            snake += String(character).lowercased()
        }
        return snake
    }

    /// A key as it is shown in a path: shortened, with nothing that would break a line.
    static func shown(_ key: String) -> String {
        let isPlain = !key.isEmpty && key.utf8.count <= 64 && key.unicodeScalars.allSatisfy(Self.isPlain)
        guard !isPlain else { return key }
        let escaped = key.unicodeScalars.prefix(40).map { scalar -> String in
            Self.isPlain(scalar) || scalar == "." || scalar == " "
                ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        }
        return "\"\(escaped.joined())\(key.unicodeScalars.count > 40 ? "…" : "")\""
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "_-$<".unicodeScalars.contains(scalar)
    }

    /// The name nearest to a text, if one is near enough to be what was meant.
    static func nearest(to text: String, among names: some Sequence<String>) -> String? {
        guard text.utf8.count <= 64 else { return nil }
        let written = Array(self.snake(text).lowercased().utf8)
        let candidates = names.map {
            (name: $0, distance: self.distance(written, Array(self.snake($0).lowercased().utf8)))
        }
        guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, min(written.count, best.name.utf8.count) / 3) ? best.name : nil
    }

    /// How many letters have to be added, dropped, changed or swapped to make one of the other.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var rows = [Array(0...right.count)]
        for (row, letter) in left.enumerated() {
            var next = [row + 1]
            for (column, other) in right.enumerated() {
                var cost = min(
                    rows[row][column + 1] + 1,
                    next[column] + 1,
                    rows[row][column] + (letter == other ? 0 : 1)
                )
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    cost = min(cost, rows[row - 1][column - 1] + 1)
                }
                next.append(cost)
            }
            rows.append(next)
        }
        return rows[left.count][right.count]
    }
}
