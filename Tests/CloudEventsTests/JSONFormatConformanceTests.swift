// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON
import Testing

@Suite("JSON format cases of the CloudEvents project")
struct JSONFormatConformanceTests {
    static let folder = "cloudevents-conformance/format/json"
    static let files = Conformance.names(in: folder).filter { $0.hasSuffix(".json") }

    /// The extensions that the samples have, which their documentation asks to declare.
    static let options = CloudEventReadingOptions(extensionTypes: [
        "extinteger": .integer, "extboolean": .boolean, "extstring": .string, "extbinary": .binary,
        "exttimestamp": .timestamp, "exturi": .uri, "exturiref": .uriReference,
    ])

    @Test("reads valid events and batches as the samples, and refuses invalid ones", arguments: files)
    func readsFormat(file: String) throws {
        let golden = try Self.json("cloudevents-conformance/golden-samples.json")
        let table = try Self.json("\(Self.folder)/\(file)")
        let tests = try #require(table["tests"]?.arrayValue)
        try #require(!tests.isEmpty)
        for test in tests {
            let kind = test["testType"]?.stringValue ?? table["testType"]?.stringValue ?? ""
            let id = test["id"]?.stringValue ?? ""
            // Constraints of a program's own are not a part of the format.
            if test["extensionConstraints"] == true { continue }
            let sample = try #require(test["sampleId"]?.stringValue ?? (kind.hasPrefix("Invalid") ? "" : nil))
            switch kind {
            case "ValidSingleEvent":
                let bytes = try #require(test["event"]).bytes()
                let event = try CloudEvent(json: bytes, options: Self.options)
                try Self.expect(event, isSample: #require(golden["samples"]?[sample]), id)
                #expect(try CloudEvent(json: event.json(), options: Self.options) == event, "\(id)")
            case "ValidBatch":
                let bytes = try #require(test["batch"]).bytes()
                let events = try CloudEventJSONFormat.readBatch(bytes, options: Self.options).map(\.event)
                let samples = try #require(golden["batches"]?[sample]?.arrayValue)
                try #require(events.count == samples.count, "\(id)")
                for (event, name) in zip(events, samples) {
                    try Self.expect(event, isSample: #require(golden["samples"]?[name.stringValue ?? ""]), id)
                }
                let written = try CloudEventJSONFormat.writeBatch(events)
                #expect(try CloudEventJSONFormat.readBatch(written, options: Self.options).map(\.event) == events)
            case "InvalidSingleEvent":
                let bytes = try #require(test["event"]).bytes()
                #expect(throws: CloudEventError.self, "\(id)") { try CloudEvent(json: bytes, options: Self.options) }
            case "InvalidBatch":
                let bytes = try #require(test["batch"]).bytes()
                #expect(throws: CloudEventError.self, "\(id)") {
                    try CloudEventJSONFormat.readBatch(bytes, options: Self.options)
                }
            default: Issue.record("\(id) is of the kind '\(kind)'")
            }
        }
    }

    @Test(
        "reads and writes the files of another implementation",
        .enabled(if: Conformance.has("cloudevents-sdk-java"), "needs the folder cloudevents-sdk-java")
    )
    func readsFiles() throws {
        let table = try Self.json("cloudevents-sdk-java/expectations-v1.json")
        for row in try #require(table["rows"]?.arrayValue) {
            let file = try #require(row["file"]?.stringValue)
            // Version 0.3 is below, and the Protobuf form is not asked for.
            guard file.hasPrefix("json/v1") else { continue }
            let bytes = try Conformance.bytes(of: "cloudevents-sdk-java/\(file)")
            // The implementations disagree on these: it is told what this one does, and counts for nothing.
            if row["contested"] == true {
                print("contested: \(file):", (try? CloudEvent(json: bytes)) == nil ? "refused" : "taken")
                continue
            }
            guard row["expect"] == "valid" else {
                #expect(throws: CloudEventError.self, "\(file)") { try CloudEvent(json: bytes) }
                continue
            }
            let event = try CloudEvent(json: bytes)
            let source = try JSONValue(parsing: bytes)
            #expect(event.attributeTexts == CloudEvent.attributeTexts(of: source), "\(file)")
            try Self.expect(event, isNamed: file, table["golden"] ?? nil)
            try Self.expect(written: event, isSame: source, file)
        }
    }

