// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Subscribing, as documented", .timeLimit(.minutes(5)))
struct SubscribingTests {
    let bus = EventBus()

    @Test("takes handlers of events, and of events with their deliveries")
    func handlers() async throws {
        let seen = EventRecorder<String>()
        try await bus.subscribe(to: TaskCreated.self) { task in seen.record(task.taskID) }
        try await bus.subscribe(to: TaskCreated.self) { task, delivery in
            seen.record("\(task.taskID) \(delivery.attempt) \(delivery.message.topic)")
        }
        try await bus.subscribe(to: TaskCreated.self) { seen.record($0.prompt) }
        try await bus.subscribe(to: TaskCreated.self) { seen.record("\($0.prompt) \($1.attempt)") }

        try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        #expect(try await Set(seen.expect(4)) == ["1", "1 1 agent.task.created", "p", "p 1"])
    }

    @Test("takes patterns, whose handlers get deliveries")
    func patterns() async throws {
        let seen = EventRecorder<Topic>()
        try await bus.subscribe(to: "agent.*.created") { delivery in seen.record(delivery.message.topic) }
        try await bus.subscribe(to: "agent.#", group: "audit") { seen.record($0.message.topic) }

        try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        #expect(try await seen.expect(2) == ["agent.task.created", "agent.task.created"])
    }

    @Test("takes a start, which an ephemeral topic reads as the latest")
    func starts() async throws {
        let seen = EventRecorder<String>()
        try await bus.publish(TaskCreated(taskID: "before", prompt: "p"))
        try await bus.subscribe(to: TaskCreated.self, from: .earliest) { seen.record($0.taskID) }
        try await bus.subscribe(to: "agent.#", group: "late", from: .latest) { _ in seen.record("delivery") }
        let deliveries = try await bus.deliveries(of: "agent.#", from: .latest)

        try await bus.publish(TaskCreated(taskID: "after", prompt: "p"))
        #expect(try await Set(seen.expect(2)) == ["after", "delivery"])
        for try await delivery in deliveries {
            #expect(try delivery.message.payload.decode(as: TaskCreated.self, codec: JSONCodec()).taskID == "after")
            break
        }
    }

    @Test("takes settings of its own")
    func settings() async throws {
        let seen = EventRecorder<Int>()
        let settings = HandlerSettings(
            concurrency: 4,
            failurePolicy: .retry(.exponential(initial: .milliseconds(1), cap: .milliseconds(2)), attempts: 3),
            bounds: QueueBounds(count: 1_024),
            overflow: .dropOldest
        )
        try await bus.subscribe(to: TaskCreated.self, group: "workers", with: settings) { _, delivery in
            seen.record(delivery.attempt)
            if delivery.attempt < 3 { throw CancellationError() }
        }

        try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        #expect(try await seen.expect(3) == [1, 2, 3])
    }

    @Test("has inline observers, which are no subscriptions")
    func observing() async throws {
        let seen = EventRecorder<String>()
        try bus.observe(TaskCreated.self) { seen.record($0.taskID) }
        try bus.observe("agent.#") { seen.record($0.topic.name) }

        try bus.publishNow(TaskCreated(taskID: "1", prompt: "p"))
        #expect(Set(seen.all) == ["1", "agent.task.created"])
    }

    @Test("carries causation by itself inside a handler")
    func causation() async throws {
        let bus = self.bus
        let completed = try await bus.recorder(of: "agent.task.completed")
        try await bus.subscribe(to: TaskCreated.self, group: "workers") { task in
            try await bus.publish(TaskCompleted(taskID: task.taskID))
        }

        let receipt = try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        #expect(try await completed.next().causationID == receipt.messageID)
    }

    @Test("carries causation in a loop by the delivery")
    func causationInLoops() async throws {
        let bus = self.bus
        let completed = try await bus.recorder(of: "agent.task.completed")
        let deliveries = try await bus.deliveries(of: "agent.task.created")

        let receipt = try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        for try await delivery in deliveries {
            try await delivery.publish(TaskCompleted(taskID: "1"))
            try await delivery.withContext { try await bus.publish(TaskCompleted(taskID: "2")) }
            break
        }
        #expect(try await completed.expect(2).map(\.causationID) == [receipt.messageID, receipt.messageID])
    }

    @Test("reaches a subscription inside its own handler by the delivery")
    func ownSubscription() async throws {
        let seen = EventRecorder<SubscriptionID>()
        let subscription = try await bus.subscribe(to: TaskCreated.self) { _, delivery in
            seen.record(delivery.subscription.id)
            await delivery.subscription.cancel()
        }

        try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        #expect(try await seen.next() == subscription.id)
        await bus.settled()
        #expect(try await bus.publish(TaskCreated(taskID: "2", prompt: "p")).matched == 0)
    }

    @Test("is cancelled by the bus or the handle, not by dropping the handle")
    func dropping() async throws {
        let seen = EventRecorder<String>()
        _ = try await bus.subscribe(to: TaskCreated.self) { seen.record($0.taskID) }

        try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        #expect(try await seen.next() == "1")
    }

    @Test("starts no handler after cancel() has returned")
    func cancelling() async throws {
        let seen = EventRecorder<String>()
        let subscription = try await bus.subscribe(to: TaskCreated.self) { seen.record($0.taskID) }

        await subscription.cancel()
        try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        try await bus.shutdown()
        #expect(seen.count == 0)
    }

    @Test("starts handlers with no isolation and no inherited task-local value", arguments: [false, true])
    @MainActor
    func isolation(withDelivery: Bool) async throws {
        enum Context {
            @TaskLocal static var user: String?
        }
        struct Start: Sendable, Equatable {
            var isIsolated: Bool
            var user: String?
        }
        let starts = EventRecorder<Start>()
        let look: @Sendable () async -> Void = {
            starts.record(Start(isIsolated: #isolation != nil, user: Context.user))
        }
        let bus = self.bus
        try await Context.$user.withValue("ada") {
            if withDelivery {
                try await bus.subscribe(to: TaskCreated.self) { _, _ in await look() }
                try await bus.subscribe(to: "agent.#") { _ in await look() }
            } else {
                try await bus.subscribe(to: TaskCreated.self) { _ in await look() }
                try await bus.subscribe(to: TaskCreated.self) { _ in
                    starts.record(Start(isIsolated: #isolation != nil, user: Context.user))
                }
            }
            try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        }

        let none = Start(isIsolated: false, user: nil)
        #expect(try await starts.expect(2) == [none, none])
    }

    @Test("runs a handler on the main actor where it says so")
    @MainActor
    func mainActor() async throws {
        let seen = EventRecorder<String>()
        let screen = Screen()
        try await bus.subscribe(to: TaskCreated.self) { @MainActor task in
            MainActor.assertIsolated()
            screen.title = task.prompt
            seen.record(screen.title)
        }
        try await screen.follow(bus, seen)

        try await bus.publish(TaskCreated(taskID: "1", prompt: "p"))
        #expect(try await seen.expect(2) == ["p", "p"])
    }
}

/// A type of the main actor that follows events, as user interfaces do.
@MainActor
private final class Screen {
    var title = ""

    func follow(_ bus: EventBus, _ seen: EventRecorder<String>) async throws {
        try await bus.subscribe(to: TaskCreated.self) { @MainActor task in
            self.title = task.prompt
            seen.record(self.title)
        }
    }
}
