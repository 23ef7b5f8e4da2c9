// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A synchronous handler", .timeLimit(.minutes(5)))
struct SynchronousHandlerTests {
    private struct Refusal: Error {}

    @Test("gets every event in order")
    func getsEverything() async throws {
        let bus = EventBus()
        let seen = EventRecorder<Int>()
        try await bus.subscribe(synchronouslyTo: Step.self) { seen.record($0.number) }

        for number in 0..<1_000 { try await bus.publish(Step(number: number)) }
        try await bus.shutdown()
        #expect(seen.all == Array(0..<1_000))
    }

    @Test("that throws has the event tried again, and given up on")
    func throwing() async throws {
        let bus = EventBus()
        let seen = EventRecorder<Int>()
        try await bus.subscribe(
            synchronouslyTo: Step.self,
            with: HandlerSettings(failurePolicy: .retry(.none, attempts: 3))
        ) { step in
            seen.record(step.number)
            throw Refusal()
        }

        try await bus.publish(Step(number: 7))
        try await bus.shutdown()
        #expect(seen.all == [7, 7, 7])
        #expect(try await bus.metrics().queues.deadLettered == 1)
    }

    @Test("is the cause of what it publishes")
    func causes() async throws {
        let bus = EventBus()
        let effects = try await bus.deliveries(of: "effect")
        try await bus.subscribe(synchronouslyTo: Step.self) { step in
            try bus.publishNow(Message(topic: "effect", bytes: [UInt8(step.number)]))
        }

        let cause = try await bus.publish(Step(number: 3))
        var iterator = effects.makeAsyncIterator()
        let effect = try #require(await iterator.next())
        #expect(effect.message.causationID == cause.messageID)
    }

    @Test("shares a queue with others")
    func grouped() async throws {
        let bus = EventBus()
        let seen = EventRecorder<Int>()
        for _ in 0..<3 {
            try await bus.subscribe(synchronouslyTo: Step.self, group: "workers") { seen.record($0.number) }
        }

        for number in 0..<300 { try await bus.publish(Step(number: number)) }
        try await bus.shutdown()
        #expect(seen.all.sorted() == Array(0..<300))
    }

    @Test("runs behind middleware, within its time limit, and where latency is measured")
    func indirectly() async throws {
        var settings = BusSettings(metrics: MetricsSettings(measuresLatency: true))
        let names = EventRecorder<String>()
        settings.handleMiddleware = [
            .around("names") { delivery, next in
                names.record(delivery.message.topic.name)
                try await next(delivery)
            }
        ]
        for bus in [EventBus(), EventBus(settings: settings)] {
            let seen = EventRecorder<Int>()
            try await bus.subscribe(
                synchronouslyTo: Step.self,
                with: HandlerSettings(timeout: .seconds(60))
            ) { seen.record($0.number) }
            for number in 0..<10 { try await bus.publish(Step(number: number)) }
            try await bus.shutdown()
            #expect(seen.all == Array(0..<10))
        }
        #expect(names.count == 10)
    }
}
