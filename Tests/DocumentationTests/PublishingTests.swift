// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Publishing, as documented", .timeLimit(.minutes(5)))
struct PublishingTests {
    let bus = EventBus()

    @Test("takes events, and returns a receipt that need not be looked at")
    func events() async throws {
        let created = try await bus.recorder(of: TaskCreated.self)

        try await bus.publish(TaskCreated(taskID: "1", prompt: "…"))
        let receipt = try await bus.publish(TaskCreated(taskID: "2", prompt: "…"))
        #expect(receipt.matched == 1)
        #expect(!receipt.isDuplicate)
        #expect(try await created.expect(2).map(\.taskID) == ["1", "2"])
    }

    @Test("takes any Codable value with a topic")
    func values() async throws {
        let seen = try await bus.recorder(of: "numbers")

        try await bus.publish(Sum(values: [1, 2]), to: "numbers")
        try await bus.publish(3, to: "numbers")
        try await bus.publish("three", to: "numbers")
        let payloads = try await seen.expect(3).map(\.payload)
        #expect(try payloads[0].json() == ["values": [1, 2]])
        #expect(try payloads[1].bytes() == Array("3".utf8))
        #expect(payloads[2].value(as: String.self) == "three")
    }

    @Test("takes messages")
    func messages() async throws {
        let seen = try await bus.recorder(of: "raw.#")
        var message = Message(topic: "raw.json", key: "customer-7", payload: ["name": "Ada", "tags": [1, 2.5, nil]])
        message.headers = ["tenant": "acme", "retries": 3, "urgent": true]
        message.timeToLive = .seconds(60)

        try await bus.publish(message)
        let received = try await seen.next()
        #expect(received.payload["name"] == "Ada")
        #expect(received.headers["tenant"] == "acme")
        #expect(received.key == "customer-7")
    }

    @Test("takes bytes under a label")
    func bytes() async throws {
        let seen = try await bus.recorder(of: "raw.bytes")

        try await bus.publish(bytes: [1, 2, 3], to: "raw.bytes")
        #expect(try await seen.next().payload.bytes() == [1, 2, 3])
    }

    @Test("takes CloudEvents, to a topic or to the one that they name")
    func cloudEvents() async throws {
        let seen = try await bus.recorder(of: "#")
        let event = try CloudEvent(id: "1", source: "/tests", type: "com.example.thing.made")

        try await bus.publish(event, to: "things")
        try await bus.publish(event, to: nil)
        try await bus.publish(event)
        #expect(
            try await seen.expect(3).map(\.topic) == ["things", "com.example.thing.made", "com.example.thing.made"]
        )
        let unroutable = try CloudEvent(id: "2", source: "/tests", type: "no valid topic")
        do {
            try await bus.publish(unroutable)
            Issue.record("A CloudEvent without a topic was published.")
        } catch let error as OmnibusError {
            #expect(error.code == .invalidTopic)
        }
    }

    @Test("takes batches: of one type, of several, of messages")
    func batches() async throws {
        let seen = try await bus.recorder(of: "#")

        let one = try await bus.publish(batch: [
            TaskCompleted(taskID: "1"), TaskCompleted(taskID: "2"),
        ])
        let mixed: [any Event] = [TaskCreated(taskID: "3", prompt: "…"), TaskCompleted(taskID: "3")]
        let several = try await bus.publish(batch: mixed)
        let messages = try await bus.publish(batch: [
            Message(topic: "raw.one", payload: 1), Message(topic: "raw.two", payload: "two"),
        ])

        #expect([one, several, messages].map(\.successCount) == [2, 2, 2])
        #expect(
            try await seen.expect(6).map(\.topic) == [
                "agent.task.completed", "agent.task.completed", "agent.task.created", "agent.task.completed", "raw.one",
                "raw.two",
            ]
        )
    }

    @Test("has publishers whose route is resolved once")
    func topicPublishers() async throws {
        let created = try await bus.recorder(of: TaskCreated.self)
        let sums = try await bus.recorder(of: "sums")

        let publisher: TopicPublisher<TaskCreated> = try await bus.publisher(of: TaskCreated.self)
        try await publisher.publish(TaskCreated(taskID: "1", prompt: "…"))
        try publisher.publishNow(TaskCreated(taskID: "2", prompt: "…"))
        let plain = try await bus.publisher(of: Sum.self, to: "sums")
        try await plain.publish(Sum(values: []))
        #expect(try await created.expect(2).map(\.taskID) == ["1", "2"])
        #expect(try await sums.next().payload.value(as: Sum.self)?.values == [])
    }

    @Test("never suspends with publishNow, which works in synchronous code")
    func publishNow() async throws {
        let created = try await bus.recorder(of: "#")
        func inSynchronousCode() throws {
            try bus.publishNow(TaskCreated(taskID: "1", prompt: "…"))
            try bus.publishNow(Sum(values: [1]), to: "sums")
            try bus.publishNow(Message(topic: "raw", payload: 1))
        }

        try inSynchronousCode()
        #expect(try await created.expect(3).map(\.topic) == ["agent.task.created", "sums", "raw"])
    }

    @Test("can be asked for by its protocols alone")
    func protocols() async throws {
        let seen = try await bus.recorder(of: TaskCompleted.self)
        func complete(_ taskID: String, with publisher: some EventPublishing) async throws {
            try await publisher.publish(TaskCompleted(taskID: taskID))
        }
        func completeNow(_ taskID: String, with publisher: any SyncEventPublishing) throws {
            try publisher.publishNow(TaskCompleted(taskID: taskID))
        }

        try await complete("1", with: bus)
        try completeNow("2", with: bus)
        #expect(try await seen.expect(2).map(\.taskID) == ["1", "2"])
    }

    @Test("lets an event's topic, key and subject vary by its value")
    func varyingEvents() async throws {
        struct Moved: Event {
            static let topic: Topic = "vehicle.moved"
            var vehicle: String
            var eventTopic: Topic { (try? Topic(validating: "vehicle.\(vehicle).moved")) ?? Self.topic }
            var eventKey: String? { vehicle }
            var eventSubject: String? { "vehicles/\(vehicle)" }
        }
        let seen = try await bus.recorder(of: "vehicle.*.moved")

        try await bus.publish(Moved(vehicle: "v7"))
        let message = try await seen.next()
        #expect(message.topic == "vehicle.v7.moved")
        #expect(message.key == "v7")
        #expect(message.subject == "vehicles/v7")
    }
}
