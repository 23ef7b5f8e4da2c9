// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("AMB messages")
struct AMBMessageTests {
    @Test("read what the document says")
    func reads() throws {
        let amb = try AMBMessage(parsing: Array(WireSamples.amb.utf8))

        #expect(amb.id == "evt-123")
        #expect(amb.topic == "tasks")
        #expect(amb.payload == ["action": "analyze", "file": "data.txt"])
        #expect(amb.correlationID == "req-abc123")
        #expect(amb.timestamp?.secondsSinceEpoch == 1_734_602_400)
        #expect(amb.others.names == ["sender", "ttl", "metadata"])
        try amb.validate()
    }

    @Test("write the document that was read, byte for byte", arguments: [WireSamples.amb, WireSamples.smallAMB])
    func writes(document: String) throws {
        let json = try JSONValue(parsing: document)

        #expect(try AMBMessage(parsing: Array(document.utf8)).bytes() == json.bytes())
    }

    @Test("become a message and the same document again", arguments: [WireSamples.amb, WireSamples.smallAMB])
    func roundTripsOverMessage(document: String) throws {
        let amb = try AMBMessage(parsing: Array(document.utf8))

        #expect(try AMBMessage(Message(amb)).json == amb.json)
    }

    @Test("hold everything that a message has", arguments: WireSamples.messages)
    func holdsMessages(message: Message) throws {
        let amb = try AMBMessage(message)
        let read = try AMBMessage(parsing: amb.bytes())

        #expect(try Message(read) == message)
        #expect(try AMBMessage(Message(read)).json == amb.json)
    }

    @Test(
        "read and write seconds without changing them",
        arguments: [0.25, 4_500_000.000_1, 1_734_602_400.123_456, 1_734_602_400.999_999_9, -1.5, 253_402_300_799.5]
    )
    func keepsSeconds(seconds: Double) throws {
        let amb = try AMBMessage(json: ["topic": "a", "payload": nil, "timestamp": .number(seconds)])

        #expect(amb.json["timestamp"]?.doubleValue == seconds)
    }

    @Test(
        "read a time as text too",
        arguments: ["2024-12-19T10:00:00.5", "2024-12-19T10:00:00.5Z", "2024-12-19T10:00:00.5+00:00"]
    )
    func readsTimeAsText(text: String) throws {
        let amb = try AMBMessage(json: ["topic": "a", "payload": nil, "timestamp": .string(text)])

        #expect(amb.timestamp == Timestamp("2024-12-19T10:00:00.5Z"))
        #expect(amb.json["timestamp"] == .string(text))
        #expect(try AMBMessage(Message(amb)) == amb)
        var later = amb
        later.timestamp = Timestamp("2024-12-19T10:00:01.5Z")
        #expect(later.json["timestamp"] == 1_734_602_401.5)
    }

    @Test(
        "keep a time that was written as a text as it was",
        arguments: ["2024-01-15T10:30:00.123456", "2024-01-15T10:30Z", "2024-01-15T11:30:00.1234567890123+01:00"]
    )
    func keepsTexts(text: String) throws {
        let amb = try AMBMessage(json: ["topic": "a", "payload": nil, "timestamp": .string(text)])
        let again = try AMBMessage(Message(amb))

        #expect(again.json == amb.json)
        #expect(again.json["timestamp"] == .string(text))
        #expect(again.others.isEmpty)
    }

    @Test("keep a member apart that has the name of the bus's own header")
    func keepsApart() throws {
        let amb = try AMBMessage(
            json: ["topic": "a", "payload": nil, "timestamp": 0, "wire-timestamp": "1970-01-01T00:00Z"]
        )
        #expect(try AMBMessage(Message(amb)) == amb)
    }

    @Test("refuse times that there are not", arguments: [1e30, -1e30, 253_402_300_801])
    func refusesTimes(seconds: Double) async {
        await expectError(.invalidMessage) {
            _ = try AMBMessage(json: ["topic": "a", "payload": nil, "timestamp": .number(seconds)])
        }
    }

    @Test("carry question and answer as in the document's first sample")
    func carriesAnswers() async throws {
        let bus = EventBus()
        let results = try await bus.recorder(of: "results")
        try await bus.subscribe(to: "tasks") { delivery in
            let task = try AMBMessage(delivery.message)
            let result = AMBMessage(topic: "results", payload: ["done": true], correlationID: task.correlationID)
            try await bus.publish(try Message(result))
        }

        try await bus.publish(
            try Message(AMBMessage(topic: "tasks", payload: ["action": "analyze"], correlationID: "req-abc123"))
        )
        #expect(try await results.expect(1).first?.correlationID == "req-abc123")
        try await bus.shutdown()
    }

    @Test("name everything that is wrong at once")
    func namesFindings() async throws {
        let reading = await expectError(.invalidMessage) {
            _ = try AMBMessage(json: ["topic": 1, "id": [], "timestamp": true])
        }
        let text = try #require(reading).message
        for part in ["'topic' is a number", "'payload' is missing", "'id' is an array", "'timestamp' is a boolean"] {
            #expect(text.contains(part), "\(text)")
        }
        let amb = AMBMessage(topic: "a b#", payload: nil, correlationID: "", id: "a\u{7}", others: ["topic": "b"])
        let validating = await expectError(.invalidMessage) { try amb.validate() }
        let findings = try #require(validating).message
        for part in ["'topic'", "'id'", "'correlation_id'", "'others'"] {
            #expect(findings.contains(part), "\(findings)")
        }
    }

    @Test("refuse headers that have the name of one of the document's members")
    func refusesHeaders() async {
        var message = WireSamples.fullMessage(0)
        message.headers = ["payload": "x"]

        await expectError(.invalidMessage) { _ = try AMBMessage(message) }
    }
}
