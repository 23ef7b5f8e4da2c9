// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import OmnibusJSON
import Testing

@Suite("Messages as CloudEvents")
struct MessageCloudEventTests {
    @Test(
        "keep the source, also one that reads like the text for none",
        arguments: [nil, "urn:omnibus:unnamed", "urn:omnibus:other", "/service"] as [String?]
    )
    func keepSource(source: String?) throws {
        var message = Message(topic: "tasks", payload: 1)
        message.id = "evt-1"
        message.source = source
        let event = try message.cloudEvent()

        #expect(event.source == source ?? "urn:omnibus:unnamed")
        #expect(try Message(event).source == source)
        #expect(try Message(event).headers.isEmpty)
    }

    @Test("are equal after the round trip", arguments: 0..<400 as Range<UInt64>)
    func areEqualAfterRoundTrip(seed: UInt64) throws {
        var random = MessageRandom(seed: seed)
        let message = try random.message(withEverything: seed % 3 == 0)

        let copy = try Message(message.cloudEvent())

        #expect(copy == message, "seed \(seed)")
    }

    @Test("are equal after the way through every binding and mode", arguments: 0..<100 as Range<UInt64>)
    func areEqualAfterBindings(seed: UInt64) throws {
        var random = MessageRandom(seed: seed)
        let message = try random.message(withEverything: seed % 3 == 0)
        let event = try message.cloudEvent()
        let options = CloudEventReadingOptions(limits: .payload, dataForm: .bytes)

        for binding in ProtocolBinding.allCases {
            for mode in [ContentMode.binary, .structured] {
                let read = try binding.read(binding.write(event, mode: mode), options: options)
                let copy = try Message(read.event)
                #expect(copy == message, "seed \(seed), \(binding) \(mode)")
            }
        }
    }

