// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

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
        let program = try #require(try Repository.swiftBlocks("README.md").first)

        var rest = try Repository.lines("Tests/DocumentationTests/ReadmeTests.swift")[...]
        for line in program {
            let place = try #require(rest.firstIndex(of: line), "not tested, or not in this order: \(line)")
            rest = rest[(place + 1)...]
        }

        #expect(program.count >= 9)
    }
}
