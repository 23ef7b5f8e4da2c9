// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import Testing

@testable import agent_pipeline

@Suite("Pipeline")
struct PipelineTests {
    @Test("finds every known fault of a folder, and nothing else", arguments: [1, 3])
    func findsFaults(rounds: Int) async throws {
        let faulty = FaultyFolder(rounds: rounds)

        let report = try await faulty.write { try await Pipeline(library: Library(root: $0.path)).run() }

        #expect((report.broken + report.warnings).map(\.summary).sorted() == faulty.faults)
        #expect(report.broken.map(\.summary).sorted() == faulty.broken)
        #expect(faulty.faults.count == rounds * 20)
        #expect(report.documents == faulty.documents)
    }

    @Test("retries what cannot be read, then reports it as what its dead letter was caused by")
    func retries() async throws {
        let report = try await TemporaryFolder.with([:]) { folder in
            try folder.write(Data([0xFF, 0xFE]), to: "bad.md")
            return try await Pipeline(library: Library(root: folder.path)).run()
        }

        #expect(report.broken.map(\.summary) == ["bad.md:1: unreadable file"])
        #expect(report.counts["retried"] == 2)
        #expect(report.counts["dead-lettered"] == 1)
        #expect(
            report.causes == ["pipeline.file.found: bad.md", "└─ pipeline.work.done: 1 findings"]
        )
    }

    @Test("draws what a file caused, in the order of its events")
    func drawsCauses() async throws {
        let text = "# A\n[b](c.md)\n```json\n{}\n```\n"

        let report = try await TemporaryFolder.with(["a.md": text]) { folder in
            try await Pipeline(library: Library(root: folder.path)).run()
        }

        #expect(
            report.causes == [
                "pipeline.file.found: a.md",
                "├─ pipeline.links.found: 1",
                "│  └─ pipeline.work.done: 1 findings",
                "├─ pipeline.code.found: 1",
                "│  └─ pipeline.work.done: 0 findings",
                "├─ pipeline.headings.found: 1",
                "│  └─ pipeline.work.done: 0 findings",
                "└─ pipeline.work.done: 0 findings",
            ]
        )
    }

    @Test("says the same as text and as JSON, whenever it runs")
    func agrees() async throws {
        let (first, second) = try await FaultyFolder(rounds: 2).write { folder in
            let pipeline = Pipeline(library: Library(root: folder.path))
            return (try await pipeline.run(), try await Pipeline(library: Library(root: folder.path)).run())
        }

        #expect(try first.json() == second.json())
        #expect(first.text() == second.text())
        let json = try JSONValue(parsing: try first.json())
        #expect(json["documents"] == JSONValue(first.documents))
        #expect(json["broken"]?.arrayValue?.count == first.broken.count)
        #expect(json["counts"]?["published"] == JSONValue(first.counts["published"] ?? -1))
    }

    @Test("counts every message as handled or dead, and none as lost")
    func countsMessages() async throws {
        let counts = try await FaultyFolder(rounds: 2).write { folder in
            try await Pipeline(library: Library(root: folder.path)).run().counts
        }

        #expect(counts["offered to queues"] == (counts["acknowledged"] ?? 0) + (counts["dead-lettered"] ?? 0))
        #expect(counts["dead-lettered"] == 4)
        #expect(counts["retried"] == 8)
        #expect(["unrouted", "refused", "dropped", "abandoned"].map { counts[$0] } == [0, 0, 0, 0])
    }

    @Test("has nothing to wait for in an empty folder")
    func acceptsEmptyFolder() async throws {
        let report = try await TemporaryFolder.with([:]) { try await Pipeline(library: Library(root: $0.path)).run() }

        #expect(report.files == 0)
        #expect(report.broken.isEmpty)
        #expect(report.causes.isEmpty)
    }

    @Test("ends with the error of a folder that is not there")
    func failsToScan() async throws {
        await #expect(throws: CocoaError.self) { try await Pipeline(library: Library(root: "/not/there")).run() }
    }

    @Test("never has more waiting than the queues take, however many files there are")
    func staysBounded() async throws {
        let files = Dictionary(uniqueKeysWithValues: (0..<2_000).map { ("\($0 % 20)/\($0).md", "# A\n[b](1.md)\n# A") })

        let report = try await TemporaryFolder.with(files) { folder in
            try await Pipeline(library: Library(root: folder.path)).run()
        }

        #expect(report.documents == 2_000)
        #expect(report.warnings.count == 2_000)
        #expect(report.broken.count == 1_900)
        #expect(report.counts["refused"] == 0)
    }
}
