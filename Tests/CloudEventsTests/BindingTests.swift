// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON
import Testing

@Suite("Protocol bindings")
struct BindingTests {
    @Test("write what the specification shows", arguments: ProtocolBinding.allCases)
    func writeBinary(binding: ProtocolBinding) throws {
        let event = try CloudEvent(
            id: "a €",
            source: "/s",
            type: "t",
            subject: "s",
            time: .epoch,
            dataContentType: "application/json",
            dataSchema: "a:b",
            data: .json([1]),
            extensions: ["n": 5, "b": true, "raw": .binary([1])]
        )

        let message = try binding.write(event)

        #expect(message.body == Array("[1]".utf8))
        let headers = message.headers.map { "\($0.name)=\($0.value.type.rawValue):\($0.value.canonicalText)" }
        let names = ["specversion", "id", "source", "type", "time", "subject", "dataschema", "b", "n", "raw"]
        switch binding {
        case .http:
            #expect(message.headers.map(\.name) == names.map { "ce-" + $0 } + ["content-type"])
            #expect(message["ce-id"] == "a%20%E2%82%AC")
        case .nats:
            #expect(message["ce-datacontenttype"] == "application/json" && message["content-type"] == nil)
            #expect(message["ce-id"] == "a%20%E2%82%AC")
        case .kafka:
            #expect(message.headers.map(\.name) == names.map { "ce_" + $0 } + ["content-type"])
            #expect(headers.contains("ce_id=String:a €") && headers.contains("ce_n=String:5"))
        case .amqp:
            #expect(message.headers.map(\.name) == names.map { "cloudEvents:" + $0 } + ["content-type"])
            #expect(headers.contains("cloudEvents:n=Integer:5") && headers.contains("cloudEvents:b=Boolean:true"))
            #expect(headers.contains("cloudEvents:raw=Binary:AQ=="))
        case .mqtt:
            #expect(message.headers.map(\.name) == names + ["content-type"])
            #expect(headers.contains("id=String:a €"))
        }
    }

