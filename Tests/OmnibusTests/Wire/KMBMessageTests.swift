// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("KMB messages")
struct KMBMessageTests {
    @Test("read what the document says")
    func reads() throws {
        let kmb = try KMBMessage(parsing: Array(WireSamples.kmb.utf8))

        #expect(kmb.id == "0a1b2c3d-4e5f-4a6b-8c7d-8e9fa0b1c2d3")
        #expect(kmb.timestamp == Timestamp("2024-12-19T10:00:00Z"))
        #expect(kmb.topic == "kmb.agent.intent.create")
        #expect(kmb.type == "command")
        #expect(kmb.payload["parameters"]?["door"] == 1)
        #expect(kmb.metadata.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(kmb.metadata.correlationID == "req-abc123")
        #expect(kmb.metadata.replyTo == "kmb.service.status")
        #expect(kmb.metadata.authentication.clientID == "agent-7")
        #expect(kmb.metadata.authentication.signature == "c2lnbmVk")
        #expect(kmb.metadata.headers == ["event_type": "x", "room": "kitchen", "two words": "y"])
        #expect(kmb.metadata.priority == .critical)
        #expect(kmb.metadata.timeToLive == .seconds(60))
        try kmb.validate()
    }

    @Test("write the document that was read, byte for byte", arguments: [WireSamples.kmb, WireSamples.smallKMB])
    func writes(document: String) throws {
        let json = try JSONValue(parsing: document)

        #expect(try KMBMessage(parsing: Array(document.utf8)).bytes() == json.bytes())
    }

    @Test("become a message and the same document again", arguments: [WireSamples.kmb, WireSamples.smallKMB])
    func roundTripsOverMessage(document: String) throws {
        let kmb = try KMBMessage(parsing: Array(document.utf8))

        #expect(try KMBMessage(Message(kmb)) == kmb)
        #expect(try KMBMessage(Message(kmb)).bytes() == kmb.bytes())
    }

    @Test("have their parts in the fields of the message")
    func fillsFields() throws {
        let message = try Message(KMBMessage(parsing: Array(WireSamples.kmb.utf8)))

        #expect(message.topic == "kmb.agent.intent.create")
        #expect(message.priority == .critical)
        #expect(message.timeToLive == .seconds(60))
        #expect(message.replyTo == "kmb.service.status")
        #expect(message.traceContext.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(message.authentication?.signature == Array("signed".utf8))
        #expect(message.headers["room"] == "kitchen")
    }

    @Test(
        "keep trace ids, signatures and priorities that a message has no place for",
        arguments: ["trace-7", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "4BF92F3577B34DA6A3CE929D0E0E4736"],
        ["no Base64!", "c2lnbmVkIQ=="]
    )
    func keepsForms(traceID: String, signature: String) throws {
        var kmb = try KMBMessage(parsing: Array(WireSamples.smallKMB.utf8))
        kmb.metadata.traceID = traceID
        kmb.metadata.authentication.signature = signature
        kmb.metadata.priority = .normal

        let message = try Message(kmb)
        #expect(try KMBMessage(message) == kmb)
        #expect(try KMBMessage(parsing: KMBMessage(message).bytes()) == kmb)
    }

    @Test(
        "keep headers apart that have the names of the bus's own",
        arguments: [
            ["kmb-type": "command"], ["kmb-type": "x"], ["kmb-priority": "x"], ["kmb-signature": "text"],
            ["kmb-trace-id": "7", "kmb-auth-timestamp": "now", "wire-timestamp": "2024-12-19T10:00Z", "kmb-more": "1"],
        ]
    )
    func keepsApart(headers: [String: String]) throws {
        var kmb = try KMBMessage(parsing: Array(WireSamples.smallKMB.utf8))
        kmb.metadata.headers = headers
        kmb.metadata.authentication.signature = "c2lnbmVkIQ=="

        #expect(try KMBMessage(Message(kmb)) == kmb)
        kmb.type = "query"
        kmb.metadata.priority = .normal
        #expect(try KMBMessage(Message(kmb)) == kmb)
    }

    @Test(
        "refuse a message whose headers stand for the document's members and say what these cannot",
        arguments: [("kmb-priority", "x"), ("kmb-signature", "x"), ("kmb-type", 7), ("kmb-trace-id", true)]
            as [(String, HeaderValue)]
    )
    func refusesMisused(name: String, value: HeaderValue) async throws {
        var message = WireSamples.fullMessage(0)
        message.headers = [:]
        try message.headers.set(value, for: name)

        let error = await expectError(.invalidMessage) { _ = try KMBMessage(message) }
        #expect(error?.message.contains("'\(name)'") == true)
    }

