// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("CloudEvents on the bus", .timeLimit(.minutes(5)))
struct CloudEventTests {
    private let manual = ManualEnvironment(seed: 15)
    private let bus: EventBus

    init() {
        self.bus = self.manual.makeBus()
    }

    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func event(
        _ type: String = "shop.placed",
        time: Timestamp? = nil,
        extensions: [String: CloudEventAttributeValue] = [:]
    ) throws -> CloudEvent {
        try CloudEvent(
            id: "A-1",
            source: "https://example.com/shop",
            type: type,
            subject: "order 7",
            time: time,
            dataContentType: "application/json",
            data: .json(["total": 7]),
            extensions: extensions
        )
    }

    @Test("come out as they went in")
    func comesBack() async throws {
        let happened = self.manual.clock.now.advanced(by: .seconds(-5))
        let event = try self.event(
            time: happened,
            extensions: [
                "partitionkey": "customer 7", "traceparent": .string(Self.trace), "tracestate": "vendor=1",
                "expirytime": .timestamp(happened.advanced(by: .seconds(60))), "sequence": "9", "retries": .integer(3),
                "sampled": .boolean(true), "raw": .binary([0, 255]), "correlationid": "flow", "priority": "odd",
                "empty": "", "page": .uri("https://example.com/a"), "part": .uriReference("/a#b"), "dataref": "x",
                "seen": .timestamp(happened),
            ]
        )
        let events = EventRecorder<CloudEvent>()
        let deliveries = EventRecorder<CloudEvent>()
        try await self.bus.subscribe(toCloudEvents: "shop.#") { events.record($0) }
        try await self.bus.subscribe(to: "shop.#") { deliveries.record(try $0.cloudEvent()) }

        try await self.bus.publish(event)
        #expect(try await events.next() == event)
        #expect(try await deliveries.next() == event)
    }

    @Test("keep their expiry time to the nanosecond by the machine's clock, and their data as it was given")
    func keepsInstant() async throws {
        let bus = EventBus()
        let events = EventRecorder<CloudEvent>()
        try await bus.subscribe(toCloudEvents: "shop.#") { events.record($0) }
        let end = try #require(Timestamp("2099-01-01T00:00:00Z"))
        let texts: [(CloudEventData, String)] = [
            (.text("hello"), "text/plain"), (.json(["a": 1]), "application/json"), (.bytes([0, 255]), "image/png"),
        ]
        for (number, (data, type)) in texts.enumerated() {
            let event = try CloudEvent(
                id: "\(number)",
                source: "/",
                type: "shop.placed",
                time: .epoch,
                dataContentType: type,
                data: data,
                extensions: ["expirytime": .timestamp(end)]
            )
            try await bus.publish(event)
            #expect(try await events.next() == event)
        }
        try await bus.shutdown()
    }

    @Test("carry an event as their data through every binding", arguments: ["application/cloudevents+json", "no type"])
    func carriesEvents(contentType: String) throws {
        var message = Message(topic: "shop.placed", bytes: Array("{}".utf8))
        message.id = "outer"
        message.contentType = contentType
        for binding in [ProtocolBinding.http, .kafka, .amqp, .nats, .mqtt] {
            for mode in [ContentMode.binary, .structured] {
                let event = try binding.read(binding.write(message.cloudEvent(), mode: mode)).event
                #expect(try Message(event) == message)
            }
        }
    }

    @Test("say which topic they were published to, where the type does not")
    func namesTopic() async throws {
        let events = EventRecorder<CloudEvent>()
        try await self.bus.subscribe(toCloudEvents: "incoming") { events.record($0) }

        try await self.bus.publish(self.event(time: self.manual.clock.now), to: "incoming")
        var expected = try self.event(time: self.manual.clock.now)
        try expected.setExtension("omnibustopic", to: "incoming")
        #expect(try await events.next() == expected)
    }

    @Test("are made of typed events as well")
    func takesTypedEvents() async throws {
        let events = EventRecorder<CloudEvent>()
        try await self.bus.subscribe(toCloudEvents: "job.step") { events.record($0) }

        let receipt = try await self.bus.publish(Step(number: 4))
        let event = try await events.next()
        #expect(event.id == receipt.messageID.description && event.type == "job.step")
        #expect(try event.payload(Step.self) == Step(number: 4))
    }

