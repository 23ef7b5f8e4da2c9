// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import Testing

@Suite("Readme")
struct ReadmeTests {
    struct TaskCreated: Event {
        static let topic: Topic = "agent.task.created"
        var prompt: String
    }

    @Test("shows a program that runs")
    func programRuns() async throws {
        let bus = EventBus()

        try await bus.subscribe(to: TaskCreated.self) { task in
            print("working on it:", task.prompt)
        }

        try await bus.publish(TaskCreated(prompt: "Summarise the report"))
        try await bus.shutdown(deadline: .seconds(5))
    }

    @Test("shows the text of the program that is tested")
    func programIsTested() throws {
        let readme = try Self.lines("README.md")
        let start = try #require(readme.firstIndex(of: "```swift"))
        let end = try #require(readme[start...].firstIndex(of: "```"))
        let program = readme[(start + 1)..<end].filter { !$0.isEmpty }

        var rest = try Self.lines("Tests/DocumentationTests/ReadmeTests.swift")[...]
        for line in program {
            let place = try #require(rest.firstIndex(of: line), "not tested, or not in this order: \(line)")
            rest = rest[(place + 1)...]
        }

        #expect(program.count >= 10)
    }

    /// The lines of a file of the repository, without the white space around them.
    private static func lines(_ path: String) throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: path), encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