    @Test("read back what they write, in each mode", arguments: ProtocolBinding.allCases)
    func roundTrip(binding: ProtocolBinding) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<300 {
            let event = try random.event()
            let types = event.extensions.mapValues(\.type)
            for mode in [ContentMode.binary, .structured] {
                let message = try binding.write(event, mode: mode)
                #expect(binding.contentMode(of: message) == mode)
                let options = CloudEventReadingOptions(extensionTypes: types)
                let read = try binding.read(message, options: options).event
                guard read == event else {
                    Issue.record("\(event) came back as \(read); seed \(seed)")
                    return
                }
            }
        }
    }

    @Test("take no other header for the content type than the protocol's", arguments: ProtocolBinding.allCases)
    func contentTypeNames(binding: ProtocolBinding) throws {
        let event = try CloudEvent(id: "1", source: "/", type: "t", dataContentType: "text/plain", data: .text("é"))
        // MQTT's user properties are attributes all; there only its own spelling is another name.
        if binding == .mqtt {
            var message = try binding.write(event)
            for place in message.headers.indices where message.headers[place].name == "content-type" {
                message.headers[place].name = "Content Type"
            }
            #expect(try binding.read(message).event == event)
            return
        }
        for name in ["content_type", "content type"] {
            for mode in [ContentMode.binary, .structured] {
                var message = try binding.write(event, mode: mode)
                message.headers.insert(.init(name: name, value: "text/x"), at: 0)
                #expect(try binding.read(message).event == event)
            }
            var bare = try binding.write(CloudEvent(id: "1", source: "/", type: "t"))
            bare.headers.append(.init(name: name, value: "text/x"))
            #expect(try binding.read(bare).event.dataContentType == nil)
        }
    }

    @Test("refuse a text whose content type names another charset", arguments: ProtocolBinding.allCases)
    func charsets(binding: ProtocolBinding) throws {
        let type = "text/plain; charset=iso-8859-1"
        let event = try CloudEvent(id: "1", source: "/", type: "t", dataContentType: type, data: .text("ü"))
        let error = #expect(throws: CloudEventError.self) { _ = try binding.write(event) }
        #expect(error?.code == .invalidContentType && error?.attribute == "datacontenttype")
        #expect(error?.rule == .dataEncoding)
        // JSON says the characters themselves, and bytes are in whatever charset they are.
        #expect(try binding.read(binding.write(event, mode: .structured)).event == event)
        let bytes = try CloudEvent(id: "1", source: "/", type: "t", dataContentType: type, data: .bytes([0xFC]))
        #expect(try binding.read(binding.write(bytes)).event == bytes)
        for charset in ["UTF-8", "utf8"] {
            let type = "text/plain; charset=\(charset)"
            let event = try CloudEvent(id: "1", source: "/", type: "t", dataContentType: type, data: .text("ü"))
            #expect(try binding.read(binding.write(event)).event == event)
        }
    }

    @Test("read data as deep as the limit in every mode", arguments: ProtocolBinding.allCases)
    func depths(binding: ProtocolBinding) throws {
        func event(depth: Int) throws -> CloudEvent {
            let data = try JSONValue(
                parsing: String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            )
            return try CloudEvent(
                id: "1",
                source: "/",
                type: "t",
                dataContentType: "application/json",
                data: .json(data)
            )
        }
        let deepest = try event(depth: 64)
        for mode in ContentMode.allCases where mode != .batched || binding == .http {
            #expect(try binding.read(binding.write(deepest, mode: mode)).event == deepest)
            guard mode != .binary else { continue }
            let message = try binding.write(deepest, mode: mode)
            let options = CloudEventReadingOptions(limits: JSONLimits(depth: 63))
            #expect(throws: CloudEventError.self) { _ = try binding.read(message, options: options) }
        }
    }

    @Test("keep bytes as they are when asked to")
    func keepBytes() throws {
        let body = Array(#"{ "a" : 1.0, "a" : 2 }"#.utf8)
        let event = try CloudEvent(
            id: "1",
            source: "/",
            type: "t",
            dataContentType: "application/json",
            data: .bytes(body)
        )
        let message = try ProtocolBinding.kafka.write(event)

        #expect(try ProtocolBinding.kafka.read(message, options: .init(dataForm: .bytes)).event == event)
        // Two members of one name are no JSON that could be handed out.
        #expect(try ProtocolBinding.kafka.read(message).event == event)
    }

    @Test("say in binary mode that data without a content type is JSON")
    func sayJSON() throws {
        let event = try CloudEvent(id: "1", source: "/", type: "t", data: .text("I'm just a string"))

        let message = try ProtocolBinding.http.write(event)

        #expect(message["content-type"] == "application/json")
        #expect(message.body == Array(#""I'm just a string""#.utf8))
    }

    struct BadCase: Sendable {
        var binding: ProtocolBinding
        var headers: [ProtocolMessage.Header]
        var body: String
        var mode: ContentMode?
        var code: CloudEventError.Code
        var attribute: String?

        init(
            _ binding: ProtocolBinding,
            _ headers: [(String, String)],
            body: String = "",
            mode: ContentMode? = nil,
            _ code: CloudEventError.Code,
            _ attribute: String?
        ) {
            self.binding = binding
            self.headers = headers.map { .init(name: $0.0, value: .string($0.1)) }
            self.body = body
            self.mode = mode
            self.code = code
            self.attribute = attribute
        }
    }

    static let http = [("ce-specversion", "1.0"), ("CE-ID", "1"), ("ce-source", "/"), ("ce-type", "t")]
    static let kafka = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/"), ("ce_type", "t")]
    static let mqtt = [("specversion", "1.0"), ("id", "1"), ("source", "/"), ("type", "t")]

    static let badCases: [BadCase] = [
        BadCase(.http, [], .missingAttribute, "specversion"),
        BadCase(.http, Array(http.dropLast()), .missingAttribute, "type"),
        BadCase(.http, http + [("ce-id", "2")], .duplicateAttribute, "id"),
        BadCase(
            .http,
            http + [("Content-Type", "a/b"), ("content-type", "a/b")],
            .duplicateAttribute,
            "datacontenttype"
        ),
        BadCase(.http, http + [("ce-datacontenttype", "a/b")], .duplicateAttribute, "datacontenttype"),
        BadCase(.http, http + [("content-type", "json")], .invalidValue, "datacontenttype"),
        BadCase(.http, http + [("content-type", "")], .invalidValue, "datacontenttype"),
        BadCase(.http, http + [("ce-subject", "%C0%A0")], .invalidEncoding, "subject"),
        BadCase(.http, http + [("ce-subject", "100%")], .invalidEncoding, "subject"),
        BadCase(.http, http + [("ce-subject", "%+1")], .invalidEncoding, "subject"),
        BadCase(.http, http + [("ce-subject", "\"open")], .invalidEncoding, "subject"),
        BadCase(.http, http + [("ce-subject", "a%0Ab")], .invalidValue, "subject"),
        BadCase(.http, http + [("ce-my_name", "x")], .invalidName, "my_name"),
        BadCase(.http, http + [("ce-", "x")], .invalidName, ""),
        BadCase(.http, http + [("ce-data", "x")], .invalidName, "data"),
        BadCase(.http, http + [("ce-time", "yesterday")], .invalidTimestamp, "time"),
        BadCase(.http, http, mode: .structured, .invalidContentType, "datacontenttype"),
        BadCase(.http, [("content-type", "application/cloudevents+avro")], .invalidContentType, "datacontenttype"),
        BadCase(
            .http,
            [("content-type", "application/cloudevents+json; charset=utf-16")],
            .invalidContentType,
            "datacontenttype"
        ),
        BadCase(
            .http,
            http + [("content-type", "application/cloudevents+json")],
            mode: .binary,
            .invalidContentType,
            "datacontenttype"
        ),
        BadCase(.http, [("content-type", "application/cloudevents+json")], body: "{", .invalidFormat, nil),
        BadCase(.http, [("content-type", "application/cloudevents-batch+json")], body: "[]", .invalidFormat, nil),
        BadCase(.kafka, kafka + [("ce_Bad", "x")], .invalidName, "Bad"),
        BadCase(.kafka, kafka + [("ce_id", "1")], .duplicateAttribute, "id"),
        BadCase(
            .kafka,
            kafka + [("content-type", "a/b"), ("ce_datacontenttype", "a/c")],
            .duplicateAttribute,
            "datacontenttype"
        ),
        BadCase(
            .kafka,
            [("content-type", "application/cloudevents-batch+json")],
            body: "[]",
            .invalidContentType,
            "datacontenttype"
        ),
        BadCase(.amqp, [("cloudEvents:id", "1"), ("cloudEvents_id", "1")], .duplicateAttribute, "id"),
        BadCase(.amqp, [("cloudEvents:specversion", "0.3")], .unsupportedVersion, "specversion"),
        BadCase(.mqtt, mqtt + [("User-Property", "x")], .invalidName, "User-Property"),
        BadCase(.mqtt, [], body: "{}", .missingAttribute, "specversion"),
        BadCase(.nats, [], body: "{}", .missingAttribute, "specversion"),
        BadCase(.nats, http + [("ce-subject", "%ZZ")], .invalidEncoding, "subject"),
    ]

    @Test("name the attribute and the rule of what is wrong", arguments: badCases)
    func refuse(row: BadCase) {
        let message = ProtocolMessage(headers: row.headers, body: Array(row.body.utf8))

        let error = #expect(throws: CloudEventError.self) { try row.binding.read(message, mode: row.mode) }

        #expect(error?.code == row.code)
        #expect(error?.attribute == row.attribute)
        #expect(error?.rule != nil)
    }

    @Test("refuse a header that is not UTF-8")
    func refuseBytes() {
        var message = ProtocolMessage(headers: Self.kafka)
        message.headers.append(.init(name: "ce_subject", value: .binary([0x61, 0xFF])))

        let error = #expect(throws: CloudEventError.self) { try ProtocolBinding.kafka.read(message) }

        #expect(error?.code == .invalidEncoding && error?.attribute == "subject" && error?.rule == .headerText)
    }

    @Test(
        "read what is quoted or encoded without need",
        arguments: [
            ("\"a b\"", "a b"), (#""a \"b\" \\""#, #"a "b" \"#), ("%61%e2%82%ac", "a€"), ("\"%22\"", "\""),
            ("a€", "a€"),
            ("%2525", "%25"),
        ]
    )
    func readOldValues(header: String, value: String) throws {
        let message = ProtocolMessage(headers: Self.http + [("ce-subject", header)])

        #expect(try ProtocolBinding.http.read(message).event.subject == value)
    }

    @Test("read both ways to say a content type, and both separators of AMQP")
    func readBoth() throws {
        let kafka = ProtocolMessage(headers: Self.kafka + [("ce_datacontenttype", "application/avro")], body: [1])
        let amqp = ProtocolMessage(headers: Self.mqtt.map { ("cloudEvents_" + $0.0, $0.1) })
        let nats = ProtocolMessage(headers: Self.http + [("Content-Type", "text/plain")], body: [0x61])

        #expect(try ProtocolBinding.kafka.read(kafka).event.dataContentType == "application/avro")
        #expect(try ProtocolBinding.amqp.read(amqp).event.id == "1")
        #expect(try ProtocolBinding.nats.read(nats).event.data == .text("a"))
    }

    @Test("write the headers that some consumers of Kafka look for when asked to")
    func writeBoth() throws {
        let event = try CloudEvent(
            id: "1",
            source: "/",
            type: "t",
            subject: "s",
            time: .epoch,
            dataContentType: "application/avro",
            data: .bytes([1]),
            extensions: ["partitionkey": "k"]
        )
        let options = ProtocolWritingOptions(repeatsDataContentType: true, mapsPartitionKey: true)

        let message = try ProtocolBinding.kafka.write(event, options: options)

        #expect(
            message.headers.map(\.name) == [
                "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_datacontenttype", "ce_subject",
                "ce_partitionkey", "content-type",
            ]
        )
        #expect(message.key == "k")
        #expect(try ProtocolBinding.kafka.read(message).event == event)
        #expect(try ProtocolBinding.kafka.write(event).key == nil)
    }

    @Test("carry a batch over HTTP alone")
    func carryBatch() throws {
        let events = try (1...3).map { try CloudEvent(id: "\($0)", source: "/", type: "t") }

        let message = try ProtocolBinding.http.writeBatch(events)

        #expect(ProtocolBinding.http.contentMode(of: message) == .batched)
        #expect(try ProtocolBinding.http.readBatch(message).map(\.event) == events)
        let error = #expect(throws: CloudEventError.self) { try ProtocolBinding.kafka.writeBatch(events) }
        #expect(error?.code == .invalidContentType)
    }

    @Test("leave out foreign properties and fill in the version when they are lenient")
    func areLenient() throws {
        let message = ProtocolMessage(headers: Self.mqtt.dropFirst() + [("User-Property", "x")])

        let reading = try ProtocolBinding.mqtt.read(message, options: .lenient)

        #expect(try reading.event == CloudEvent(id: "1", source: "/", type: "t"))
        #expect(reading.repairs.map(\.attribute) == ["User-Property", "specversion"])
    }
}

