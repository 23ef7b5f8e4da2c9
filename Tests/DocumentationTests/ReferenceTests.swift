// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("Reference")
struct ReferenceTests {
    private static let states: Set<String> = [
        "here", "delivery", "reference", "speed", "CloudEvents", "journal", "back ends", "schemas", "agents",
        "security",
        "gateway", "federation", "not done",
    ]

    @Test("names a known state in every row")
    func statesAreKnown() throws {
        let rows = try Self.rows()

        #expect(rows.count > 300)
        for row in rows { #expect(Self.states.contains(row.state), "\(row.theirs)") }
    }

    @Test("names only symbols that exist where it says that something is here")
    func symbolsExist() throws {
        let declared = try Self.declaredSymbols()

        for row in try Self.rows() where row.state == "here" {
            for symbol in row.symbols {
                #expect(declared.contains(symbol), "'\(symbol)', for \(row.theirs), is declared nowhere in Sources")
            }
        }
    }

    // MARK: Reading

    private struct Row {
        var theirs: String
        var here: String
        var state: String

        /// The types and members that the row names, without their parameters.
        var symbols: [String] {
            self.here.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }
                .map { String($0.element.prefix { $0 != "(" }) }
                .filter { $0.first?.isUppercase == true || $0.hasPrefix("with") }
        }
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func rows() throws -> [Row] {
        try String(contentsOf: Self.root.appending(path: "Docs/Reference.md"), encoding: .utf8)
            .split(separator: "\n")
            .filter { $0.hasPrefix("| ") && $0 != "| theirs | here | state |" }
            .map { line in
                let cells = line.dropFirst(2).dropLast(2).components(separatedBy: " | ")
                try #require(cells.count == 3, "not three cells: \(line)")
                return Row(theirs: cells[0], here: cells[1], state: cells[2])
            }
    }

    /// The types and members in `Sources`, as `Type` and `Type.member`.
    private static func declaredSymbols() throws -> Set<String> {
        let files = FileManager.default.enumerator(
            at: Self.root.appending(path: "Sources"),
            includingPropertiesForKeys: nil
        )
        var symbols: Set<String> = []
        for case let file as URL in try #require(files) where file.pathExtension == "swift" {
            Self.collect(try String(contentsOf: file, encoding: .utf8), into: &symbols)
        }
        return symbols
    }

    /// Goes through a file that is formatted as all of ours are: what a type holds is indented by four more spaces.
    private static func collect(_ text: String, into symbols: inout Set<String>) {
        let types: Set<Substring> = ["struct", "class", "enum", "actor", "protocol", "extension"]
        let members: Set<Substring> = ["func", "var", "let", "case", "init", "typealias"]
        var path: [(indentation: Int, name: String)] = []
        for line in text.split(separator: "\n") {
            let indentation = line.prefix { $0 == " " }.count
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            guard let place = words.firstIndex(where: { types.contains($0) || members.contains($0) }) else { continue }
            let isCode = !line.dropFirst(indentation).hasPrefix("//")
            guard isCode, indentation % 4 == 0, indentation <= 8 else { continue }
            path.removeAll { $0.indentation >= indentation }
            let keyword = words[place]
            if keyword == "init" {
                if let owner = path.last?.name { symbols.insert("\(owner).init") }
                continue
            }
            guard words.indices.contains(place + 1) else { continue }
            let name = String(words[place + 1])
            let full = ((path.last.map { [$0.name] } ?? []) + [name]).joined(separator: ".")
            symbols.insert(full)
            if types.contains(keyword) { path.append((indentation, full)) }
        }
    }
}
