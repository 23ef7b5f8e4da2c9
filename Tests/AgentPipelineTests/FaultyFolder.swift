// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import agent_pipeline

/// A folder in which it is known what is wrong where.
///
/// Its documents come in rounds, one of each kind of fault a round, among many things that only look like faults.
struct FaultyFolder {
    /// What has to be found, as `path:line: kind`, sorted.
    private(set) var faults: [String] = []
    private(set) var files: [String: String] = [:]
    /// Files that are no text, and symbolic links that lead nowhere.
    private var damaged: [String] = []
    private var dangling: [String] = []

    var broken: [String] { self.faults.filter { !$0.hasSuffix(Finding.Kind.heading.rawValue) } }
    var documents: Int { self.files.keys.count { $0.hasSuffix(".md") } + self.damaged.count + self.dangling.count }

    init(rounds: Int) {
        self.files["assets/logo.png"] = "not really"
        self.files["README.md"] = "# Read me\n\n[First](round-0/links.md#links) and [all](round-0/)\n"
        for round in 0..<rounds { self.addRound("round-\(round)") }
        self.faults.sort()
    }

    /// Writes the files, runs the body, and removes the files.
    func write<Result>(_ body: (TemporaryFolder) async throws -> Result) async throws -> Result {
        try await TemporaryFolder.with(self.files) { folder in
            for name in self.damaged { try folder.write(Data("# Bad \u{1}".utf8) + [0xFF, 0xFE], to: name) }
            for name in self.dangling { try folder.link(name, to: "nowhere.md") }
            return try await body(folder)
        }
    }

    private mutating func addRound(_ folder: String) {
        self.add(
            "\(folder)/links.md",
            [
                ("# Links", nil),
                ("[fine](anchors.md) ![fine](../assets/logo.png) [fine](../README.md#read-me) [fine](/README.md)", nil),
                ("[broken](missing.md)", .link),
                ("", nil),
                ("text ![broken](../assets/missing.png \"title\") text", .link),
                ("`[code](missing.md)` and \\[escaped](missing.md) <!-- [comment](missing.md) -->", nil),
                ("<a href=\"missing.html\">broken</a> <img src='../assets/logo.png'>", .link),
                ("- item with [broken](<missing file.md>)", .link),
                ("", nil),
                ("    [continued](also%20missing.md)", .link),
                ("", nil),
                ("[reference][fine] and ![reference][broken] and [broken][nothing]", .link),
                ("", nil),
                ("[fine]: anchors.md", nil),
                ("[broken]: missing.md 'title'", .link),
                ("", nil),
                ("> | [quoted](missing.md) | `|` |", .link),
                ("", nil),
                ("```text", nil),
                ("[code](missing.md)", nil),
                ("```", nil),
                ("<https://example.org/missing.md> [there](https://example.org/#x) [mail](mailto:a@example.org)", nil),
            ]
        )
        self.add(
            "\(folder)/anchors.md",
            [
                ("Anchors in *text*", nil),
                ("=================", nil),
                ("<a name=\"custom\"></a> [fine](#anchors-in-text) [fine](#custom) [fine](#code--more)", nil),
                ("[broken](#Custom)", .anchor),
                ("[fine](links.md#links) [broken](links.md#missing)", .anchor),
                ("[broken](../README.md#readme)", .anchor),
                ("## `Code` & more", nil),
                ("[same\nname](#code--more-1)", .anchor),
            ]
        )
        self.add(
            "\(folder)/headings.md",
            [
                ("# Same", nil), ("## Other", nil), ("## Same", .heading), ("```", nil), ("# Same", nil), ("```", nil),
                ("# *Same*", .heading), ("[first](#same) [second](#same-1) [third](#same-2) [none](#same-3)", .anchor),
            ]
        )
        self.add(
            "\(folder)/json.md",
            [
                ("```json", nil), ("{ \"fine\": [1, 2.5e3, null, true, \"\\u00e9\"] }", nil), ("```", nil),
                ("```JSON title=\"x\"", nil), ("{ \"a\": 1, }", .json), ("```", nil),
                ("- listed", nil), ("  ```json", nil), ("  { 'a': 1 }", .json), ("  ```", nil),
                ("> ```json", nil), ("> [1,", nil), ("> 2]", nil), ("> ```", nil),
                ("~~~json", nil), ("[01]", .json), ("~~~", nil),
                ("```jsonc", nil), ("{ // fine\n}", nil), ("```", nil),
                ("```swift", nil), ("let json = {", nil), ("```", nil),
            ]
        )
        self.damaged.append("\(folder)/damaged.md")
        self.dangling.append("\(folder)/dangling.md")
        for name in ["damaged", "dangling"] { self.expect("\(folder)/\(name).md", 1, .unreadable) }
    }

    /// Adds a document by its lines, and what is wrong in each. A line may hold several, for links that go on in it.
    private mutating func add(_ path: String, _ lines: [(text: String, fault: Finding.Kind?)]) {
        var number = 1
        for (text, fault) in lines {
            if let fault { self.expect(path, number, fault) }
            number += text.split(separator: "\n", omittingEmptySubsequences: false).count
        }
        self.files[path] = lines.map(\.text).joined(separator: "\n") + "\n"
    }

    private mutating func expect(_ path: String, _ line: Int, _ kind: Finding.Kind) {
        self.faults.append("\(path):\(line): \(kind.rawValue)")
    }
}

extension Finding {
    /// What a faulty folder says of it.
    var summary: String { "\(self.path):\(self.line): \(self.kind.rawValue)" }
}