extension SeededRandom {
    /// An event of unusual texts, whose data survives binary mode as it is.
    mutating func event() throws -> CloudEvent {
        let texts = ["a", "é€😀", "\"quoted\"", "100%", "%41", " blank ", "a,b;c=d", "\\", "\u{E000}", "a\u{301}"]
        func text(_ random: inout SeededRandom) -> String {
            (0..<Int.random(in: 1...3, using: &random)).map { _ in texts.randomElement(using: &random) ?? "" }.joined()
        }
        let datas: [(String?, CloudEventData?)] = [
            (nil, nil), ("text/plain", nil), ("text/plain; charset=utf-8", .text("é\n\"")),
            ("application/json", .json(["a": [1, 2.5, nil, "é"]])), ("application/octet-stream", .bytes([0, 255, 10])),
            ("application/vnd.x+json", .json("text")), ("application/xml", .text("<a>é</a>")),
        ]
        let values: [CloudEventAttributeValue] = [
            .string(text(&self)), .boolean(.random(using: &self)), .integer(.random(in: .min ... .max, using: &self)),
            .binary([0, 1, 255]), .uri("urn:a:b?c#d"), .uriReference("../a?b"),
            .timestamp(Timestamp(nanosecondsSinceEpoch: .random(in: .min ... .max, using: &self))),
        ]
        let (type, data) = datas.randomElement(using: &self) ?? (nil, nil)
        var extensions: [String: CloudEventAttributeValue] = [:]
        for number in 0..<Int.random(in: 0...4, using: &self) {
            extensions["ext\(number)"] = values.randomElement(using: &self)
        }
        return try CloudEvent(
            id: text(&self),
            source: ["/a", "https://example.com/é", "#f", "urn:x:1"].randomElement(using: &self) ?? "/",
            type: text(&self),
            subject: Bool.random(using: &self) ? text(&self) : nil,
            time: Bool.random(using: &self)
                ? Timestamp(nanosecondsSinceEpoch: .random(in: .min ... .max, using: &self)) : nil,
            dataContentType: type,
            dataSchema: Bool.random(using: &self) ? "https://example.com/s" : nil,
            data: data,
            extensions: extensions
        )
    }
}

