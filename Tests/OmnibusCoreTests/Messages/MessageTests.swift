// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import OmnibusJSON
import Testing

@Suite("Messages")
struct MessageTests {
    @Test("need no more than a topic and a payload")
    func needLittle() {
        let message = Message(topic: "tasks", payload: ["action": "analyze"])

        #expect(message.payload["action"] == "analyze")
        #expect(message.type == "tasks")
        #expect(message.contentType == "application/json")
        #expect(message.priority == .normal)
        #expect(message.key == nil && message.source == nil && message.timeToLive == nil && message.expiresAt == nil)
        #expect(message.headers.isEmpty)
        #expect(message.id == "" && !message.hasID)
        #expect(message.extras == nil)
    }

    @Test("carry bytes and Swift values too")
    func carryOthers() throws {
        let codec = CountingCodec(output: [1])
        let bytes = Message(topic: "tasks", key: "k", bytes: [1, 2, 3])
        let value = Message(topic: "tasks", value: Work(name: "a"), codec: codec)

        #expect(try bytes.payload.bytes() == [1, 2, 3])
        #expect(bytes.key == "k" && bytes.contentType == nil)
        #expect(value.payload.value(as: Work.self) == Work(name: "a"))
        #expect(value.contentType == "text/counted")
    }

    @Test("are at most 120 bytes, all that is rare being elsewhere")
    func areFlat() {
        #expect(MemoryLayout<Message>.size <= 120)
    }

    @Test("are values: a copy that is changed leaves the original as it is")
    func areValues() {
        var original = Message(topic: "tasks", payload: 1)
        original.source = "a"
        var copy = original
        copy.source = "b"
        copy.headers = ["x": 1]

        #expect(original.source == "a" && original.headers.isEmpty)
        #expect(copy.source == "b" && copy.headers["x"] == 1)
        #expect(original.extras !== copy.extras)
    }

    @Test("change the box of rare fields in place while nobody shares it")
    func changeInPlace() {
        var message = Message(topic: "tasks", payload: 1)
        message.source = "a"
        let box = message.extras.map { ObjectIdentifier($0) }

        message.subject = "b"
        message.timeToLive = .seconds(1)

        #expect(message.extras.map { ObjectIdentifier($0) } == box)
    }

    @Test("may share one box of rare fields")
    func shareBox() {
        var fields = MessageFields()
        fields.causationID = "cause"
        let box = MessageExtras(fields)
        var messages = (0..<2).map { number in
            Message(
                topic: "tasks",
                key: nil,
                payload: 1,
                id: MessageID("\(number)"),
                acceptedAt: nil,
                priority: .normal,
                extras: box
            )
        }

        messages[0].causationID = "other"

        #expect(messages[0].causationID == "other")
        #expect(messages[1].causationID == "cause")
        #expect(box.fields.causationID == "cause")
    }

    @Test("have their topic's text as type until another is set")
    func haveType() {
        var message = Message(topic: "agent-events", payload: 1)
        message.type = "agent.task.assigned"
        #expect(message.type == "agent.task.assigned")

        message.type = "agent-events"
        message.topic = "moved"

        #expect(message.type == "moved")
    }

    @Test("are correlated to themselves until something else is set")
    func areCorrelated() {
        var message = Message(topic: "tasks", payload: 1)
        message.id = "own"
        #expect(message.correlationID == "own" && message.storedCorrelationID == nil)

        message.correlationID = "first"
        #expect(message.correlationID == "first")

        message.correlationID = ""
        #expect(message.correlationID == "own")
    }

    @Test("use the subject as key where there is no key")
    func useSubject() {
        var message = Message(topic: "tasks", payload: 1)
        #expect(message.routingKey == nil)

        message.subject = "order/1"
        #expect(message.routingKey == "order/1" && message.key == nil)

        message.key = "k"
        #expect(message.routingKey == "k")
    }

    @Test("expire when their time to live after acceptance is over")
    func expire() {
        var message = Message(topic: "tasks", payload: 1)
        message.timeToLive = .seconds(60)
        #expect(message.expiresAt == nil)

        message.acceptedAt = Timestamp(secondsSinceEpoch: 1_000)
        #expect(message.expiresAt == Timestamp(secondsSinceEpoch: 1_060))
    }

    @Test("begin a trace that follows from their id")
    func beginTrace() {
        var message = Message(topic: "tasks", payload: 1)
        message.id = "0190163d-8694-739b-aea5-966c26f8ad91"

        #expect(message.traceContext.traceID == "0190163d8694739baea5966c26f8ad91")
        #expect(message.traceContext.spanID == "aea5966c26f8ad91")
        #expect(message.storedTraceContext == nil)

        message.id = "evt-1"
        let derived = message.traceContext
        #expect(derived == message.traceContext)
        message.id = "evt-2"
        #expect(derived != message.traceContext)

        message.traceContext = derived
        #expect(message.traceContext == derived && message.storedTraceContext == derived)
    }

