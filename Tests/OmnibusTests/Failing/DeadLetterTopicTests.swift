// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("The one topic for dead letters", .timeLimit(.minutes(5)))
struct DeadLetterTopicTests {
    let manual = ManualEnvironment(seed: 59)
    let bus: EventBus

    init() {
        let broker = InMemoryBroker(
            environment: self.manual.environment,
            deadLetterTopic: .fixed("kmb.system.dlq")
        )
        self.bus = EventBus(
            provider: broker,
            environment: self.manual.environment,
            settings: BusSettings(failurePolicy: .retry(.none, attempts: 2))
        )
    }

    @Test("may be the program's own, and gets the notices of all topics")
    func getsNotices() async throws {
        let notices = try await self.bus.recorder(of: "kmb.system.dlq")
        let others = try await self.bus.recorder(of: "omnibus.dead.#")
        try await self.bus.subscribe(to: "job.*", group: "g") { _ in throw Broken() }
        try await self.bus.publish(1, to: "job.a")
        try await self.bus.publish(2, to: "job.b")
        await self.bus.settled()

        #expect(notices.all.map { $0.headers["omnibus-dead-topic"]?.text } == ["job.a", "job.b"])
        #expect(notices.all.map(\.id) == (try self.bus.deadLetters.list().map(\.id)))
        #expect(others.count == 0)
    }

    @Test("makes no dead letters of its notices when its own handler fails")
    func doesNotLoop() async throws {
        let attempts = EventRecorder<Int>()
        try await self.bus.subscribe(to: "kmb.system.dlq") { delivery in
            attempts.record(delivery.attempt)
            throw Broken()
        }
        try await self.bus.subscribe(to: Step.self) { _ in throw Broken() }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()

        #expect(attempts.all == [1, 2])
        #expect(try self.bus.deadLetters.list().map(\.message.topic) == ["job.step"])
    }

    @Test("does not loop through a topic that notices are forwarded to either")
    func doesNotLoopThroughForwarding() async throws {
        let bus = self.bus
        let forwarded = EventRecorder<Topic>()
        try await bus.subscribe(to: "kmb.system.dlq") { delivery in
            var message = delivery.message
            message.topic = "alerts"
            message.id = MessageID("")
            try await bus.publish(message)
        }
        try await bus.subscribe(to: "alerts") { delivery in
            forwarded.record(delivery.message.topic)
            try await delivery.reject(reason: "no")
        }
        try await bus.subscribe(to: Step.self) { _ in throw Broken() }
        try await bus.publish(Step(number: 1))
        await bus.settled()

        #expect(forwarded.all == ["alerts"])
        #expect(try bus.deadLetters.list().map(\.message.topic) == ["job.step"])
    }

    @Test("makes dead letters of the program's own messages there")
    func keepsOwnMessages() async throws {
        try await self.bus.subscribe(to: "kmb.system.dlq") { try await $0.reject(reason: "no") }
        try await self.bus.publish(1, to: "kmb.system.dlq")
        await self.bus.settled()
        #expect(try self.bus.deadLetters.list().map(\.message.topic) == ["kmb.system.dlq"])
    }
}
