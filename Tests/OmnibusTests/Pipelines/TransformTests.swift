// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A pipeline of transforms", .timeLimit(.minutes(5)))
struct TransformTests {
    let manual = ManualEnvironment(seed: 81)

    private func makeBus(_ settings: BusSettings) -> EventBus {
        EventBus(environment: self.manual.environment, settings: settings)
    }

    private func adding(_ word: String) -> MessageTransform {
        MessageTransform(word) { message in
            let text = (try? message.payload.json())?.stringValue ?? ""
            message.payload = Payload(json: .string(text + word))
        }
    }

    @Test("runs one after the other, and ends at the first that throws")
    func order() async throws {
        let log = EventRecorder<String>()
        var pipeline = TransformPipeline([self.adding("a")])
        pipeline.add(
            MessageTransform("b") { message -> Message in
                await Task.yield()
                var changed = message
                changed.key = "b"
                return changed
            }
        )
        pipeline.add(.logging { log.record($0) })
        let message = try await pipeline.process(Message(topic: "t", payload: ""))
        #expect(message.key == "b")
        #expect(try message.payload.json() == "a")
        #expect(log.all == ["message without an id on topic t"])
        #expect(pipeline.names == ["a", "b", "logging"])

        pipeline.add(MessageTransform("broken") { _ in throw Broken() })
        pipeline.add(MessageTransform("never") { _ in log.record("never") })
        await #expect(throws: Broken.self) { try await pipeline.process(Message(topic: "t", payload: "")) }
        #expect(!log.all.contains("never"))
    }

