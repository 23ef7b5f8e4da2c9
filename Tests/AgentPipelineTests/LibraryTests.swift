// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import agent_pipeline

@Suite("Library")
struct LibraryTests {
    @Test("lists the files that a reader would see, in order")
    func listsFiles() async throws {
        let files = ["b.md": "", "a/c.txt": "", "a/b/d.md": "", ".hidden/e.md": "", ".f.md": "", "a/g.MD": ""]
        try await TemporaryFolder.with(files) { folder in
            try folder.makeFolder("folder.md")
            try folder.link("dangling.md", to: "nothing.md")
            try folder.link("loop", to: ".")

            let found = try Library(root: folder.path).files()

            #expect(found == ["a/b/d.md", "a/c.txt", "a/g.MD", "b.md", "dangling.md"])
        }
    }

    @Test("lists a folder that cannot be listed as something to read, and goes on")
    func listsUnreadableFolders() async throws {
        try await TemporaryFolder.with(["a/b/c.md": "", "d.md": ""]) { folder in
            let library = Library(root: folder.path)

            let found = try library.files { path in
                if path.hasSuffix("/a/b") { throw CocoaError(.fileReadNoPermission) }
                return try Library.names(in: path)
            }

            #expect(found == ["a/b/", "d.md"])
            #expect(throws: CocoaError.self) { _ = try library.read("a/b/") }
        }
    }

    @Test(
        "refuses to read what would take long to parse",
        arguments: [("> ", 5_001), ("<!-- ", 2_001), ("<a href=\"", 1_200), ("text\n", 200_001)]
    )
    func refusesLongText(piece: String, count: Int) async throws {
        let text = String(repeating: piece, count: count)
        try await TemporaryFolder.with(["a.md": text, "b.md": String(text.prefix(9_000))]) { folder in
            #expect(throws: CocoaError.self) { try Library(root: folder.path).read("a.md") }
            let short = try Library(root: folder.path).read("b.md")
            #expect(short.utf8.count == 9_000)
        }
    }

    @Test("is not made of arguments that name no folder", arguments: [[""], ["-x"], ["/not/there"], [".", "."]])
    func refusesArguments(arguments: [String]) {
        #expect(AgentPipeline.library(for: arguments) == nil)
        #expect(AgentPipeline.library(for: ["."]) != nil)
        #expect(AgentPipeline.library(for: []) != nil)
    }

    @Test("says why a file cannot be read")
    func refusesToRead() async throws {
        try await TemporaryFolder.with(["fine.md": "# Fine"]) { folder in
            try folder.makeFolder("folder.md")
            try folder.link("dangling.md", to: "nothing.md")
            try folder.write(Data([0x23, 0x20, 0xC3, 0x28]), to: "bytes.md")
            let library = Library(root: folder.path)

            #expect(try library.read("fine.md") == "# Fine")
            #expect(throws: CocoaError.self) { try library.read("folder.md") }
            #expect(throws: CocoaError.self) { try library.read("dangling.md") }
            #expect(throws: CocoaError.self) { try library.read("bytes.md") }
            #expect(throws: CocoaError.self) { try library.read("missing.md") }
            #expect(await library.anchors(of: "bytes.md") == nil)
            #expect(await library.anchors(of: "fine.md") == ["fine"])
        }
    }
}