    @Test("keep what is no URI and no media type in attributes of their own")
    func keepOddTexts() throws {
        var message = Message(topic: "tasks", bytes: [1])
        message.id = "evt-1"
        message.source = "my laptop"
        message.contentType = "json"
        message.dataSchema = "version 7"

        let event = try message.cloudEvent()

        #expect(event.source == "urn:omnibus:unnamed" && event.dataContentType == nil && event.dataSchema == nil)
        #expect(
            event.extensions == [
                "omnibussource": "my laptop", "omnibuscontenttype": "json", "omnibusdataschema": "version 7",
            ]
        )
        #expect(try Message(event) == message)
    }

    @Test("have the attributes of the specification and the extensions that others use")
    func haveAttributes() throws {
        var message = Message(topic: "orders", key: "eu", payload: ["total": 7])
        message.id = "evt-1"
        message.source = "shop"
        message.type = "order.created"
        message.subject = "order/1"
        message.acceptedAt = Timestamp("2026-02-28T08:30:00Z")
        message.dataSchema = "https://example.org/order"
        message.correlationID = "evt-0"
        message.causationID = "evt-00"
        message.traceContext = try TraceContext(
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            tracestate: "vendor=1"
        )
        message.timeToLive = .seconds(60)
        message.sequence = "7"
        message.replyTo = "replies"
        message.priority = .critical
        message.headers = ["tenant": "acme", "count": 3, "vip": true, "raw": .bytes([1])]
        let event = try message.cloudEvent()

        #expect(event.id == "evt-1" && event.source == "shop" && event.type == "order.created")
        #expect(event.subject == "order/1" && event.time == message.acceptedAt)
        #expect(event.dataContentType == "application/json" && event.dataSchema == "https://example.org/order")
        #expect(event.data == .json(["total": 7]))
        #expect(
            event.extensions == [
                "omnibustopic": "orders", "partitionkey": "eu", "correlationid": "evt-0", "causationid": "evt-00",
                "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "vendor=1",
                "expirytime": .timestamp(try Timestamp(parsing: "2026-02-28T08:31:00Z")), "sequence": "7",
                "omnibusreplyto": "replies", "omnibuspriority": "critical", "tenant": "acme", "count": 3, "vip": true,
                "raw": .binary([1]),
                "omnibusheadertypes": #"{"count":"Integer","vip":"Boolean","raw":"Binary"}"#,
            ]
        )
    }

    @Test("have nothing that was not set")
    func haveLittle() throws {
        var message = Message(topic: "tasks", bytes: [])
        message.id = "evt-1"
        let event = try message.cloudEvent()

        #expect(event.type == "tasks" && event.source == "urn:omnibus:unnamed")
        #expect(event.extensions.isEmpty && event.data == nil && event.time == nil && event.dataContentType == nil)
        #expect(try Message(event).extras == nil)
    }

    @Test("put headers that no attribute can be into one JSON object")
    func putHeadersIntoObject() throws {
        var message = Message(topic: "tasks", bytes: [])
        message.id = "evt-1"
        message.headers = [
            "Upper": "x", "d": 1.0, "big": 3_000_000_000, "correlationid": "mine", "y.z": .bytes([1, 2]),
        ]
        let event = try message.cloudEvent()

        #expect(event.extensions.keys.sorted() == ["omnibusheaders"])
        let text = try #require(event.extensions["omnibusheaders"]?.stringValue)
        #expect(
            text == #"{"Upper":"x","d":1.0,"big":3000000000,"correlationid":"mine","y.z":{"base64":"AQI="}}"#
        )
    }

    @Test("need an id")
    func needID() throws {
        let error = try #require(throws: OmnibusError.self) { try Message(topic: "tasks", payload: 1).cloudEvent() }

        #expect(error.code == .invalidMessage && error.message.contains("message.id"))
    }

    @Test("say so where an attribute cannot hold what they have")
    func sayWhatCannotBeHeld() throws {
        var message = Message(topic: "tasks", payload: 1)
        message.id = "evt-1"
        message.subject = "a\nb"
        let error = try #require(throws: OmnibusError.self) { try message.cloudEvent() }

        #expect(error.code == .invalidMessage && error.cause is CloudEventError)
    }

    @Test("go to the topic that is asked for, else the one carried, else their type")
    func chooseTopic() throws {
        let plain = try CloudEvent(id: "1", source: "s", type: "order.created")
        let carrying = try CloudEvent(id: "1", source: "s", type: "x", extensions: ["omnibustopic": "orders"])

        #expect(try Message(plain).topic == "order.created")
        #expect(try Message(carrying).topic == "orders")
        #expect(try Message(carrying, topic: "asked").topic == "asked")
        #expect(try Message(carrying, topic: "asked").type == "x")
        #expect(try Message(carrying, topic: "asked").headers.isEmpty)
    }

    @Test("without a topic anywhere say what to do")
    func haveNoTopic() throws {
        let event = try CloudEvent(id: "1", source: "s", type: "com.example//created thing")
        let error = try #require(throws: OmnibusError.self) { try Message(event) }

        #expect(error.code == .invalidTopic)
        #expect(error.message.contains("omnibustopic"))
    }

    @Test("keep the extensions of others as headers, and give them back under their names")
    func keepExtensions() throws {
        let extensions: [String: CloudEventAttributeValue] = [
            "tenant": "acme", "count": 3, "vip": true, "raw": .binary([1]), "priority": "whatever",
            "destination": "Rome",
        ]
        let event = try CloudEvent(id: "1", source: "s", type: "t", extensions: extensions)
        let message = try Message(event)

        #expect(message.headers["tenant"] == "acme" && message.headers["ce-priority"] == "whatever")
        #expect(message.priority == .normal)
        try message.validate()
        // The types are said beside them, for formats that make texts of them.
        var copy = try message.cloudEvent()
        #expect(copy.extensions["omnibusheadertypes"] != nil)
        try copy.setExtension("omnibusheadertypes", to: nil)
        #expect(copy == event)
    }

    @Test("keep an expiry that no time to live can say")
    func keepExpiry() throws {
        let time = "2026-02-28T08:30:00Z"
        let event = try CloudEvent(id: "1", source: "s", type: "t", extensions: ["expirytime": .string(time)])
        let message = try Message(event)

        #expect(message.timeToLive == nil)
        #expect(message.headers["ce-expirytime"] == .text(time))
        #expect(try message.cloudEvent() == event)
    }

    @Test("that are over already stay so")
    func stayExpired() throws {
        let event = try CloudEvent(
            id: "1",
            source: "s",
            type: "t",
            time: .epoch,
            extensions: ["expirytime": .timestamp(.earliest)]
        )

        #expect(try Message(event).timeToLive == .nanoseconds(1))
    }

    @Test("read text as a JSON string where it has no type, and every attribute as text where the format has no other")
    func readText() throws {
        let event = try CloudEvent(
            id: "1",
            source: "s",
            type: "t",
            time: .epoch,
            data: .text("é"),
            extensions: [
                "sequence": 7, "partitionkey": true, "expirytime": "1970-01-01T00:01:00Z", "traceparent": "no",
            ]
        )
        let message = try Message(event)

        #expect(try message.payload.json() == "é")
        let typed = try CloudEvent(id: "1", source: "s", type: "t", dataContentType: "text/plain", data: .text("é"))
        #expect(try Message(typed).payload.bytes() == Array("é".utf8))
        #expect(message.sequence == "7" && message.key == "true" && message.timeToLive == .seconds(60))
        #expect(message.storedTraceContext == nil)
    }

    @Test(
        "refuse attributes of ours that do not say what they should, by name",
        arguments: [
            ("omnibustopic", "not..valid"), ("omnibusreplyto", "#"), ("omnibuspriority", "urgent"),
            ("omnibusheaders", "[]"), ("omnibusheaders", "{"), ("omnibusheaders", #"{"a":null}"#),
            ("omnibusheaders", #"{"a":{"base64":"?"}}"#), ("omnibuscreatedat", "yesterday"),
            ("omnibustimetolive", "-1"), ("omnibustimetolive", "1.5"), ("omnibussignature", "?"),
        ]
    )
    func refuseNonsense(name: String, value: String) throws {
        let event = try CloudEvent(id: "1", source: "s", type: "t", extensions: [name: .string(value)])
        let error = try #require(throws: OmnibusError.self) { try Message(event) }

        #expect(error.message.contains(name), "\(error.message)")
    }
}
