// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Publishing", .timeLimit(.minutes(5)))
struct PublishingTests {
    let bus = EventBus()

    @Test("hands over what one publisher published in the order in which it was published")
    func keepsOrder() async throws {
        let steps = try await self.bus.recorder(of: Step.self)

        for number in 0..<2_000 { try await self.bus.publish(Step(number: number)) }
        #expect(try await steps.expect(2_000) == (0..<2_000).map(Step.init))
    }

    @Test("keeps the order of one publisher across topics of a pattern")
    func keepsOrderAcrossTopics() async throws {
        let seen = try await self.bus.recorder(of: "order.#")

        for number in 0..<300 {
            let topic = try Topic(validating: "order.part\(number % 3)")
            try await self.bus.publish(Message(topic: topic, payload: Payload(json: .integer(Int64(number)))))
        }
        let numbers = try await seen.expect(300).map { try $0.payload.json() }
        #expect(numbers == (0..<300).map { .integer(Int64($0)) })
    }

    @Test("keeps the order of calls on one topic publisher")
    func keepsOrderOfTopicPublisher() async throws {
        let steps = try await self.bus.recorder(of: Step.self)
        let publisher = try await self.bus.publisher(of: Step.self)

        for number in 0..<500 { try await publisher.publish(Step(number: number)) }
        for number in 500..<1_000 { try publisher.publishNow(Step(number: number)) }
        try await publisher.publish(batch: (1_000..<1_500).map(Step.init))
        #expect(try await steps.expect(1_500) == (0..<1_500).map(Step.init))
    }

