// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON
import Testing

@Suite("Binding cases of the CloudEvents project")
struct BindingConformanceTests {
    @Test(
        "reads messages of other implementations, and writes HTTP as they do",
        .enabled(if: Conformance.has("cloudevents-bindings"), "needs the folder cloudevents-bindings")
    )
    func readsMessages() throws {
        let table = try JSONFormatConformanceTests.json("cloudevents-bindings/java-binary-mode.json")
        let rows = try #require(table["rows"]?.arrayValue)
        try #require(!rows.isEmpty)
        for row in rows {
            let id = row["id"]?.stringValue ?? ""
            let binding = try #require(ProtocolBinding(rawValue: row["protocol"]?.stringValue ?? ""))
            let mode = try #require(ContentMode(rawValue: row["mode"]?.stringValue ?? ""))
            let headers = try #require(row["headers"]?.objectValue)
            let message = ProtocolMessage(
                headers: headers.map { ($0.name, $0.value.stringValue ?? $0.value.description) },
                body: Array((row["body"]?.stringValue ?? "").utf8)
            )

            #expect(binding.contentMode(of: message) == mode, "\(id)")
            let event = try binding.read(message).event
            #expect(event.attributeTexts == CloudEvent.attributeTexts(of: row["event"]?["attributes"]), "\(id)")
            #expect(event.dataBytes == row["event"]?["data"]?.stringValue.map { Array($0.utf8) }, "\(id)")

            guard row["direction"]?.stringValue?.contains("write") == true else { continue }
            let written = try binding.write(event, mode: mode)
            #expect(written.body == message.body, "\(id)")
            #expect(Self.headers(of: written) == Self.headers(of: message), "\(id)")
        }
    }

    @Test(
        "encodes header values as another implementation does",
        .enabled(if: Conformance.has("cloudevents-bindings"), "needs the folder cloudevents-bindings")
    )
    func encodesValues() throws {
        let table = try Self.table()["http_header_value"]
        for row in table?["roundtrip"]?.arrayValue ?? [] {
            let value = try #require(row["value"]?.stringValue)
            let header = try #require(row["header"]?.stringValue)
            #expect(PercentEncoding.encode(value) == header)
            #expect(try PercentEncoding.decode(header).utf8.elementsEqual(value.utf8))
        }
        for row in table?["decode_only"]?.arrayValue ?? [] {
            #expect(try PercentEncoding.decode(#require(row["header"]?.stringValue)) == row["value"]?.stringValue)
        }
        for row in table?["decode_invalid"]?.arrayValue ?? [] {
            let header = try #require(row.stringValue ?? row["header"]?.stringValue)
            #expect(throws: CloudEventError.self) { try PercentEncoding.decode(header) }
        }
    }

