// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("ONEX events")
struct OnexEventTests {
    private func event() throws -> OnexEvent {
        try OnexEvent(parsing: Array(WireSamples.onex.utf8))
    }

    @Test("read what the document says")
    func reads() throws {
        let event = try self.event()

        #expect(event.eventID == "6f2c1d0e-8a3b-4c5d-9e7f-0123456789ab")
        #expect(event.eventType == "user.created")
        #expect(event.timestamp == Timestamp("2026-02-28T09:30:00.25Z"))
        #expect(event.source == "user-service")
        #expect(event.payload == ["action": "user_created", "user_id": "12345"])
        #expect(event.correlationID == "req-abc123")
        #expect(event.metadata["tags"] == ["a", "b"])
        try event.validate()
    }

    @Test("write the document that was read, its members in order")
    func writes() throws {
        let json = try JSONValue(parsing: WireSamples.onex)
        let written = try JSONValue(parsing: self.event().bytes())

        #expect(written == json)
        #expect(written.objectValue?.names == json.objectValue?.names)
        #expect(try self.event().bytes() == json.bytes())
    }

    @Test("become a message and the same event again")
    func roundTripsOverMessage() throws {
        let event = try self.event()
        let message = try Message(event)

        #expect(message.topic == "user.created")
        #expect(message.source == "user-service")
        #expect(message.createdAt == event.timestamp)
        #expect(message.correlationID == "req-abc123")
        #expect(message.payload["user_id"] == "12345")
        #expect(message.headers["region"] == "eu")
        #expect(message.headers["tries"] == 3)
        #expect(message.headers["load"] == 2.0)
        #expect(message.headers["first"] == true)
        #expect(message.headers["tags"] == nil)
        #expect(try OnexEvent(message) == event)
        #expect(try OnexEvent(message).bytes().count == event.bytes().count)
    }

    @Test(
        "keep a time as it was written, by ISO 8601",
        arguments: [
            "2026-02-28T09:30:00.000Z", "2026-02-28T09:30:00+00:00", "2026-02-28T09:30", "2026-02-28T09:30:00.25",
        ]
    )
    func keepsTimes(text: String) throws {
        var members = try #require(self.event().json.objectValue)
        members["timestamp"] = .string(text)
        members["metadata"] = ["wire-timestamp": "2026-02-28T09:30Z", "kmb-type": "x"]
        let event = try OnexEvent(json: .object(members))

        #expect(event.json == .object(members))
        #expect(try OnexEvent(Message(event)) == event)
    }

    @Test("refuse times that there are not", arguments: ["2026-02-28", "2026-02-28T09", "2026-02-30T09:30", "T", ""])
    func refusesTimes(text: String) async throws {
        var members = try #require(self.event().json.objectValue)
        members["timestamp"] = .string(text)
        await expectError(.invalidMessage) { _ = try OnexEvent(json: .object(members)) }
    }

    @Test("hold everything that a message has", arguments: WireSamples.messages)
    func holdsMessages(message: Message) throws {
        let event = try OnexEvent(message)
        let read = try OnexEvent(parsing: event.bytes())

        #expect(read == event)
        #expect(try Message(read) == message)
    }

    @Test("go to the topic that is named, whatever their type")
    func takesTopic() throws {
        var event = try self.event()
        event.eventType = "not a topic"

        #expect(try Message(event, topic: "users").topic == "users")
        #expect(try Message(event, topic: "users").type == "not a topic")
        #expect(throws: OmnibusError.self) { try Message(event) }
    }

    @Test("go over a bus and come back")
    func goesOverBus() async throws {
        let bus = EventBus()
        let seen = try await bus.recorder(of: "user.created")

        try await bus.publish(try Message(self.event()))
        let message = try #require(try await seen.expect(1).first)
        var event = try OnexEvent(message)
        #expect(event.metadata["omnibus_accepted_at"] != nil)
        event.metadata["omnibus_accepted_at"] = nil
        #expect(try event == self.event())
        try await bus.shutdown()
    }

    @Test("name everything that is wrong with a document at once")
    func namesFindings() async throws {
        let document = #"{"event_id":7,"event_type":null,"timestamp":"yesterday","payload":[],"metadata":{},"more":1}"#

        let error = await expectError(.invalidMessage) { _ = try OnexEvent(parsing: Array(document.utf8)) }
        let text = try #require(error).message
        for part in [
            "'event_id' is a number", "'event_type' is null", "'timestamp' is a text; expected a time",
            "'source' is missing", "'payload' is an array", "'correlation_id' is missing", #""more" is not a member"#,
        ] {
            #expect(text.contains(part), "\(text)")
        }
        #expect(!text.contains("yesterday"))
    }

    @Test(
        "say of bytes that are no object what they are",
        arguments: ["", "{", "[]", "7", "{\"a\":1,\"a\":2}", "\u{FEFF}{}"]
    )
    func refusesOtherBytes(text: String) async {
        await expectError(.invalidMessage) { _ = try OnexEvent(parsing: Array(text.utf8)) }
        await expectError(.invalidMessage) { _ = try KMBMessage(parsing: Array(text.utf8)) }
        await expectError(.invalidMessage) { _ = try AMBMessage(parsing: Array(text.utf8)) }
    }

    @Test("name everything that is wrong with their values at once")
    func validates() async throws {
        let event = OnexEvent(
            eventID: "evt-123",
            eventType: "",
            timestamp: .epoch,
            source: "a\u{0}b",
            payload: [:],
            correlationID: ""
        )

        let error = await expectError(.invalidMessage) { try event.validate() }
        let text = try #require(error).message
        for part in [
            "'event_id' is not a UUID", "'event_type' is empty", "'source' holds a control", "'correlation_id'",
        ] {
            #expect(text.contains(part), "\(text)")
        }
    }

    @Test("are not made of messages that they cannot hold, and say why")
    func refusesMessages() async throws {
        var message = Message(topic: "a", payload: [1, 2])
        message.headers = ["omnibus_key": "x", "wire-members": "no object"]

        let error = await expectError(.invalidMessage) { _ = try OnexEvent(message) }
        let text = try #require(error).message
        for part in ["no id", "no time", "no source", "payload is an array", "omnibus_key", "'wire-members'"] {
            #expect(text.contains(part), "\(text)")
        }
        await expectError(.undecodable) { _ = try OnexEvent(Message(topic: "a", bytes: [0xFF])) }
    }

    @Test("refuse metadata under the bus's own names that says something else")
    func refusesOwnNames() async throws {
        var event = try self.event()
        event.metadata["omnibus_priority"] = "urgent"
        event.metadata["omnibus_reply_to"] = "a..b"
        event.metadata["omnibus_retry_count"] = 7
        event.metadata["omnibus_unknown"] = "x"
        event.metadata["omnibus_auth"] = "{}"
        event.metadata["omnibus_header_kinds"] = #"{"region":"bytes"}"#

        let error = await expectError(.invalidMessage) { _ = try Message(event) }
        let text = try #require(error).message
        for part in ["priority", "reply_to", "retry_count' is a number", "omnibus_unknown", "omnibus_auth", "region"] {
            #expect(text.contains(part), "\(text)")
        }
    }

    @Test("have as much metadata as a message can have headers, and no more")
    func boundsMetadata() async throws {
        var event = try self.event()
        event.metadata = JSONObject((0..<1_024).map { ("m\($0)", .integer(Int64($0))) })
        #expect(try OnexEvent(Message(event)) == event)

        event.metadata["more"] = true
        let error = await expectError(.invalidMessage) { _ = try Message(event) }
        #expect(error?.message.contains("more members than a message can have headers") == true)
    }
}