    @Test("stands around every publish, by name in the topology")
    func publishing() async throws {
        let pipeline = TransformPipeline([.enriching(component: "shop", version: "1.2.0"), .redacting()])
        let bus = self.makeBus(BusSettings(publishMiddleware: pipeline.publishMiddleware))
        let seen = EventRecorder<Message>()
        try await bus.subscribe(to: "t") { seen.record($0.message) }
        try await bus.publish(Message(topic: "t", payload: ["user": "u", "Password": "p", "deep": [["api-key": 1]]]))
        try bus.publishNow(Message(topic: "t", payload: 1))
        let messages = try await seen.expect(2)
        #expect(messages[0].headers["component"] == .text("shop"))
        #expect(messages[0].headers["version"] == .text("1.2.0"))
        #expect(
            try messages[0].payload.json()
                == ["user": "u", "Password": "[redacted]", "deep": [["api-key": "[redacted]"]]]
        )
        #expect(bus.topology().publishTransforms == ["enriching", "redacting"])
    }

    @Test("stands around every attempt, and handlers of events decode what it leaves")
    func handling() async throws {
        let pipeline = TransformPipeline([
            MessageTransform("mend") { message in
                if let number = message.payload["n"] { message.payload = Payload(json: ["number": number]) }
            }
        ])
        let bus = self.makeBus(BusSettings(handleMiddleware: pipeline.handleMiddleware))
        let seen = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self) { seen.record($0.number) }
        try await bus.publish(Message(topic: Step.topic, payload: ["n": 7]))
        try await bus.publish(Message(topic: Step.topic, payload: ["x": 7]))
        await bus.settled()
        #expect(seen.all == [7])
        #expect(try bus.deadLetters.list().map(\.reason) == [.undecodable])
    }

    @Test("hides sensitive fields of typed payloads and headers, and leaves bytes that are no JSON alone")
    func redacts() async throws {
        struct Login: Codable, Sendable { var user: String; var apiKey: String }
        let redact = MessageTransform.redacting(["api_key", "x-token"])
        var message = Message(topic: "t", payload: Payload(Login(user: "u", apiKey: "k"), codec: JSONCodec()))
        try message.headers.set(.text("t"), for: "X-Token")
        let redacted = try await redact.apply(to: message)
        #expect(try redacted.payload.json() == ["user": "u", "apiKey": "[redacted]"])
        #expect(redacted.headers["X-Token"] == .text("[redacted]"))

        let bytes = Message(topic: "t", bytes: [0xFF, 0x00])
        #expect(try await redact.apply(to: bytes).payload.bytes() == [0xFF, 0x00])
        let harmless = Message(topic: "t", payload: Payload(Login(user: "u", apiKey: "k"), codec: JSONCodec()))
        let kept = try await MessageTransform.redacting(["other"]).apply(to: harmless)
        #expect(kept.payload.value(as: Login.self) != nil)
    }

    @Test("lets nothing past that it cannot look into, and that might be JSON")
    func redactsOrFails() async throws {
        let redact = MessageTransform.redacting()
        func redacted(_ text: String, contentType: String? = nil) async throws -> String {
            var message = Message(topic: "t", bytes: Array(text.utf8))
            message.contentType = contentType
            return String(decoding: try await redact.apply(to: message).payload.bytes(), as: UTF8.self)
        }
        #expect(try await redacted(#"{"password":"a","password":"b"}"#) == #"{"password":"[redacted]"}"#)
        // What a strict parser drops must not come through as it was either.
        #expect(try await redacted(#"{"a":{"token":"x"},"a":1}"#) == #"{"a":1}"#)
        #expect(try await redacted("plain", contentType: "text/plain") == "plain")
        #expect(try await redacted("\u{FEFF}{\"token\":1}") == #"{"token":"[redacted]"}"#)
        #expect(
            try await redacted("a=1&pass%77ord=x&b=2", contentType: "application/x-www-form-urlencoded")
                == "a=1&pass%77ord=[redacted]&b=2"
        )
        let broken: [(String, String?)] = [
            (#"{"password":"a""#, nil), ("password: a", "application/json"), ("{a: 1}", "text/plain"),
            ("{\"token\":1}\n{\"token\":2}", "application/octet-stream"),
            (String(repeating: "[", count: 2_000) + String(repeating: "]", count: 2_000), "text/plain"),
        ]
        for (text, contentType) in broken {
            await expectError(.undecodable) { _ = try await redacted(text, contentType: contentType) }
        }
        var deep: JSONValue = ["token": 1]
        for _ in 0..<20_000 { deep = [deep] }
        let abyss = Message(topic: "t", payload: Payload(json: deep))
        await expectError(.undecodable) { _ = try await redact.apply(to: abyss) }
        var compressed = Message(topic: "t", bytes: [1, 2])
        try compressed.headers.set("gzip", for: Compression.header)
        await expectError(.invalidMessage) { _ = try await redact.apply(to: compressed) }
    }

    @Test(
        "knows a sensitive field by its last words, however they are written",
        arguments: [
            "password", "userPassword", "user_password", "USER-PASSWORD", "client_secret", "x-api-key", "API key",
            "api.key", "APIKey", "accessToken",
        ]
    )
    func names(name: String) async throws {
        let redact = MessageTransform.redacting()
        var message = Message(
            topic: "t",
            payload: Payload(json: ["deep": .array([.object(JSONObject([(name, JSONValue.string("x"))]))])])
        )
        // What a tool is called with is JSON in a string.
        let context = HeaderValue.text(#"{"\#(name)":"x"}"#)
        message.headers = ["X-Api-Key": "k", "context": context, "passwords_seen": 3]
        let redacted = try await redact.apply(to: message)
        #expect(
            try redacted.payload.json() == [
                "deep": .array([.object(JSONObject([(name, JSONValue.string("[redacted]"))]))])
            ]
        )
        #expect(redacted.headers["X-Api-Key"] == .text("[redacted]"))
        #expect(redacted.headers["context"] == .text(#"{"\#(name)":"[redacted]"}"#))
        #expect(redacted.headers["passwords_seen"] == 3)
        let call = Message(topic: "t", payload: ["arguments": .string(#"{"\#(name)":"x","n":1}"#)])
        #expect(
            try await redact.apply(to: call).payload["arguments"] == .string(#"{"\#(name)":"[redacted]","n":1}"#)
        )
    }

    @Test("gives types their priority")
    func priorities() async throws {
        let transform = MessageTransform.prioritizing(["alarm": .critical])
        #expect(try await transform.apply(to: Message(topic: "alarm", payload: 1)).priority == .critical)
        #expect(try await transform.apply(to: Message(topic: "other", payload: 1)).priority == .normal)
    }
}

@Suite("A filter of events", .timeLimit(.minutes(5)))
struct EventFilterTests {
    private func message(_ topic: Topic, _ priority: Priority = .normal) -> Message {
        var message = Message(topic: topic, payload: 1)
        message.priority = priority
        return message
    }

    @Test("goes by priority, type and the two switches")
    func allows() {
        var filter = EventFilter(
            minimumPriority: .normal,
            enabledEvents: ["status_change", "task.created"],
            disabledEvents: ["secret"]
        )
        #expect(filter.allows(self.message("agent.task.created")))
        #expect(filter.allows(self.message("task.status.change")))
        #expect(!filter.allows(self.message("agent.task.created", .low)))
        #expect(!filter.allows(self.message("agent.task.failed")))
        filter.enabledEvents = nil
        #expect(filter.allows(self.message("agent.task.failed")))
        #expect(!filter.allows(self.message("agent.secret")))
        filter.allowsAuditEvents = false
        filter.allowsPerformanceEvents = false
        #expect(!filter.allows(self.message("agent.audit.action")))
        #expect(!filter.allows(self.message("performance.metric")))
    }

    @Test("comes from the environment, where every wrong value is named")
    func environment() throws {
        let filter = try EventFilter(environment: [
            "A2A_EVENT_FILTER_LEVEL": "High", "A2A_ENABLE_AUDIT_EVENTS": "false",
        ])
        #expect(filter == EventFilter(minimumPriority: .high, allowsAuditEvents: false))
        #expect(try EventFilter(environment: [:]) == EventFilter())
        let error = #expect(throws: OmnibusError.self) {
            try EventFilter(environment: ["A2A_EVENT_FILTER_LEVEL": "loud", "A2A_ENABLE_PERFORMANCE_EVENTS": "maybe"])
        }
        #expect(error?.code == .invalidSettings)
        #expect(error?.message.contains("A2A_EVENT_FILTER_LEVEL") == true)
        #expect(error?.message.contains("A2A_ENABLE_PERFORMANCE_EVENTS") == true)
    }

    @Test("keeps back what it does not want, whichever call publishes it, and as a predicate")
    func keepsBack() async throws {
        let filter = EventFilter(disabledEvents: ["step"])
        let bus = EventBus(
            environment: ManualEnvironment(seed: 82).environment,
            settings: BusSettings(publishMiddleware: [filter.publishMiddleware])
        )
        let seen = EventRecorder<Topic>()
        try await bus.subscribe(to: "#") { seen.record($0.message.topic) }
        #expect(try await bus.publish(Step(number: 1)).matched == 0)
        try bus.publishNow(Step(number: 2))
        #expect(try await bus.enqueue(Step(number: 3)).value().matched == 0)
        try await bus.publish(StepDone(number: 4))
        await bus.settled()
        #expect(seen.all == [StepDone.topic])
        #expect(try await bus.metrics().published == 1)

        let plain = ManualEnvironment(seed: 83).makeBus()
        try await plain.subscribe(to: "#", with: HandlerSettings(predicate: filter.predicate)) { _ in }
        #expect(try await plain.publish(Step(number: 1)).matched == 0)
        #expect(try await plain.publish(StepDone(number: 1)).matched == 1)
    }
}