    @Test("gives every subscription each message")
    func fansOut() async throws {
        var recorders: [EventRecorder<Step>] = []
        for _ in 0..<10 { recorders.append(try await self.bus.recorder(of: Step.self)) }

        for number in 0..<100 {
            #expect(try await self.bus.publish(Step(number: number)).matched == 10)
        }
        for recorder in recorders { #expect(try await recorder.expect(100) == (0..<100).map(Step.init)) }
    }

    @Test(
        "reaches the patterns that match",
        arguments: [
            ("a.b.c", ["a.b.c", "a.*.c", "a.#", "#", "*.*.*", "#.c"]), ("a.c", ["a.#", "#", "#.c"]), ("b", ["#"]),
        ]
    )
    func reachesPatterns(topic: String, expected: [String]) async throws {
        let reached = EventRecorder<String>()
        for pattern in ["a.b.c", "a.*.c", "a.#", "#", "*.*.*", "#.c", "a.b", "*.c.d"] {
            try await self.bus.subscribe(to: TopicPattern(validating: pattern)) { delivery in
                reached.record(delivery.subscription.pattern.description)
            }
        }

        let receipt = try await self.bus.publish(Message(topic: Topic(validating: topic), payload: "x"))
        await self.bus.settled()
        #expect(receipt.matched == expected.count)
        #expect(Set(reached.all) == Set(expected))
        #expect(reached.count == expected.count)
    }

    @Test("says that nobody listens by a match count of zero")
    func countsNobody() async throws {
        #expect(try await self.bus.publish(Step(number: 1)).matched == 0)
    }

    @Test("keeps wildcards away from the system's topics")
    func hidesSystemTopics() async throws {
        let all = try await self.bus.recorder(of: "#")
        let dead = try await self.bus.recorder(of: "omnibus.dead.#")
        try await self.bus.subscribe(to: Step.self, with: HandlerSettings(failurePolicy: FailurePolicy.noRetry)) { _ in
            throw Broken()
        }

        try await self.bus.publish(Step(number: 1))
        #expect(try await dead.next().topic == "omnibus.dead.job.step")
        await self.bus.settled()
        #expect(all.all.map(\.topic) == ["job.step"])
    }

    @Test("refuses the system's topics")
    func refusesSystemTopics() async throws {
        await expectError(.invalidTopic) { try await self.bus.publish("x", to: "omnibus.x") }
        await expectError(.invalidTopic) { try self.bus.publishNow("x", to: "omnibus.x") }
        await expectError(.invalidTopic) { try await self.bus.publish(bytes: [1], to: "omnibus.dead.job") }
        #expect(try await self.bus.metrics().published == 0)
        #expect(try await self.bus.metrics().refused == 0)
    }

    @Test("keeps bytes as they are")
    func keepsBytes() async throws {
        let seen = try await self.bus.recorder(of: "raw")

        try await self.bus.publish(bytes: [0, 255, 7], to: "raw")
        #expect(try await seen.next().payload.bytes() == [0, 255, 7])
    }

    @Test("fills in what a message lacks, and keeps what it has")
    func fillsIn() async throws {
        let bus = EventBus(source: "tests/filling")
        let seen = try await bus.recorder(of: "raw.#")
        var given = Message(topic: "raw.given", key: "k", payload: ["a": 1])
        given.id = "my-own-id"
        given.source = "elsewhere"

        let receipt = try await bus.publish(Message(topic: "raw.bare", payload: "x"))
        try await bus.publish(given)
        let messages = try await seen.expect(2)
        #expect(messages[0].id == receipt.messageID)
        #expect(messages[0].source == "tests/filling")
        #expect(messages[0].acceptedAt != nil)
        #expect(messages[1].id == "my-own-id")
        #expect(messages[1].source == "elsewhere")
        #expect(messages[1].key == "k")
    }

    @Test("tells the source of typed events as well")
    func tellsSource() async throws {
        let bus = EventBus(source: "tests/typed")
        let sources = EventRecorder<String?>()
        try await bus.subscribe(to: Step.self) { _, delivery in sources.record(delivery.message.source) }

        try await bus.publish(Step(number: 1))
        #expect(try await sources.next() == "tests/typed")
    }

    @Test("encodes nothing that is published and handled in one process, and else with the codec of its own")
    func usesCodec() async throws {
        struct ReversingCodec: PayloadCodec {
            let encodings: EventRecorder<Void>
            var contentType: String { "application/x-reversed" }
            func encode(_ value: some Encodable) throws -> [UInt8] {
                self.encodings.record(())
                return try JSONCodec().encode(value).reversed()
            }
            func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
                try JSONCodec().decode(type, from: bytes.reversed())
            }
        }
        let encodings = EventRecorder<Void>()
        let bus = EventBus(settings: BusSettings(codec: ReversingCodec(encodings: encodings)))
        let steps = try await bus.recorder(of: Step.self)
        let messages = try await bus.recorder(of: "job.*")

        try await bus.publish(Step(number: 1))
        try await bus.publish(bytes: #"{"number":2}"#.utf8.reversed(), to: Step.topic)
        #expect(try await steps.expect(2) == [Step(number: 1), Step(number: 2)])
        #expect(encodings.count == 0)
        let message = try await messages.next()
        #expect(message.payload.contentType == "application/x-reversed")
        #expect(try message.payload.bytes() == #"{"number":1}"#.utf8.reversed())
        #expect(try message.payload.bytes().count == 12)
        #expect(encodings.count == 1)
    }

    @Test("refuses an event whose topic is not its publisher's")
    func refusesOtherTopic() async throws {
        struct Wandering: Event {
            static let topic: Topic = "wandering"
            var place: String
            var eventTopic: Topic { (try? Topic(validating: "wandering.\(self.place)")) ?? Self.topic }
        }
        let publisher = try await self.bus.publisher(of: Wandering.self)

        await expectError(.invalidTopic) { try await publisher.publish(Wandering(place: "here")) }
        await expectError(.invalidTopic) { try publisher.publishNow(Wandering(place: "here")) }
        let seen = try await self.bus.recorder(of: "wandering.here")
        try await self.bus.publish(Wandering(place: "here"))
        #expect(try await seen.next().payload.decode(as: Wandering.self, codec: JSONCodec()).place == "here")
    }

    @Test("reports on each message of a batch")
    func reportsBatch() async throws {
        let seen = try await self.bus.recorder(of: "batch.#")
        let result = try await self.bus.publish(batch: [
            Message(topic: "batch.one", payload: 1), Message(topic: "omnibus.two", payload: 2),
            Message(topic: "batch.three", payload: 3),
        ])

        #expect(result.successCount == 2)
        #expect(result.failureCount == 1)
        #expect(result.errors.map(\.code) == [.invalidTopic])
        #expect(try await seen.expect(2).map(\.topic) == ["batch.one", "batch.three"])
        if case .refused = result.outcomes[1] {} else { Issue.record("The second message was accepted.") }
    }

    @Test("refuses a payload that is larger than the topic takes")
    func refusesLarge() async throws {
        let broker = InMemoryBroker(limits: .init(maximumMessageSize: 10))
        let bus = EventBus(provider: broker)

        try await bus.publish(bytes: Array(repeating: 0, count: 10), to: "small")
        let error = await expectError(.tooLarge) {
            try await bus.publish(bytes: Array(repeating: 0, count: 11), to: "small")
        }
        #expect(error?.message.contains("11 bytes") == true)
        #expect(try await bus.metrics().refused == 1)
    }

    @Test("shows observers what is published before the call returns")
    func observes() async throws {
        let events = EventRecorder<Step>()
        let messages = EventRecorder<Topic>()
        let first = try self.bus.observe(Step.self) { events.record($0) }
        try self.bus.observe("job.*") { messages.record($0.topic) }

        try await self.bus.publish(Step(number: 1))
        #expect(events.all == [Step(number: 1)])
        try self.bus.publishNow(StepDone(number: 1))
        #expect(messages.all == ["job.step", "job.done"])
        await first.cancel()
        try await self.bus.publish(Step(number: 2))
        #expect(events.count == 1)
    }
}
