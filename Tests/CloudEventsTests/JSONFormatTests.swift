// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON
import Testing

@Suite("JSON format")
struct JSONFormatTests {
    @Test("writes attributes by name, extensions in their types, and data by its content type")
    func writes() throws {
        let event = try CloudEvent(
            id: "1",
            source: "/s",
            type: "t",
            subject: "é",
            time: Timestamp(parsing: "2026-02-28T09:30:00.123456789+01:00"),
            dataContentType: "application/json",
            dataSchema: "https://example.com/s",
            data: .json(["a": [1, nil]]),
            extensions: [
                "z": "text", "b": true, "n": -5, "raw": .binary([1, 2]), "at": .timestamp(.epoch), "u": .uri("a:b"),
            ]
        )

        let text = String(decoding: try event.json(), as: UTF8.self)

        #expect(
            text == #"{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"é","#
                + #""time":"2026-02-28T08:30:00.123456789Z","datacontenttype":"application/json","#
                + #""dataschema":"https://example.com/s","at":"1970-01-01T00:00:00Z","b":true,"n":-5,"#
                + #""raw":"AQI=","u":"a:b","z":"text","data":{"a":[1,null]}}"#
        )
    }

    @Test("reads an event back, with the types of extensions that are declared")
    func roundTrips() throws {
        let event = try CloudEvent(
            id: "1",
            source: "/s",
            type: "t",
            time: Timestamp(secondsSinceEpoch: 1, nanoseconds: 1),
            data: .bytes([0, 255]),
            extensions: [
                "raw": .binary([1, 2]), "at": .timestamp(.epoch), "u": .uri("a:b"), "n": 1, "r": .uriReference(""),
            ]
        )
        let types: [String: CloudEventAttributeType] = [
            "raw": .binary, "at": .timestamp, "u": .uri, "n": .integer, "r": .uriReference, "absent": .boolean,
        ]

        #expect(try CloudEvent(json: event.json(), options: CloudEventReadingOptions(extensionTypes: types)) == event)
    }

    struct DataCase: Sendable {
        var type: String?
        var data: CloudEventData
        var member: String
        var read: CloudEventData

        init(_ type: String?, _ data: CloudEventData, _ member: String, _ read: CloudEventData) {
            self.type = type
            self.data = data
            self.member = member
            self.read = read
        }
    }

    @Test(
        "puts data where its content type and its form say",
        arguments: [
            DataCase(nil, .json(["a": 1]), #""data":{"a":1}"#, .json(["a": 1])),
            DataCase(nil, .json(nil), #""data":null"#, .json(nil)),
            DataCase(nil, .text("a"), #""data":"a""#, .json("a")),
            DataCase("application/json", .json("a"), #""data":"a""#, .json("a")),
            DataCase("application/json", .text("[1]"), #""data":[1]"#, .json([1])),
            DataCase("application/vnd.x+json; charset=utf-8", .json([1]), #""data":[1]"#, .json([1])),
            DataCase("text/plain", .text("é\n"), #""data":"é\n""#, .text("é\n")),
            DataCase("application/xml", .text("<a/>"), #""data":"<a/>""#, .text("<a/>")),
            DataCase("application/json", .bytes([0x7B, 0x7D]), #""data_base64":"e30=""#, .bytes([0x7B, 0x7D])),
            DataCase("image/png", .bytes([]), #""data_base64":"""#, .bytes([])),
            DataCase("application/cbor", .json([1]), #""data_base64":"WzFd""#, .bytes([0x5B, 0x31, 0x5D])),
        ]
    )
    func putsData(row: DataCase) throws {
        let event = try CloudEvent(id: "1", source: "/", type: "t", dataContentType: row.type, data: row.data)

        let bytes = try event.json()

        #expect(String(decoding: bytes, as: UTF8.self).contains("," + row.member + "}"))
        #expect(try CloudEvent(json: bytes).data == row.read)
    }

    struct BadCase: Sendable {
        var members: String
        var code: CloudEventError.Code
        var attribute: String?
        var rule: CloudEventRule

        init(_ members: String, _ code: CloudEventError.Code, _ attribute: String?, _ rule: CloudEventRule) {
            self.members = members
            self.code = code
            self.attribute = attribute
            self.rule = rule
        }
    }

    static let required = #""specversion":"1.0","id":"1","source":"/","type":"t""#

    static let badCases: [BadCase] = [
        BadCase(#""id":"1","source":"/","type":"t""#, .missingAttribute, "specversion", .requiredAttribute),
        BadCase(#""specversion":"1.0","source":"/","type":"t""#, .missingAttribute, "id", .requiredAttribute),
        BadCase(#""specversion":"1.0","id":"1","type":"t""#, .missingAttribute, "source", .requiredAttribute),
        BadCase(#""specversion":"1.0","id":"1","source":"/""#, .missingAttribute, "type", .requiredAttribute),
        BadCase(#""specversion":"1.0","id":null,"source":"/","type":"t""#, .missingAttribute, "id", .requiredAttribute),
        BadCase(#""specversion":"1.0","id":"","source":"/","type":"t""#, .missingAttribute, "id", .requiredAttribute),
        BadCase(
            #""specversion":"","id":"1","source":"/","type":"t""#,
            .missingAttribute,
            "specversion",
            .requiredAttribute
        ),
        BadCase(
            #""specversion":"0.3","id":"1","source":"/","type":"t""#,
            .unsupportedVersion,
            "specversion",
            .specVersion
        ),
        BadCase(#""specversion":1.0,"id":"1","source":"/","type":"t""#, .invalidValue, "specversion", .attributeType),
        BadCase(#""specversion":"1.0","id":7,"source":"/","type":"t""#, .invalidValue, "id", .attributeType),
        BadCase(#""specversion":"1.0","id":"1","source":"a b","type":"t""#, .invalidValue, "source", .uriReference),
        BadCase(
            #""specversion":"1.0","id":"1","source":"http://[::1","type":"t""#,
            .invalidValue,
            "source",
            .uriReference
        ),
        BadCase(#""specversion":"1.0","id":"1","source":"/%zz","type":"t""#, .invalidValue, "source", .uriReference),
        BadCase(#""specversion":"1.0","id":"\u0001","source":"/","type":"t""#, .invalidValue, "id", .stringCharacters),
        BadCase(required + #","subject":"""#, .invalidValue, "subject", .nonEmptyAttribute),
        BadCase(required + #","subject":true"#, .invalidValue, "subject", .attributeType),
        BadCase(required + #","time":"2026-02-30T00:00:00Z""#, .invalidTimestamp, "time", .timestamp),
        BadCase(required + #","time":"2026-02-28""#, .invalidTimestamp, "time", .timestamp),
        BadCase(required + #","time":17"#, .invalidValue, "time", .attributeType),
        BadCase(required + #","dataschema":"/relative""#, .invalidValue, "dataschema", .uri),
        BadCase(required + #","datacontenttype":"json""#, .invalidValue, "datacontenttype", .mediaType),
        BadCase(required + #","datacontenttype":"text/plain; charset""#, .invalidValue, "datacontenttype", .mediaType),
        BadCase(required + #","Upper":"x""#, .invalidName, "Upper", .attributeName),
        BadCase(required + #","with_line":"x""#, .invalidName, "with_line", .attributeName),
        BadCase(required + #","":"x""#, .invalidName, "", .attributeName),
        BadCase(required + #","ext":42.42"#, .invalidValue, "ext", .integer),
        BadCase(required + #","ext":1e2"#, .invalidValue, "ext", .integer),
        BadCase(required + #","ext":2147483648"#, .invalidValue, "ext", .integer),
        BadCase(required + #","ext":{}"#, .invalidValue, "ext", .attributeType),
        BadCase(required + #","ext":[]"#, .invalidValue, "ext", .attributeType),
        BadCase(required + #","ext":"a","ext":"b""#, .duplicateAttribute, "ext", .distinctAttributes),
        BadCase(required + #","data":1,"data_base64":"AA==""#, .invalidData, "data_base64", .oneData),
        BadCase(required + #","data":null,"data_base64":"AA==""#, .invalidData, "data_base64", .oneData),
        BadCase(required + #","data_base64":"A""#, .invalidData, "data_base64", .dataEncoding),
        BadCase(required + #","data_base64":1"#, .invalidData, "data_base64", .dataEncoding),
        BadCase(required + #","datacontenttype":"text/plain","data":{}"#, .invalidData, "data", .dataEncoding),
        BadCase(required + #","data":{"a":1,"a":2}"#, .invalidFormat, "data", .jsonEnvelope),
        BadCase(required + ",", .invalidFormat, nil, .jsonEnvelope),
    ]

    @Test("names the attribute and the rule of what is wrong", arguments: badCases)
    func refuses(row: BadCase) {
        let error = #expect(throws: CloudEventError.self, "\(row.members)") {
            try CloudEvent(json: Array("{\(row.members)}".utf8))
        }

        #expect(error?.code == row.code)
        #expect(error?.attribute == row.attribute)
        #expect(error?.rule == row.rule)
        #expect(error?.rule?.statement.isEmpty == false)
        #expect(error?.description.contains(row.rule.rawValue) == true)
    }

    @Test("refuses what is no object, and what is not UTF-8")
    func refusesOthers() {
        let array = #expect(throws: CloudEventError.self) { try CloudEvent(json: Array("[]".utf8)) }
        let object = #expect(throws: CloudEventError.self) { try CloudEventJSONFormat.readBatch(Array("{}".utf8)) }
        let bytes = #expect(throws: CloudEventError.self) { try CloudEvent(json: [0x22, 0xFF, 0x22]) }

        #expect(array?.rule == .jsonEnvelope && object?.rule == .jsonBatch)
        #expect(bytes?.code == .invalidEncoding && bytes?.attribute == nil)
    }

    @Test(
        "names the attribute where the document is no JSON",
        arguments: [
            (#"{"id":"1","subject":"\x"}"#, "subject"), (#"{"id":"1","a":{"b":[tru"#, "a"), (#"{"id":"1","b\u":"#, nil),
            (#"{"id":"1","id":"2"}"#, "id"), (#"{"a":{"id":1,"id":2}}"#, "a"), (#"{"id":"1" "b""#, "id"), ("{", nil),
            (#"{"id":"1",}"#, nil), (#"{"id":"a\"}"#, "id"), (#"[{"a":1},{"id":01}]"#, "id"), (#"[{"a":1},"#, nil),
        ] as [(String, String?)]
    )
    func namesAttributes(text: String, attribute: String?) {
        let bytes = Array(text.utf8)

        let error = #expect(throws: CloudEventError.self) {
            if bytes[0] == UInt8(ascii: "[") {
                _ = try CloudEventJSONFormat.readBatch(bytes)
            } else {
                _ = try CloudEvent(json: bytes)
            }
        }

        #expect(error?.attribute == attribute)
    }

    @Test("names the attribute that is not UTF-8")
    func namesBytes() {
        let bytes = Array(#"{"id":"1","subject":""#.utf8) + [0xFF] + Array(#""}"#.utf8)

        let error = #expect(throws: CloudEventError.self) { try CloudEvent(json: bytes) }

        #expect(error?.code == .invalidEncoding && error?.attribute == "subject")
    }

    @Test("tells names apart that are longer than recommended, when asked to")
    func limitsNames() throws {
        let name = "abcdefghijklmnopqrstu"
        let bytes = Array("{\(Self.required),\"\(name)\":\"x\"}".utf8)

        #expect(try CloudEvent(json: bytes).extensions[name] == "x")
        let error = #expect(throws: CloudEventError.self) {
            try CloudEvent(json: bytes, options: CloudEventReadingOptions(maximumNameLength: 20))
        }
        #expect(error?.attribute == name && error?.rule == .attributeNameLength)
    }

    @Test("fills in the version when it is lenient, and says so")
    func fillsIn() throws {
        let bytes = Array(#"{"id":"1","source":"/","type":"t","subject":"","Bad":"x"}"#.utf8)

        let reading = try CloudEventJSONFormat.read(bytes, options: .lenient)

        #expect(try reading.event == CloudEvent(id: "1", source: "/", type: "t"))
        #expect(
            reading.repairs == [
                .init(attribute: "Bad", action: .leftOut, rule: .attributeName),
                .init(attribute: "specversion", action: .filledIn("1.0"), rule: .requiredAttribute),
                .init(attribute: "subject", action: .leftOut, rule: .nonEmptyAttribute),
            ]
        )
    }

    @Test("says what it has kept when it is lenient, and leaves out names that are none even where they say nothing")
    func keeps() throws {
        let bytes = Array("{\(Self.required),\"datacontenttype\":\"text/plain\",\"X\":null,\"data\":{\"a\":1}}".utf8)

        let reading = try CloudEventJSONFormat.read(bytes, options: .lenient)

        #expect(reading.event.data == .json(["a": 1]))
        #expect(
            reading.repairs == [
                .init(attribute: "X", action: .leftOut, rule: .attributeName),
                .init(attribute: "data", action: .kept, rule: .dataEncoding),
            ]
        )
        #expect(throws: CloudEventError.self) { try CloudEvent(json: bytes) }
    }

    @Test(
        "names the attribute as it is, and the rule",
        arguments: [
            (#"{"specversion":"1.0","id":"1","source":"/","type":"t"}x"#, nil, CloudEventRule.jsonEnvelope),
            (#"{"specversion":"1.0","id":"1","\u0069d":"2","source":"/","type":"t"}"#, "id", .distinctAttributes),
            (#"{"specversion":1.0,"id":"1","source":"/","type":"t"}"#, "specversion", .attributeType),
            (#"{"specversion":"1.0","id":1.5,"source":"/","type":"t"}"#, "id", .attributeType),
            (#"{"specversion":"1.0","id":"1","source":"/","type":"t","x":1.5}"#, "x", .integer),
        ] as [(String, String?, CloudEventRule)]
    )
    func namesAttribute(text: String, attribute: String?, rule: CloudEventRule) throws {
        let error = try #require(throws: CloudEventError.self) { try CloudEvent(json: Array(text.utf8)) }

        #expect(error.attribute == attribute && error.rule == rule)
    }

    @Test("takes an integer that is nothing, with a sign")
    func takesMinusNothing() throws {
        let event = try CloudEvent(json: Array("{\(Self.required),\"x\":-0}".utf8))

        #expect(event.extensions["x"] == .integer(0))
    }

    @Test("still refuses what nobody can fill in when it is lenient", arguments: ["id", "source", "type"])
    func refusesMissing(name: String) throws {
        var value = try JSONValue(parsing: "{\(Self.required)}")
        value[name] = nil

        let error = #expect(throws: CloudEventError.self) { try CloudEventJSONFormat.read(value, options: .lenient) }

        #expect(error?.attribute == name)
    }

    @Test("survives damaged documents, and reads back what it takes")
    func survivesDamage() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        let sample = Array(#"{\#(Self.required),"time":"2026-02-28T08:30:00Z","e":-1,"data_base64":"AAEC"}"#.utf8)
        for _ in 0..<5_000 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0x20...0x7E, using: &random)
            }
            guard let event = try? CloudEvent(json: bytes) else { continue }
            guard try CloudEvent(json: event.json()) == event else {
                Issue.record("a damaged event reads back differently; seed \(seed)")
                return
            }
        }
    }
}
