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
