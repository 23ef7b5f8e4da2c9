// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

@testable import agent_pipeline

@Suite("Report")
struct ReportTests {
    @Test("draws what an event caused, directly or not")
    func drawsTree() {
        let causes = [
            Cause(id: "1", causationID: "0", label: "file"), Cause(id: "2", causationID: "1", label: "links"),
            Cause(id: "3", causationID: "1", label: "headings"), Cause(id: "4", causationID: "2", label: "links done"),
            Cause(id: "5", causationID: "3", label: "headings done"), Cause(id: "6", causationID: "9", label: "other"),
        ]

        #expect(
            causes[0].drawn(with: causes) == [
                "file",
                "├─ links",
                "│  └─ links done",
                "└─ headings",
                "   └─ headings done",
            ]
        )
    }

    @Test("says what is broken where, and lines up its table")
    func printsText() throws {
        let text = Self.report.text()

        #expect(text.hasPrefix("b.md:3: broken link: gone\na.md:1: duplicate heading: twice\n"))
        #expect(text.contains("\nacknowledged        3\npublished           12\n"))
        #expect(
            text.contains("here: 2 files, 1 documents with 5 links, 6 code blocks, 7 headings; 1 broken, 1 warnings")
        )
        #expect(text.hasSuffix("\nroot\n└─ leaf"))
    }

    @Test("says the same as JSON")
    func printsJSON() throws {
        let json = try Self.report.json()

        for part in [
            "\"folder\" : \"here\"", "\"line\" : 3", "\"broken link\"", "\"acknowledged\" : 3", "\"└─ leaf\"",
        ] {
            #expect(json.contains(part))
        }
    }

    private static let report = Report(
        folder: "here",
        files: 2,
        documents: 1,
        links: 5,
        codeBlocks: 6,
        headings: 7,
        broken: [Finding(kind: .link, path: "b.md", line: 3, message: "gone")],
        warnings: [Finding(kind: .heading, path: "a.md", line: 1, message: "twice")],
        counts: ["published": 12, "acknowledged": 3],
        causes: ["root", "└─ leaf"]
    )
}