    @Test(
        "reads timestamps as another implementation does",
        .enabled(if: Conformance.has("cloudevents-bindings"), "needs the folder cloudevents-bindings")
    )
    func readsTimestamps() throws {
        let table = try Self.table()["timestamps"]
        for row in table?["valid"]?.arrayValue ?? [] {
            let text = try #require(row["text"]?.stringValue)
            let time = try Timestamp(parsing: text)
            #expect(time.secondsSinceEpoch == (row["epoch_seconds"]?.intValue).map { Int64($0) }, "\(text)")
            // Some rows tell what is left of a time at 100 nanoseconds.
            let nanoseconds = row["precision"] == nil ? time.nanoseconds : time.nanoseconds / 100 * 100
            #expect(nanoseconds == row["nanos"]?.intValue, "\(text)")
        }
        for row in table?["invalid"]?.arrayValue ?? [] {
            let text = try #require(row.stringValue ?? row["text"]?.stringValue)
            // Limits of theirs, and none of RFC 3339: second 60, and offsets of more than 14 hours.
            if text.contains(":60") || text.contains("+1") || text.contains("-1") { continue }
            #expect(throws: CloudEventError.self, "\(text)") { try Timestamp(parsing: text) }
        }
        for row in table?["format"]?.arrayValue ?? [] {
            let text = try #require(row["in"]?.stringValue)
            // Theirs ends at 100 nanoseconds.
            let time = try Timestamp(parsing: text)
            let theirs = try Timestamp(parsing: #require(row["out"]?.stringValue))
            #expect(time.secondsSinceEpoch == theirs.secondsSinceEpoch, "\(text)")
            #expect(time.nanoseconds / 100 == theirs.nanoseconds / 100, "\(text)")
            #expect(try Timestamp(parsing: time.description) == time)
        }
    }

    @Test(
        "takes the texts of each type that another implementation takes",
        .enabled(if: Conformance.has("cloudevents-bindings"), "needs the folder cloudevents-bindings")
    )
    func readsTypes() throws {
        for row in try #require(try Self.table()["attribute_types"]?.objectValue) {
            let name = row.name
            let kinds: [(String, CloudEventAttributeType)] = [
                ("Binary", .binary), ("Boolean", .boolean), ("Integer", .integer), ("String", .string),
                ("Timestamp", .timestamp), ("UriReference", .uriReference), ("Uri", .uri),
            ]
            let type = try #require(kinds.first { name.hasPrefix($0.0) }?.1, "\(name)")
            for texts in row.value.arrayValue ?? [] {
                // Rows of numbers are UTF-16 with lone surrogates, which no string can hold here.
                guard let text = texts[0]?.stringValue else {
                    print("skipped: \(name), which is no Unicode text")
                    continue
                }
                if name.contains("Invalid") {
                    #expect(throws: CloudEventError.self, "\(name): \(text)") {
                        try CloudEventAttributeValue(canonicalText: text, type: type)
                    }
                    continue
                }
                let value = try CloudEventAttributeValue(canonicalText: text, type: type)
                #expect(value.type == type)
                // An offset from UTC is no part of the time.
                #expect(type == .timestamp || value.canonicalText == text, "\(name): \(text)")
            }
        }
        for row in try Self.table()["attribute_names"]?["CreateExtension_ValidName"]?.arrayValue ?? [] {
            #expect(try CloudEvent.isExtensionName(#require(row.stringValue)))
        }
        for row in try Self.table()["attribute_names"]?["CreateExtension_InvalidName"]?.arrayValue ?? [] {
            #expect(try !CloudEvent.isExtensionName(#require(row.stringValue)))
        }
    }

    @Test(
        "tells events and batches by the content type as another implementation does",
        .enabled(if: Conformance.has("cloudevents-bindings"), "needs the folder cloudevents-bindings")
    )
    func tellsContentTypes() throws {
        // The table is not in every version of the folder.
        for row in try Self.table()["content_types"]?.objectValue ?? JSONObject() {
            let mode: ContentMode = row.name.contains("Batch") ? .batched : .structured
            for entry in row.value.arrayValue ?? [] {
                guard let text = entry.stringValue ?? entry[0]?.stringValue else { continue }
                let isMode = entry[1]?.boolValue ?? !row.name.hasSuffix("False")
                let message = ProtocolMessage(headers: [("content-type", text)])
                #expect((ProtocolBinding.http.contentMode(of: message) == mode) == isMode, "\(row.name): \(text)")
            }
        }
    }

    // MARK: Features

    static let features = Conformance.names(in: "cloudevents-conformance/features").filter {
        $0.hasSuffix(".feature")
    }

    @Test("does what the features of the bindings say", arguments: features)
    func keepsFeature(file: String) throws {
        let text = String(
            decoding: try Conformance.bytes(of: "cloudevents-conformance/features/\(file)"),
            as: UTF8.self
        )
        let binding = try #require(ProtocolBinding.allCases.first { file.hasPrefix($0.rawValue) })
        let cases = Feature.cases(in: text)
        try #require(!cases.isEmpty)
        for scenario in cases {
            let event = try binding.read(scenario.message).event
            #expect(event.attributeTexts == scenario.attributes, "\(scenario.name)")
            #expect(try event.data == .json(JSONValue(parsing: scenario.data)), "\(scenario.name)")
        }
    }

    // MARK: Events to send

    static let lists =
        (Conformance.names(in: "cloudevents-conformance/yaml").map { "yaml/\($0)" }
        + Conformance.names(in: "cloudevents-conformance/yaml/v1.0").map { "yaml/v1.0/\($0)" })
        .filter { $0.hasSuffix(".yaml") && !$0.contains("v03") }

    @Test("sends the listed events in every binding and mode, and reads them back", arguments: lists)
    func sendsEvents(file: String) throws {
        let bytes = try Conformance.bytes(of: "cloudevents-conformance/\(file)")
        let events = try EventList.events(in: String(decoding: bytes, as: UTF8.self))
        try #require(!events.isEmpty)
        for event in events {
            for binding in ProtocolBinding.allCases {
                for mode in [ContentMode.binary, .structured] {
                    let message = try binding.write(event, mode: mode)
                    let read = try binding.read(message, mode: mode).event
                    var expected = event
                    // Without a content type the data is JSON, and says so in binary mode.
                    if mode == .binary, event.dataContentType == nil, event.data != nil {
                        expected = try event.with(dataContentType: "application/json")
                    }
                    #expect(read.attributeTexts == expected.attributeTexts, "\(binding) \(mode)")
                    #expect(read.dataBytes == expected.dataBytes, "\(binding) \(mode)")
                }
            }
        }
    }

    @Test("has no version 0.3", .disabled("version 0.3 is not asked for: yaml/v03.yaml and yaml/v0.3"))
    func sendsOldEvents() {}

    static func table() throws -> JSONValue {
        try JSONFormatConformanceTests.json("cloudevents-bindings/csharp-tables.json")
    }

    private static func headers(of message: ProtocolMessage) -> [String: String] {
        let pairs = message.headers.map { header in
            let text = header.value.canonicalText
            return (header.name.lowercased(), Timestamp(text)?.description ?? text)
        }
        return Dictionary(pairs, uniquingKeysWith: { $0 + " and " + $1 })
    }
}
