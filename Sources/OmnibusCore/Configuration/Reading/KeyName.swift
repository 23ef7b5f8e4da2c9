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

    /// The name whose words, between underscores, are nearest to those of a text, if they are near enough.
    ///
    /// A word that was left out counts less than one that is too many; the last word has to be there.
    static func nearestByWords(to text: String, among names: some Sequence<String>) -> String? {
        guard text.utf8.count <= 128 else { return nil }
        let written = Self.words(text)
        var best: (name: String, cost: Int)?
        for name in names {
            let words = Self.words(name)
            guard let cost = self.cost(of: written, words), cost <= 40 * words.count else { continue }
            if best.map({ cost < $0.cost }) ?? true { best = (name, cost) }
        }
        return best?.name
    }

    private static func words(_ name: String) -> [[UInt8]] {
        name.lowercased().split(separator: "_").map { Array($0.utf8) }
    }

    /// What it costs to make some words of others, a word that has nothing of its counterpart being 100; nil where the
    /// last of the others has no counterpart.
    private static func cost(of written: [[UInt8]], _ words: [[UInt8]]) -> Int? {
        let (tooMany, leftOut) = (60, 40)
        var row = (0...words.count).map { $0 * leftOut }
        var cost: Int?
        for word in written {
            var next = [row[0] + tooMany]
            for (column, other) in words.enumerated() {
                let difference = self.difference(word, other)
                let replaced = row[column] + difference
                next.append(min(row[column + 1] + tooMany, next[column] + leftOut, replaced))
                if column == words.count - 1 {
                    let whole = difference <= 50 ? replaced : nil
                    // Words behind the last one are too many.
                    cost = [cost.map { $0 + tooMany }, whole].compactMap { $0 }.min()
                }
            }
            row = next
        }
        return cost
    }

    /// How different two words are, from 0 to 100; one that is the beginning of the other is near.
    private static func difference(_ word: [UInt8], _ other: [UInt8]) -> Int {
        if word == other { return 0 }
        if min(word.count, other.count) >= 3, word.starts(with: other) || other.starts(with: word) { return 30 }
        let share = 100 * self.distance(word, other) / max(word.count, other.count, 1)
        return share <= 50 ? share : 100
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
