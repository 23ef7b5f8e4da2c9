// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Foundation

/// A case of a file in Gherkin: a message, and the event that it carries.
struct Feature {
    var name: String
    var message = ProtocolMessage()
    var attributes: [String: String] = [:]
    var data = ""

    /// The cases of a file; an outline is a case for each row of its examples.
    static func cases(in text: String) -> [Feature] {
        var scenarios: [[Substring]] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if Self.trimmed(line).hasPrefix("Scenario") {
                scenarios.append([line])
            } else if !scenarios.isEmpty {
                scenarios[scenarios.count - 1].append(line)
            }
        }
        return scenarios.flatMap { lines -> [Feature] in
            guard let examples = lines.firstIndex(where: { Self.trimmed($0).hasPrefix("Examples:") }) else {
                return [Feature(lines)]
            }
            let rows = lines[(examples + 1)...].compactMap { Self.row($0) }
            guard let names = rows.first else { return [] }
            return rows.dropFirst().map { row in
                Feature(
                    lines[..<examples].map { line in
                        var line = String(line)
                        for (name, value) in zip(names, row) {
                            line = Self.replacing("<\(name)>", with: value, in: line)
                        }
                        return line[...]
                    }
                )
            }
        }
    }

    private init(_ lines: [Substring]) {
        self.name = lines.first.map { Self.trimmed($0) } ?? ""
        var step = ""
        var block: [Substring]?
        for line in lines.dropFirst() {
            let text = Self.trimmed(line)
            if text == "\"\"\"" {
                if let lines = block { self.take(lines, of: step) }
                block = block == nil ? [] : nil
            } else if block != nil {
                block?.append(line)
            } else if let row = Self.row(line) {
                self.take(row, of: step)
            } else if !text.isEmpty {
                step = text
            }
        }
    }

    private mutating func take(_ block: [Substring], of step: String) {
        // The block is as deep as its first line.
        let depth = block.first.map { $0.prefix { $0 == " " }.count } ?? 0
        let lines = block.map { String($0.dropFirst(min(depth, $0.prefix { $0 == " " }.count))) }
        if step.contains("HTTP request") {
            let end = lines.firstIndex(of: "") ?? lines.count
            for line in lines[..<end].dropFirst() {
                let colon = line.firstIndex(of: ":") ?? line.endIndex
                let value = Self.trimmed(line[colon...].dropFirst())
                self.message.headers.append(.init(name: String(line[..<colon]), value: .string(value)))
            }
            self.message.body = Array(lines.dropFirst(end + 1).joined(separator: "\n").utf8)
        } else if step.contains("payload") {
            self.message.body = Array(lines.joined(separator: "\n").utf8)
        } else {
            self.data = lines.joined(separator: "\n")
        }
    }

    private mutating func take(_ row: [String], of step: String) {
        guard row.count == 2, row[0] != "key" else { return }
        if step.contains("headers") {
            self.message.headers.append(.init(name: row[0], value: .string(row[1])))
        } else {
            self.attributes[row[0]] = row[1]
        }
    }

    private static func row(_ line: Substring) -> [String]? {
        let text = self.trimmed(line)
        guard text.hasPrefix("|") else { return nil }
        return text.split(separator: "|").map { self.trimmed($0) }
    }

    private static func replacing(_ part: String, with value: String, in text: String) -> String {
        var result = ""
        var rest = text[...]
        while let range = rest.range(of: part) {
            result += rest[..<range.lowerBound] + value
            rest = rest[range.upperBound...]
        }
        return result + rest
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let start = text.drop { $0 == " " || $0 == "\t" || $0 == "\r\n" || $0 == "\r" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" || $0 == "\r" }.reversed())
    }
}