    @Test("are equal when all that a reader can see is", arguments: 0..<20 as Range<UInt64>)
    func areEqual(seed: UInt64) throws {
        var left = MessageRandom(seed: seed)
        var right = MessageRandom(seed: seed)
        let message = try left.message(withEverything: true)
        var other = try right.message(withEverything: true)

        #expect(message == other, "seed \(seed)")
        other.headers = ["x": "other"]
        #expect(message != other, "seed \(seed)")
    }

    @Test("compare every text byte by byte: two spellings of one letter differ", arguments: Self.texts)
    func compareBytes(property: String, set: @Sendable (inout Message, String) -> Void) {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        #expect(composed == decomposed)
        var message = Message(topic: "tasks", payload: 1)
        set(&message, composed)
        var same = Message(topic: "tasks", payload: 1)
        set(&same, composed)
        var other = Message(topic: "tasks", payload: 1)
        set(&other, decomposed)

        #expect(message == same, "\(property)")
        #expect(message != other, "\(property)")
        #expect(message.headers.hashValue == same.headers.hashValue)
    }

    /// The properties that are text, and how to set each.
    private static let texts: [(String, @Sendable (inout Message, String) -> Void)] = [
        ("key", { $0.key = $1 }),
        ("id", { $0.id = MessageID($1) }),
        ("type", { $0.type = EventType($1) }),
        ("source", { $0.source = $1 }),
        ("subject", { $0.subject = $1 }),
        ("content type", { $0.contentType = $1 }),
        ("data schema", { $0.dataSchema = $1 }),
        ("sequence", { $0.sequence = $1 }),
        ("parent span id", { $0.parentSpanID = $1 }),
        ("header's text", { $0.headers = ["x": .text($1)] }),
        ("header's name", { $0.headers.put(1, for: $1) }),
        (
            "issuer",
            { $0.authentication = AuthMetadata(issuer: $1, clientID: "", signature: [], timestamp: .epoch) }
        ),
        (
            "client id",
            { $0.authentication = AuthMetadata(issuer: "", clientID: $1, signature: [], timestamp: .epoch) }
        ),
        ("payload", { $0.payload = Payload(json: .string($1)) }),
    ]

    @Test("never show what they carry")
    func hidePayload() {
        var message = Message(topic: "tasks", payload: ["password": "secret"])
        message.id = "evt-1"

        #expect("\(message)" == "tasks (evt-1, JSON)")
    }

    @Test("that are fine are valid", arguments: 0..<50 as Range<UInt64>)
    func areValid(seed: UInt64) throws {
        var random = MessageRandom(seed: seed)
        let message = try random.message()

        #expect(throws: Never.self, "seed \(seed)") { try message.validate() }
    }

    @Test("are refused with all that is wrong in one error")
    func areInvalid() throws {
        var message = Message(topic: "tasks", key: "", payload: 1)
        message.id = "a\nb"
        message.source = "a\u{0}"
        message.subject = ""
        message.type = ""
        message.correlationID = "\u{7F}"
        message.parentSpanID = "xyz"
        message.timeToLive = .zero
        message.authentication = AuthMetadata(issuer: "a\r\nb", clientID: "c\n", signature: [], timestamp: .epoch)
        message.headers = ["not fine": 1]
        let error = try #require(throws: OmnibusError.self) { try message.validate() }

        #expect(error.code == .invalidMessage)
        for part in [
            "key", "id", "source", "subject", "type", "correlation id", "parent span", "time to live", "not fine",
            "issuer", "client id",
        ] {
            #expect(error.message.contains(part), "\(part): \(error.message)")
        }
        #expect(!error.message.contains("\n") && !error.message.contains("\u{0}"))
    }

    @Test("without rare fields are checked too", arguments: ["", "a\r\n", "\u{FFFE}"])
    func areCheckedInShort(key: String) {
        #expect(throws: OmnibusError.self) { try Message(topic: "tasks", key: key, payload: 1).validate() }
    }

    @Test("with nothing but a wrong header say so by their code")
    func haveWrongHeader() throws {
        var message = Message(topic: "tasks", payload: 1)
        message.headers = ["event_type": "x"]
        let error = try #require(throws: OmnibusError.self) { try message.validate() }

        #expect(error.code == .invalidHeader)
        #expect(error.message.contains("message.type"))
    }
}

@Suite("Priorities")
struct PriorityTests {
    @Test("are ordered from low to critical, and have names", arguments: Priority.allCases)
    func haveNames(priority: Priority) {
        #expect(Priority(name: priority.name) == priority)
        #expect(Priority.low <= priority && priority <= .critical)
        #expect(Priority(name: "urgent") == nil)
    }
}