    @Test(
        "keep times as they were written, by ISO 8601",
        arguments: [
            "2024-12-19T10:00:00Z", "2024-12-19T10:00:00.000Z", "2024-12-19T10:00Z", "2024-12-19T10:00:00",
            "2024-12-19T10:00", "2024-12-19T11:00+01:00", "2024-12-19t10:00:00.1234567891z",
        ]
    )
    func keepsTimes(text: String) throws {
        let document = WireSamples.smallKMB.replacing("2024-12-19T10:00:00.000Z", with: text)
        let kmb = try KMBMessage(parsing: Array(document.utf8))
        #expect(document.contains(text))

        #expect(kmb.timestamp.secondsSinceEpoch == 1_734_602_400)
        #expect(kmb.metadata.authentication.timestamp == kmb.timestamp)
        #expect(try kmb.bytes() == JSONValue(parsing: document).bytes())
        #expect(try KMBMessage(Message(kmb)) == kmb)
        var later = kmb
        later.timestamp = .epoch
        #expect(later.json["timestamp"] == "1970-01-01T00:00:00.000Z")
    }

    @Test("hold everything that a message has", arguments: WireSamples.messages)
    func holdsMessages(message: Message) throws {
        let kmb = try KMBMessage(message)
        let read = try KMBMessage(parsing: kmb.bytes())

        #expect(read == kmb)
        #expect(try Message(read) == message)
    }

    @Test("ask for an authentication where the message has none")
    func asksForAuthentication() async throws {
        var message = WireSamples.fullMessage(0)
        message.authentication = nil

        let error = await expectError(.invalidMessage) { _ = try KMBMessage(message) }
        #expect(error?.message.contains("authentication") == true)
        let kmb = try KMBMessage(
            message,
            authentication: KMBMessage.Authentication(issuer: "kos", clientID: "me", timestamp: .epoch)
        )
        #expect(kmb.metadata.authentication.clientID == "me")
    }

    @Test("name everything that is wrong with a document at once")
    func namesFindings() async throws {
        let document = """
            {"id":"x","timestamp":1,"topic":"a","extra":1,"metadata":{"auth":{"issuer":1,"who":2},"ttl":"long",
             "priority":"urgent","headers":{"a":1,"b":"x"},"reply_to":[],"secret":"s3cr3t"}}
            """

        let error = await expectError(.invalidMessage) { _ = try KMBMessage(parsing: Array(document.utf8)) }
        let text = try #require(error).message
        for part in [
            "'timestamp' is a number", "'payload' is missing", #""extra""#, "'metadata.auth.issuer' is a number",
            "'metadata.auth.client_id' is missing", "'metadata.auth.timestamp' is missing", #""metadata.auth.who""#,
            "'metadata.ttl' is a text", "'metadata.priority' is a text; expected low",
            "'metadata.headers.a' is a number",
            "'metadata.reply_to' is an array", #""metadata.secret""#,
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        #expect(!text.contains("s3cr3t"))
        #expect(!text.contains("urgent"))
    }

    @Test("name everything that is wrong with their values at once")
    func validates() async throws {
        var kmb = try KMBMessage(parsing: Array(WireSamples.kmb.utf8))
        kmb.id = "evt-1"
        kmb.topic = "a..b"
        kmb.type = "order"
        kmb.metadata.timeToLive = .zero
        kmb.metadata.replyTo = "#"
        kmb.metadata.authentication.issuer = ""

        let error = await expectError(.invalidMessage) { try kmb.validate() }
        let text = try #require(error).message
        for part in ["'id'", "'topic'", "'type'", "'metadata.ttl'", "'metadata.reply_to'", "'metadata.auth.issuer'"] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
    }

    @Test("refuse metadata of an ONEX event that is no text")
    func refusesValues() async throws {
        var message = WireSamples.fullMessage(0)
        message.headers = ["wire-members": #"{"tags":[1]}"#]

        let error = await expectError(.invalidMessage) { _ = try KMBMessage(message) }
        #expect(error?.message.contains(#""tags" in 'wire-members' is an array"#) == true)
    }

    @Test(
        "write times as JavaScript does",
        arguments: [
            ("2024-12-19T10:00:00Z", "2024-12-19T10:00:00.000Z"),
            ("2024-12-19T10:00:00.5Z", "2024-12-19T10:00:00.500Z"),
            ("2024-12-19T11:00:00.123+01:00", "2024-12-19T10:00:00.123Z"),
            ("2024-12-19T10:00:00.123456Z", "2024-12-19T10:00:00.123456Z"),
        ]
    )
    func writesTimes(read: String, written: String) throws {
        var kmb = try KMBMessage(parsing: Array(WireSamples.smallKMB.utf8))
        kmb.timestamp = try #require(Timestamp(read))

        #expect(kmb.json["timestamp"] == .string(written))
    }
}
