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

    @Test("names a known state in every row, and has lost none")
    func statesAreKnown() throws {
        let rows = try Self.rows()

        #expect(rows.count == 391)
        for row in rows { #expect(Self.states.contains(row.state), "\(row.theirs)") }
    }

    @Test("names only public symbols that exist where it says that something is here")
    func symbolsExist() throws {
        let declared = try Self.declaredSymbols()

        for row in try Self.rows() where row.state == "here" {
            for symbol in row.symbols where !declared.contains(symbol) {
                Issue.record("'\(symbol)', for \(row.theirs), is no public declaration in Sources")
            }
        }
    }

    /// Where the documents are that the page is about.
    private static let documents = root.deletingLastPathComponent().appending(path: "shared/seeds")

    @Test(
        "has every type and function of the documents, under the name that it has there",
        .enabled(
            if: FileManager.default.fileExists(atPath: documents.path),
            "the documents are not beside this repository"
        )
    )
    func isComplete() throws {
        let page = try String(contentsOf: Self.root.appending(path: "Docs/Reference.md"), encoding: .utf8)
        var count = 0
        for file in try FileManager.default.contentsOfDirectory(at: Self.documents, includingPropertiesForKeys: nil) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /(?:\bdef|class|interface) (\w+)|\b(get_\w+)\(\)/) {
                let name = String(match.1 ?? match.2 ?? "")
                if Self.samples.contains(name) { continue }
                count += 1
                // What begins with "Protocol" there is listed without it.
                let short = name.hasPrefix("Protocol") ? String(name.dropFirst(8)) : name
                if !page.contains(short) {
                    Issue.record("'\(name)' of \(file.lastPathComponent) is not in Docs/Reference.md")
                }
            }
        }
        #expect(count > 100)
    }

    /// What the documents' samples declare for themselves.
    private static let samples: Set<String> = [
        "__init__", "EventProcessor", "OrderService", "handle_envelope_event", "process_event", "process_order",
        "user_event_handler", "handle_message", "handle_task", "my_agent",
    ]

    // MARK: Reading

    private struct Row {
        var theirs: String
        var here: String
        var state: String

        /// The types and members that the row names; with the labels of their parameters where it has those.
        var symbols: [String] {
            self.here.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }
                .map { String($0.element) }
                .map { $0.contains(":)") ? $0 : String($0.prefix { $0 != "(" }) }
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
        let members: Set<Substring> = [
            "func", "var", "let", "case", "init", "typealias", "subscript", "associatedtype",
        ]
        var path: [(indentation: Int, name: String, isOpen: Bool)] = []
        let lines = text.split(separator: "\n")
        for (number, line) in lines.enumerated() {
            let indentation = line.prefix { $0 == " " }.count
            let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
            guard let place = words.firstIndex(where: { types.contains($0) || members.contains($0) }) else { continue }
            let isCode = !line.dropFirst(indentation).hasPrefix("//")
            guard isCode, indentation % 4 == 0, indentation <= 8 else { continue }
            path.removeAll { $0.indentation >= indentation }
            let keyword = words[place]
            let isPublic = words[..<place].contains("public") || (path.last?.isOpen == true && keyword != "let")
            let name = keyword == "init" ? "init" : words.indices.contains(place + 1) ? String(words[place + 1]) : ""
            guard !name.isEmpty, keyword != "init" || !path.isEmpty else { continue }
            let full = ((path.last.map { [$0.name] } ?? []) + [name]).joined(separator: ".")
            if isPublic {
                symbols.insert(full)
                if keyword == "func" || keyword == "init" { symbols.insert(full + Self.labels(of: lines[number...])) }
            }
            if types.contains(keyword) {
                // What a protocol requires and the cases of an enumeration are as public as these are.
                path.append((indentation, full, isPublic && (keyword == "protocol" || keyword == "enum")))
            }
        }
    }

    /// The labels of a function whose declaration begins with the first line, as `(_:retrying:)`.
    private static func labels(of lines: ArraySlice<Substring>) -> String {
        var depth = 0
        var parameter = ""
        var labels: [Substring] = []
        func end() {
            if let label = parameter.split(separator: " ").first?.split(separator: ":").first { labels.append(label) }
            parameter = ""
        }
        for character in lines.prefix(30).joined(separator: " ") {
            switch character {
            case "(", "[":
                depth += 1
                if depth > 1 { parameter.append(character) }
            case ")", "]":
                depth -= 1
                if depth == 0 {
                    end()
                    return "(" + labels.map { $0 + ":" }.joined() + ")"
                }
                parameter.append(character)
            case ",":
                if depth == 1 { end() } else if depth > 1 { parameter.append(character) }
            default:
                if depth > 0 { parameter.append(character) }
            }
        }
        return ""
    }
}
