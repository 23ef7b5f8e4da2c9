// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON
import Testing

@Suite("CloudEvent")
struct CloudEventTests {
    @Test("holds what it was created with")
    func holdsAttributes() throws {
        let event = try CloudEvent(
            id: "1",
            source: "/sensors/7",
            type: "com.example.measured",
            subject: "room",
            time: .epoch,
            dataContentType: "application/json",
            dataSchema: "https://example.com/schema",
            data: .json(["celsius": 21]),
            extensions: [
                "partitionkey": "7", "sequence1": 3, "final": true, "at": .timestamp(.epoch), "raw": .binary([1]),
            ]
        )

        #expect(event.specversion == "1.0")
        #expect(event.id == "1" && event.source == "/sensors/7" && event.type == "com.example.measured")
        #expect(event.subject == "room" && event.time == .epoch)
        #expect(event.dataContentType == "application/json" && event.dataSchema == "https://example.com/schema")
        #expect(event.data == .json(["celsius": 21]))
        #expect(event.extensions["partitionkey"]?.stringValue == "7")
        #expect(event.extensions["sequence1"]?.integerValue == 3)
        #expect(event.extensions["final"]?.booleanValue == true)
        #expect(event.extensions["at"]?.timestampValue == .epoch)
        #expect(event.extensions["raw"] == .binary([1]))
    }

    @Test("cannot lack what every event has", arguments: ["id", "source", "type"])
    func requiresAttributes(missing: String) {
        let error = #expect(throws: CloudEventError.self) {
            try CloudEvent(
                id: missing == "id" ? "" : "1",
                source: missing == "source" ? "" : "/",
                type: missing == "type" ? "" : "t"
            )
        }

        #expect(error?.code == .missingAttribute)
        #expect(error?.attribute == missing)
    }

    @Test("has no optional attribute that is empty", arguments: ["subject", "datacontenttype", "dataschema"])
    func refusesEmpty(attribute: String) {
        let error = #expect(throws: CloudEventError.self) {
            try CloudEvent(
                id: "1",
                source: "/",
                type: "t",
                subject: attribute == "subject" ? "" : nil,
                dataContentType: attribute == "datacontenttype" ? "" : nil,
                dataSchema: attribute == "dataschema" ? "" : nil
            )
        }

        #expect(error?.code == .invalidValue)
        #expect(error?.attribute == attribute)
    }

    @Test(
        "has no control characters and no noncharacters in its texts",
        arguments: [0x0, 0xA, 0x1F, 0x7F, 0x80, 0x9F, 0xFDD0, 0xFDEF, 0xFFFE, 0x1FFFF, 0x10FFFF] as [UInt32],
        ["id", "source", "type", "subject", "extension"]
    )
    func refusesCharacters(code: UInt32, attribute: String) throws {
        let character = String(try #require(Unicode.Scalar(code)))

        func text(_ name: String) -> String { name == attribute ? "a\(character)b" : "ab" }

        let error = #expect(throws: CloudEventError.self) {
            try CloudEvent(
                id: text("id"),
                source: text("source"),
                type: text("type"),
                subject: text("subject"),
                extensions: ["extension": .string(text("extension"))]
            )
        }

        #expect(error?.code == .invalidValue)
        #expect(error?.attribute == attribute)
    }

    @Test("takes all other characters", arguments: [" ", "é", "\u{A0}", "\u{FFFD}", "\u{1F600}", "\u{FDF0}"])
    func takesCharacters(character: String) throws {
        #expect(try CloudEvent(id: character, source: "/", type: "t").id == character)
    }

    @Test(
        "refuses extension names that the specification does not allow or uses itself",
        arguments: [
            "", "Upper", "with-dash", "with_line", "é", "a b", "id", "source", "type", "specversion", "subject", "time",
            "datacontenttype", "dataschema", "data",
        ]
    )
    func refusesNames(name: String) throws {
        var event = try CloudEvent(id: "1", source: "/", type: "t")
        let before = event

        let created = #expect(throws: CloudEventError.self) {
            try CloudEvent(id: "1", source: "/", type: "t", extensions: [name: "x"])
        }
        let set = #expect(throws: CloudEventError.self) { try event.setExtension(name, to: "x") }

        #expect(created?.code == .invalidName && set?.code == .invalidName)
        #expect(!CloudEvent.isExtensionName(name))
        #expect(event == before)
    }

    @Test("takes extension names of letters and digits", arguments: ["a", "1", "partitionkey", "x2y", "time2"])
    func takesNames(name: String) throws {
        var event = try CloudEvent(id: "1", source: "/", type: "t", extensions: [name: "x"])
        #expect(event.extensions[name] == "x")

        try event.setExtension(name, to: nil)

        #expect(event.extensions.isEmpty)
        #expect(CloudEvent.isExtensionName(name))
    }

    @Test("refuses an empty URI as an extension's value, and takes an empty reference")
    func refusesEmptyURI() throws {
        let error = #expect(throws: CloudEventError.self) {
            try CloudEvent(id: "1", source: "/", type: "t", extensions: ["link": .uri("")])
        }

        #expect(error?.rule == .uri)
        #expect(try CloudEvent(id: "1", source: "/", type: "t", extensions: ["link": .uriReference("")]).id == "1")
    }

    @Test("is equal when everything is")
    func isEqual() throws {
        let event = try CloudEvent(id: "1", source: "/", type: "t", data: .text("x"), extensions: ["a": 1, "b": true])
        var other = try CloudEvent(id: "1", source: "/", type: "t", data: .text("x"), extensions: ["b": true, "a": 1])
        #expect(event == other)

        other.data = .bytes(Array("x".utf8))

        #expect(event != other)
    }

    @Test("says in an error which attribute is wrong and how")
    func describesErrors() {
        let error = #expect(throws: CloudEventError.self) { try CloudEvent(id: "a\u{1}b", source: "/", type: "t") }

        #expect(
            error?.description
                == "invalidValue: attribute 'id': found the character U+1, expected no control characters and no "
                + "Unicode noncharacters; rule string (CloudEvents 1.0.2, Type System, String: control characters and "
                + "noncharacters are disallowed)"
        )
    }

    @Test("shortens in an error what is long, and escapes what cannot be shown")
    func shortensErrors() {
        let error = #expect(throws: CloudEventError.self) {
            try Timestamp(parsing: "\n" + String(repeating: "x", count: 1_000))
        }

        #expect(error?.found == "'\\n\(String(repeating: "x", count: 63))…' (at character 1)")
    }

    @Test(
        "refuses texts with characters that none may have, whatever their type",
        arguments: [0x0A, 0x7F, 0xFDD0, 0xFFFE, 0x1_FFFE, 0x10_FFFE] as [UInt32]
    )
    func refusesCharacters(scalar: UInt32) throws {
        let text = try "urn:x:\(Character(#require(Unicode.Scalar(scalar))))"
        for type in [CloudEventAttributeType.string, .uri, .uriReference] {
            let error = #expect(throws: CloudEventError.self) {
                try CloudEventAttributeValue(canonicalText: text, type: type, attribute: "x")
            }
            #expect(error?.attribute == "x" && error?.rule == .stringCharacters)
        }
    }
}
