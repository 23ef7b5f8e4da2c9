// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

/// The program that a first user types, as one piece.
@Suite("The first program", .timeLimit(.minutes(5)))
struct FirstProgramTests {
    @Test("runs as it stands")
    func runs() async throws {
        var lines: [String] = []
        func print(_ items: Any...) { lines.append(items.map { "\($0)" }.joined(separator: " ")) }

        let bus = EventBus()

        try await bus.subscribe(to: TaskCreated.self, group: "workers") { task in
            try await bus.publish(TaskCompleted(taskID: task.taskID))
        }
        try await bus.respond(to: "calculate", as: Sum.self) { $0.values.reduce(0, +) }

        let deliveries = try await bus.deliveries(of: "agent.#")
        try await bus.publish(TaskCreated(taskID: "1", prompt: "Summarise the report"))
        for try await delivery in deliveries {
            print(delivery.message.topic, delivery.attempt)
            if delivery.message.topic == TaskCompleted.topic { break }
        }

        print(try await bus.request(Sum(values: [1, 2, 3]), to: "calculate", as: Int.self, timeout: .seconds(30)))
        try await bus.shutdown(deadline: .seconds(5))

        #expect(lines == ["agent.task.created 1", "agent.task.completed 1", "6"])
    }
}
