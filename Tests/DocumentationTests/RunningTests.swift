// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Running, as documented", .timeLimit(.minutes(5)))
struct RunningTests {
    @Test("is scoped by withEventBus, which closes on every path")
    func scoped() async throws {
        let seen = EventRecorder<String>()

        let count = try await withEventBus { bus in
            try await bus.subscribe(to: TaskCreated.self) { seen.record($0.taskID) }
            try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
            return 1
        }
        try await withEventBus(settings: BusSettings(source: "tests")) { bus in
            try await bus.publish(TaskCompleted(taskID: "1"))
        }
        #expect(seen.count == count)
    }

    @Test("fits a service group by run()")
    func inServiceGroup() async throws {
        let bus = EventBus()

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.run() }
            try await bus.publish(TaskCompleted(taskID: "1"))
            group.cancelAll()
            try await group.waitForAll()
        }
        await #expect(throws: OmnibusError.self) { try await bus.publish(TaskCompleted(taskID: "2")) }
    }

    @Test("ends with a report")
    func reports() async throws {
        let bus = EventBus()
        try await bus.subscribe(to: TaskCreated.self) { _ in }
        try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))

        let report = try await bus.shutdown(deadline: .seconds(5))
        #expect(!report.wasCancelled)
        #expect(report.abandoned == 0)
    }

    @Test("answers requests, with several answers as a sequence")
    func requests() async throws {
        let bus = EventBus()
        try await bus.respond(to: "calculate", as: Sum.self) { $0.values.reduce(0, +) }
        try await bus.respond(to: "calculate", as: Sum.self) { $0.values.max() ?? 0 }

        let first: Int = try await bus.request(Sum(values: [1, 2]), to: "calculate")
        #expect([2, 3].contains(first))
        var all: [Int] = []
        for try await reply in try await bus.replies(to: Sum(values: [1, 2]), on: "calculate", as: Int.self) {
            all.append(reply)
        }
        #expect(all.sorted() == [2, 3])
        do {
            _ = try await bus.request(1, to: "nobody", as: Int.self)
        } catch let error as OmnibusError where error.code == .noResponder {
            #expect(error.message.contains("'nobody'"))
        }
    }

    @Test("gives up on what fails, and redrives it")
    func failing() async throws {
        let bus = EventBus(settings: BusSettings(failurePolicy: FailurePolicy.noRetry))
        let isBroken = EventRecorder<Void>()
        try await bus.subscribe(to: TaskCreated.self, group: "workers") { _ in
            isBroken.record(())
            if isBroken.count == 1 { throw CancellationError() }
        }
        try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        await bus.settled()

        for letter in try bus.deadLetters.list(of: "agent.#") {
            #expect(letter.reason == .retriesExhausted)
            try await bus.deadLetters.redrive(letter.id)
        }
        try await isBroken.expect(2)
    }

    @Test("has literals that are checked, and initialisers that throw")
    func literals() throws {
        let topic: Topic = "agent.task.created"
        let pattern: TopicPattern = "agent.*.#"
        let pieces = ["agent", "task"]

        #expect(pattern.matches(topic))
        #expect(try Topic(validating: pieces.joined(separator: ".")) == "agent.task")
        #expect(throws: OmnibusError.self) { try Topic(validating: "agent.*") }
        #expect(throws: OmnibusError.self) { try TopicPattern(validating: "agent..#") }
    }
}
