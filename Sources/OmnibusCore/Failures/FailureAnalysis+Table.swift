// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension FailureAnalysis: CustomStringConvertible {
    /// The analysis as a table with ten rows at most for each question.
    public var description: String { self.table() }

    /// Returns the analysis as a table of aligned columns: name, count, share, first, last and a letter to look at.
    ///
    /// - Parameter rows: how many rows at most for each question; what is left out is said. Of the stretches of time
    ///   the latest are shown.
    public func table(rows: Int = 10) -> String {
        guard let first = self.first, let last = self.last else { return "no dead letters\n" }
        let limit = max(rows, 1)
        var table = TextTable()
        for (title, findings, none) in [
            ("REASON", self.byReason, "-"), ("ERROR", self.byError, "no error"), ("TOPIC", self.byTopic, "-"),
            ("GROUP", self.byGroup, "no group"),
        ] {
            table.add(Self.header(title))
            for finding in findings.prefix(limit) {
                table.add(self.row(finding.name.map(Self.cleaned) ?? "(\(none))", finding))
            }
            table.addRemainder(findings.count - limit)
        }
        table.add(Self.header("TIME"))
        for interval in self.byTime.suffix(limit) {
            table.add(self.row("\(interval.start)", interval.finding))
        }
        table.addRemainder(self.byTime.count - limit)
        let noun = self.total == 1 ? "dead letter" : "dead letters"
        return "\(self.total) \(noun) from \(first) to \(last), by stretches of \(self.interval)\n\n\(table.text)"
    }

    private static func header(_ title: String) -> [String] {
        [title, "COUNT", "SHARE", "FIRST", "LAST", "SAMPLE"]
    }

    private func row(_ name: String, _ finding: Finding) -> [String] {
        let share = (finding.count * 100 + self.total / 2) / max(self.total, 1)
        return [
            name, "\(finding.count)", "\(share) %", "\(finding.first)", "\(finding.last)",
            Self.cleaned(finding.sample.description),
        ]
    }

    /// A name in one line: names of errors and groups are whatever somebody has written.
    private static func cleaned(_ name: String) -> String {
        let text = HeaderRules.cleaned(name).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return text.count > 80 ? "\(text.prefix(79))…" : text
    }
}

/// Rows of texts in aligned columns: the first one and the texts to the left, numbers to the right.
private struct TextTable {
    private var rows: [[String]] = []
    private var widths: [Int] = []

    mutating func add(_ row: [String]) {
        for (index, cell) in row.enumerated() {
            if index == self.widths.count { self.widths.append(0) }
            self.widths[index] = max(self.widths[index], cell.count)
        }
        self.rows.append(row)
    }

    mutating func addRemainder(_ count: Int) {
        if count > 0 { self.rows.append(["and \(count) more"]) }
        self.rows.append([])
    }

    var text: String {
        let lines = self.rows.map { row in
            let cells = row.enumerated().map { index, cell in
                let padding = String(repeating: " ", count: max(0, self.widths[index] - cell.count))
                let isNumber = index == 1 || index == 2
                if index == row.count - 1, !isNumber { return cell }
                return isNumber ? padding + cell : cell + padding
            }
            return cells.joined(separator: "  ")
        }
        return lines.dropLast().joined(separator: "\n") + "\n"
    }
}