    @Test("refuses version 0.3", arguments: Conformance.names(in: "cloudevents-sdk-java/json/v03"))
    func refusesOldVersion(file: String) throws {
        let bytes = try Conformance.bytes(of: "cloudevents-sdk-java/json/v03/\(file)")

        let error = #expect(throws: CloudEventError.self) { try CloudEvent(json: bytes) }

        #expect(error?.code == .unsupportedVersion || file.hasPrefix("fail"), "\(String(describing: error))")
    }

    @Test(
        "reads the examples of the specification, and writes them back",
        .enabled(if: Conformance.has("cloudevents-spec"), "needs the folder cloudevents-spec")
    )
    func readsExamples() throws {
        let table = try Self.json("cloudevents-spec/examples-from-spec.json")
        var count = 0
        for row in try #require(table["rows"]?.arrayValue) where row["looks_like_event"] == true {
            var example = try #require(row["json"])
            // Some leave attributes out for shortness, and the version with them.
            guard example["specversion"] == "1.0" else { continue }
            // The text in place of Base64 says that there would be some.
            if example["data_base64"]?.stringValue?.contains(" ") == true { example["data_base64"] = "AAEC" }
            count += 1

            let event = try CloudEvent(json: example.bytes())

            #expect(event.attributeTexts == CloudEvent.attributeTexts(of: example))
            #expect(try CloudEvent(json: event.json()) == event)
            try Self.expect(written: event, isSame: example, row["section"]?.stringValue ?? "")
        }
        #expect(count > 0)
    }

    @Test("has no XML form", .disabled("XML is not asked for: format/xml"))
    func readsXML() {}

    @Test("has no Protobuf form", .disabled("Protobuf is not asked for: format/protobuf and protobuf-json"))
    func readsProtobuf() {}

    @Test("has no Avro form", .disabled("Avro is not asked for: formats/cloudevents.avsc"))
    func readsAvro() {}

    static func json(_ path: String) throws -> JSONValue {
        var bytes = try Conformance.bytes(of: path)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        return try JSONValue(parsing: bytes)
    }

    private static func expect(_ event: CloudEvent, isSample sample: JSONValue, _ id: String) throws {
        #expect(event.attributeTexts == CloudEvent.attributeTexts(of: sample), "\(id)")
        #expect(event.data == (sample["data"]?.stringValue).map { .text($0) }, "\(id)")
        for (name, value) in event.extensions { #expect(value.type == Self.options.extensionTypes[name], "\(id)") }
    }

    /// Compares the data with what the name of a file says of it.
    private static func expect(_ event: CloudEvent, isNamed file: String, _ golden: JSONValue?) throws {
        if file.contains("xml_data") {
            #expect(try event.dataBytes == Array(#require(golden?["xml"]?["data_text"]?.stringValue).utf8))
        } else if file.contains("text_data") {
            #expect(try event.dataBytes == Array(#require(golden?["text"]?["data_text"]?.stringValue).utf8))
        } else if file.contains("json_data") {
            #expect(try JSONValue(parsing: #require(event.dataBytes)) == golden?["json"]?["data"])
        } else {
            #expect(event.data == nil)
        }
        guard file.contains("with_ext") else { return }
        let extensions = CloudEvent.attributeTexts(of: golden?["ext"])
        #expect(extensions.allSatisfy { event.extensions[$0.key]?.canonicalText == $0.value })
    }

    /// Compares what is written with what was read, without members that are null and with times as instants.
    private static func expect(written event: CloudEvent, isSame source: JSONValue, _ name: String) throws {
        func normal(_ value: JSONValue) -> JSONValue {
            var value = value
            for member in value.objectValue ?? [:] where member.value.isNull && member.name != "data" {
                value[member.name] = nil
            }
            if let time = value["time"]?.stringValue.flatMap({ Timestamp($0) }) {
                value["time"] = .string(time.description)
            }
            return value
        }
        #expect(try normal(JSONValue(parsing: event.json())) == normal(source), "\(name)")
    }
}
