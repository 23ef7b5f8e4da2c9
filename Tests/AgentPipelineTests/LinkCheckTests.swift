// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import agent_pipeline

@Suite("Link check")
struct LinkCheckTests {
    private static let files = [
        "README.md": "# Read me\n## Usage\n<a name=\"custom\"></a>\n",
        "Docs/Guide.md": "# The guide\n## Usage\n## Usage\n## \u{2764}\u{FE0F} heart\n",
        "Docs/a file.md": "# Überschrift\n",
        "Docs/README.md": "# Docs\n",
        "Sources/main.swift": "print(1)\n",
        "Docs/100%.md": "",
        "Docs/b(c).md": "",
    ]

    @Test(
        "has no objection to what is there",
        arguments: [
            "Guide.md", "./Guide.md", "../README.md", "../README.md#usage", "#usage", "#usage-1", "#the-guide", "#",
            "#top", "#\u{FE0F}-heart", "Guide.md#\u{FE0F}-heart",
            "../README.md#custom", "../Docs", "../Docs/", "..", ".", "/README.md", "/Docs/Guide.md#usage",
            "../Docs#docs",
            "a%20file.md", "a file.md#%C3%BCberschrift", "a%20file.md#überschrift", "../Sources/main.swift#L10",
            "Guide.md?plain=1", "Guide.md?plain=1#usage", "100%.md", "100%25.md", "b(c).md", "missing/../Guide.md",
            "https://example.org/missing.md", "mailto:a@example.org", "//example.org/x", "tel:123",
            "HTTP://example.org",
        ]
    )
    func accepts(link: String) async throws {
        let finding = try await Self.check(Link(text: link, line: 1))

        #expect(finding == nil)
    }

    @Test(
        "finds links to what is not there",
        arguments: [
            "missing.md", "guide.md", "README", "../missing.md#usage", "../Sources/missing.swift", "/Guide.md",
            "a+file.md",
            "../../missing-beside-the-folder.md", "missing/", "", "https/missing",
        ]
    )
    func findsLinks(link: String) async throws {
        let finding = try await Self.check(Link(text: link, line: 7))

        #expect(finding?.kind == .link)
        #expect(finding?.path == "Docs/Guide.md")
        #expect(finding?.line == 7)
    }

    @Test(
        "finds anchors that are not there",
        arguments: [
            "#missing", "#Usage", "#usage-2", "../README.md#usage-1", "/README.md#read", "../Docs#guide",
            "bad.md#usage",

        ]
    )
    func findsAnchors(link: String) async throws {
        let finding = try await Self.check(Link(text: link, line: 7))

        #expect(finding?.kind == .anchor)
        #expect(finding?.message.contains(link) == true)
    }

    @Test("finds references that nothing defines")
    func findsReferences() async throws {
        let finding = try await Self.check(Link(text: "guide", line: 7, isDefined: false))

        #expect(finding?.kind == .link)
    }

    @Test("follows links out of the folder when something is there")
    func leavesTheFolder() async throws {
        try await TemporaryFolder.with(["in/README.md": "", "beside.md": "# A"]) { folder in
            let library = Library(root: "\(folder.path)/in")

            #expect(await library.check(Link(text: "../beside.md#a", line: 1), in: "README.md") == nil)
            #expect(await library.check(Link(text: "../beside.md#b", line: 1), in: "README.md")?.kind == .anchor)
        }
    }

    private static func check(_ link: Link) async throws -> Finding? {
        try await TemporaryFolder.with(Self.files) { folder in
            try folder.write(Data([0x23, 0x20, 0xFF]), to: "Docs/bad.md")
            return await Library(root: folder.path).check(link, in: "Docs/Guide.md")
        }
    }
}