@Suite("Messages that could be taken for others")
struct MistakableMessageTests {
    @Test(
        "refuses to write data that is an event itself where it would be read as the event",
        arguments: Self.envelopes
    )
    func refusesEnvelope(binding: ProtocolBinding, type: String) throws {
        let event = try CloudEvent(
            id: "outer",
            source: "/",
            type: "t",
            dataContentType: type,
            data: .json(["specversion": "1.0", "id": "inner", "source": "/", "type": "t"])
        )
        let structured = try binding.write(event, mode: .structured)
        #expect(try binding.read(structured).event.id == "outer")
        if binding == .nats {
            #expect(try binding.read(binding.write(event)).event.id == "outer")
        } else {
            let error = #expect(throws: CloudEventError.self) { try binding.write(event) }
            #expect(error?.attribute == "datacontenttype" && error?.rule == .contentMode)
        }
    }

    static let envelopes: [(ProtocolBinding, String)] = [ProtocolBinding.http, .kafka, .amqp, .nats, .mqtt].flatMap {
        binding in ["application/cloudevents+json", "Application/CloudEvents"].map { (binding, $0) }
    }

    @Test("reads headers whose texts come as bytes, which is how Kafka's clients hand them out")
    func readsBytes() throws {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        let event = try CloudEvent(id: "1", source: "/", type: "t", data: .json(["a": 1]))
        for mode in [ContentMode.binary, .structured] {
            var message = try ProtocolBinding.kafka.write(event, mode: mode)
            message.headers.append(.init(name: "traceparent", value: .string(trace)))
            message.headers = message.headers.map { header in
                .init(name: header.name, value: .binary(Array(" \(header.value.canonicalText) ".utf8)))
            }
            #expect(ProtocolBinding.kafka.contentMode(of: message) == mode)
            #expect(message.traceContext?.traceparent == trace)
            guard mode == .structured else { continue }
            #expect(message["Content-Type"] == "application/cloudevents+json")
            #expect(try ProtocolBinding.kafka.read(message).event == event)
        }
    }
}