    @Test("hand their trace to the handler, and it hands it on in what it publishes")
    func carriesTrace() async throws {
        let bus = self.bus
        let handled = EventRecorder<TraceContext>()
        let effects = EventRecorder<CloudEvent>()
        try await bus.subscribe(toCloudEvents: "effect.#") { effects.record($0) }
        try await bus.subscribe(to: Step.self) { _, delivery in handled.record(delivery.message.traceContext) }
        try await bus.subscribe(to: "shop.placed") { delivery in
            handled.record(delivery.message.traceContext)
            try await bus.publish(Step(number: 1))
            try await bus.publish(Message(topic: "effect.message", payload: 1))
            try await bus.publish(CloudEvent(id: "B", source: "/", type: "effect.event"))
        }

        let extensions: [String: CloudEventAttributeValue] = [
            "traceparent": .string(Self.trace), "tracestate": "vendor=1,other=2",
        ]
        try await bus.publish(self.event(extensions: extensions))
        let given = try TraceContext(traceparent: Self.trace, tracestate: "vendor=1,other=2")
        let contexts = try await handled.expect(2) + effects.expect(2).map { try #require($0.traceContext) }
        #expect(contexts[0] == given)
        for context in contexts.dropFirst() {
            #expect(context.traceID == given.traceID && context.spanID != given.spanID)
            #expect(context.tracestate == given.tracestate && context.flags == given.flags)
        }
    }

    @Test("with a trace that is not valid begin a new one", arguments: ["00-0-0-00", "garbage"])
    func ignoresInvalidTrace(_ text: String) async throws {
        let handled = EventRecorder<TraceContext>()
        try await self.bus.subscribe(to: "shop.placed") { handled.record($0.message.traceContext) }

        var event = try self.event()
        try event.setExtension("traceparent", to: .string(text))
        try await self.bus.publish(event)
        let context = try await handled.next()
        #expect(context.traceIDHigh != 0 || context.traceIDLow != 0)
        #expect(context.tracestate.isEmpty)
    }

    @Test("expire at their expiry time, however long they were on the way", arguments: [false, true])
    func expires(hasTime: Bool) async throws {
        let now = self.manual.clock.now
        let bus = self.bus
        let gate = Gate()
        let events = EventRecorder<String>()
        let settings = HandlerSettings(concurrency: 1)
        try await bus.subscribe(toCloudEvents: "shop.#", with: settings) { event in
            events.record(event.id)
            try await gate.pass()
        }
        func publish(_ id: String, expiry: Duration) async throws {
            let event = try CloudEvent(
                id: id,
                source: "/",
                type: "shop.placed",
                time: hasTime ? now.advanced(by: .seconds(-3_600)) : nil,
                extensions: ["expirytime": .timestamp(now.advanced(by: expiry))]
            )
            try await bus.publish(event)
        }

        try await publish("first", expiry: .seconds(100))
        #expect(try await events.next() == "first")
        try await publish("over", expiry: .seconds(-1))
        try await publish("short", expiry: .seconds(10))
        try await publish("long", expiry: .seconds(100))
        self.manual.clock.advance(by: .seconds(11))
        gate.open()
        #expect(try await events.next() == "long")
        await bus.settled()
        #expect(try bus.deadLetters.list().map(\.message.id.description).sorted() == ["over", "short"])
        #expect(try bus.deadLetters.list().allSatisfy { $0.reason == .expired })
    }

    @Test("of one subject are handled in order, where no partition key is given")
    func ordersBySubject() async throws {
        let bus = self.bus
        let gate = Gate()
        let begun = EventRecorder<String>()
        try await bus.subscribe(
            to: "shop.#",
            with: HandlerSettings(concurrency: 4)
        ) { delivery in
            begun.record(delivery.message.id.description)
            try await gate.pass()
        }

        for (id, subject) in [("1", "a"), ("2", "a"), ("3", "b")] {
            try await bus.publish(CloudEvent(id: id, source: "/", type: "shop.placed", subject: subject))
        }
        #expect(Set(try await begun.expect(2)) == ["1", "3"])
        gate.open()
        #expect(try await begun.expect(3).last == "2")
    }
}
