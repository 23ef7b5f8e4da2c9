// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

struct TaskCreated: Event {
    static let topic: Topic = "agent.task.created"
    var taskID: String
    var prompt: String
}

struct TaskCompleted: Event {
    static let topic: Topic = "agent.task.completed"
    var taskID: String
}

struct Sum: Codable, Sendable { var values: [Int] }

@Suite("The call sites in Swift 5 mode", .timeLimit(.minutes(5)))
struct CallSiteTests {
    @Test("compiles and runs the first program")
    func firstProgram() async throws {
        var lines: [String] = []
        let bus = EventBus()

        try await bus.subscribe(to: TaskCreated.self, group: "workers") { task in
            try await bus.publish(TaskCompleted(taskID: task.taskID))
        }
        try await bus.respond(to: "calculate", as: Sum.self) { $0.values.reduce(0, +) }

        let deliveries = try await bus.deliveries(of: "agent.#")
        try await bus.publish(TaskCreated(taskID: "1", prompt: "Summarise the report"))
        for try await delivery in deliveries {
            lines.append("\(delivery.message.topic) \(delivery.attempt)")
            if delivery.message.topic == TaskCompleted.topic { break }
        }

        let sum = try await bus.request(Sum(values: [1, 2, 3]), to: "calculate", as: Int.self, timeout: .seconds(30))
        lines.append("\(sum)")
        try await bus.shutdown(deadline: .seconds(5))
        #expect(lines == ["agent.task.created 1", "agent.task.completed 1", "6"])
    }

    @Test("compiles and runs the other ways to publish and subscribe")
    func otherWays() async throws {
        let seen = EventRecorder<String>()
        try await withEventBus { bus in
            try await bus.subscribe(to: TaskCreated.self) { task, delivery in
                seen.record("\(task.taskID) \(delivery.attempt)")
            }
            try await bus.subscribe(to: "numbers") { seen.record($0.message.topic.name) }
            try await bus.subscribe(to: TaskCreated.self) { @MainActor task in
                MainActor.assertIsolated()
                seen.record(task.prompt)
            }
            try bus.observe(TaskCompleted.self) { seen.record("completed \($0.taskID)") }
            try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
            try await bus.publish(Sum(values: [1]), to: "numbers")
            try await bus.publish(bytes: [1], to: "numbers")
            try await bus.publish(Message(topic: "numbers", payload: ["one": 1]))
            try await bus.publish(batch: [TaskCompleted(taskID: "2"), TaskCompleted(taskID: "3")])
            try bus.publishNow(TaskCompleted(taskID: "4"))
            let publisher = try await bus.publisher(of: TaskCompleted.self)
            try await publisher.publish(TaskCompleted(taskID: "5"))
        }

        let expected =
            ["1 1", "p", "numbers", "numbers", "numbers"] + (2...5).map { "completed \($0)" }
        #expect(seen.all.sorted() == expected.sorted())
    }

    @Test("starts handlers with no isolation")
    func isolation() async throws {
        let bus = EventBus()
        let isIsolated = EventRecorder<Bool>()
        try await bus.subscribe(to: TaskCreated.self) { _ in isIsolated.record(#isolation != nil) }

        try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        #expect(try await isIsolated.next() == false)
    }
}
