// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("Forwarding", .timeLimit(.minutes(5)))
struct ForwardingTests {
    let bus = ManualEnvironment(seed: 84).makeBus()

    @Test("gives each sink every message, whatever becomes of the others")
    func independent() async throws {
        let seen = EventRecorder<Int>()
        let broken = FunctionSink("broken") { _ in throw Broken() }
        let healthy = FunctionSink("push") { seen.record($0.payload["n"]?.intValue ?? -1) }
        let subscriptions = try await self.bus.forward(
            "order.#",
            to: [broken, healthy],
            with: HandlerSettings(failurePolicy: .noRetry)
        )
        for number in 0..<3 {
            try await self.bus.publish(Message(topic: "order.placed", payload: ["n": .init(number)]))
        }
        await self.bus.settled()
        #expect(seen.all == [0, 1, 2])
        #expect(try self.bus.deadLetters.count == 3)
        let nodes = self.bus.topology().subscriptions
        #expect(nodes.map(\.kind) == [.sink, .sink])
        #expect(nodes.map(\.name) == ["broken", "push"])
        #expect(nodes.map(\.id) == subscriptions.map(\.id))
    }

    @Test("runs messages through a pipeline before a sink sees them")
    func redacted() async throws {
        let seen = EventRecorder<Message>()
        try await self.bus.forward(
            "#",
            to: [FunctionSink("audit") { seen.record($0) }],
            through: TransformPipeline([.redacting()])
        )
        let whole = EventRecorder<Message>()
        try await self.bus.subscribe(to: "login") { whole.record($0.message) }
        try await self.bus.publish(Message(topic: "login", payload: ["password": "p"]))
        #expect(try await seen.next().payload["password"] == "[redacted]")
        #expect(try await whole.next().payload["password"] == "p")
    }

    @Test("to metrics counts messages by topic, or by what one likes")
    func metrics() async throws {
        let sinks: [any EventSink] = [
            try MetricsSink(self.bus.metrics),
            try MetricsSink(self.bus.metrics, name: "kinds", counter: "orders") {
                ["kind": $0.headers["kind"]?.text ?? "none"]
            },
        ]
        try await self.bus.forward("order.#", to: sinks)
        for kind in ["book", "book", "disc"] {
            var message = Message(topic: "order.placed", payload: 1)
            try message.headers.set(.text(kind), for: "kind")
            try await self.bus.publish(message)
        }
        await self.bus.settled()
        let text = try await self.bus.metrics.snapshot().prometheusText
        #expect(text.contains(#"forwarded_messages_total{topic="order.placed"} 3"#))
        #expect(text.contains(#"orders_total{kind="book"} 2"#))
        #expect(text.contains(#"orders_total{kind="disc"} 1"#))
        await expectError(.invalidMetric) { _ = try MetricsSink(self.bus.metrics, counter: "omnibus orders-ms") }
    }

    @Test("to another bus keeps ids and causes")
    func otherBus() async throws {
        let other = ManualEnvironment(seed: 85).makeBus()
        let seen = EventRecorder<Message>()
        try await other.subscribe(to: "#") { seen.record($0.message) }
        try await self.bus.forward("a.#", to: [BusSink("other", other)])
        let id = try await self.bus.publish(Message(topic: "a.b", payload: 1)).messageID
        let forwarded = try await seen.next()
        #expect(forwarded.id == id)
        #expect(forwarded.causationID == nil)
        #expect(forwarded.topic == "a.b")
    }

    @Test("subscribes no sink where one cannot be")
    func allOrNone() async throws {
        try await self.bus.shutdown()
        await expectError(.busClosed) { try await self.bus.forward("#", to: [FunctionSink("a") { _ in }]) }
        #expect(self.bus.topology().subscriptions.isEmpty)
    }
}

@Suite("Emitting", .timeLimit(.minutes(5)))
struct EmittingTests {
    @Test("never throws, and counts and tells what could not be emitted")
    func counts() async throws {
        let bus = EventBus(
            environment: ManualEnvironment(seed: 87).environment,
            settings: BusSettings(enqueueBounds: QueueBounds(count: 1))
        )
        let signals = EventRecorder<BusSignal.Kind>()
        bus.onSignal { signals.record($0.kind) }
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .suspend())
        let subscription = try await bus.subscribe(to: Step.self, with: settings) { _ in }
        try await subscription.pause()
        for number in 0..<10 { bus.emit(Step(number: number)) }
        // One is in the queue, and one waits; another one may be on its way between them.
        let failed = bus.failedEmissions
        #expect(failed == 8 || failed == 7)
        #expect(signals.all.count { $0 == .unpublished } == failed)
        try await subscription.resume()
        try await bus.flush()
        await bus.settled()
        #expect(try await bus.metrics().queues.acknowledged == 10 - failed)

        try await bus.shutdown()
        bus.emit(Message(topic: "late", payload: 1))
        #expect(bus.failedEmissions == failed + 1)
    }

    @Test("counts what is refused later")
    func later() async throws {
        let manual = ManualEnvironment(seed: 88)
        let bus = manual.makeBus()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .suspend(atMost: .seconds(5)))
        let subscription = try await bus.subscribe(to: Step.self, with: settings) { _ in }
        try await subscription.pause()
        bus.emit(Step(number: 0))
        bus.emit(Step(number: 1))
        #expect(bus.failedEmissions == 0)
        await bus.suspendedPublishers(1)
        try await manual.clock.timers(atLeast: 1)
        manual.clock.advance(by: .seconds(5))
        try await bus.flush()
        #expect(bus.failedEmissions == 1)
    }
}
