// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import agent_pipeline

@Suite("Checks")
struct ChecksTests {
    @Test("name the heading that a heading repeats")
    func repeatHeadings() {
        let headings = [Heading(text: "A", line: 1), Heading(text: "B", line: 2), Heading(text: "A", line: 5)]

        let found = check(headings + [Heading(text: "A", line: 9), Heading(text: "a", line: 11)], in: "x.md")

        #expect(found.map(\.line) == [5, 9])
        #expect(found.allSatisfy { $0.kind == .heading && $0.message.contains("line 1") })
    }

    @Test(
        "say in which line of a file its JSON goes wrong",
        arguments: [
            ("{}", []), ("\n\n[1, 2.5e3, null]\n", []), ("{\n  \"a\": 1,\n}", [13]), ("{\n\"a\" 1}", [12]),
            ("[1\n2]", [12]), ("", [11]), ("[\n", [12]), ("{ // no\n}", [11]), ("{}\n\n{}", [13]), ("tru", [11]),
        ]
    )
    func checkJSON(text: String, lines: [Int]) {
        let found = check([CodeBlock(language: "json", text: text, line: 10)], in: "x.md")

        #expect(found.map(\.line) == lines)
        #expect(found.allSatisfy { $0.kind == .json && $0.path == "x.md" })
    }

    @Test("leave code of other languages alone")
    func ignoreOtherLanguages() {
        let blocks = ["", "jsonc", "json5", "swift"].map { CodeBlock(language: $0, text: "{", line: 1) }

        #expect(check(blocks, in: "x.md").isEmpty)
    }
}
