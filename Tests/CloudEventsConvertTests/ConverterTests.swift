// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON
import Testing

@testable import CloudEventsConvert

@Suite("Converting events")
struct ConverterTests {
    static let event =
        #"{"specversion":"1.0","id":"é \"1\"","source":"/s","type":"t","time":"2026-02-28T08:30:00.5Z","#
        + #""datacontenttype":"application/json","ext":"a%b","data":{"a":[1,null]}}"#

    private func convert(_ line: String, from: Form, to: Form) throws -> [String] {
        let outcome = Converter(from: from, to: to).convert(Array(line.utf8))
        #expect(!outcome.isError, "\(outcome.lines.map { String(decoding: $0, as: UTF8.self) })")
        return outcome.lines.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("goes through every form and back", arguments: Form.all)
    func roundTrips(form: Form) throws {
        let line = try #require(self.convert(Self.event, from: .json, to: form).first)

        #expect(try self.convert(line, from: form, to: .json) == [Self.event])
    }

    @Test("goes from every form to every other", arguments: Form.all)
    func goesEverywhere(form: Form) throws {
        for other in Form.all {
            let line = try #require(self.convert(Self.event, from: .json, to: form).first)
            let next = try #require(self.convert(line, from: form, to: other).first)
            #expect(try self.convert(next, from: other, to: .json) == [Self.event], "\(form) to \(other)")
        }
    }

    @Test("knows its forms by name")
    func knowsForms() {
        #expect(Form.all.count == 12)
        #expect(Form.all.allSatisfy { Form(name: $0.name) == $0 })
        #expect(Form(name: "http") == nil && Form(name: "http-batched") == nil)
    }

    @Test("makes a line of each event of a batch, or a batch of it")
    func convertsBatches() throws {
        let batch = "[\(Self.event),\(Self.event)]"

        #expect(try self.convert(batch, from: .batch, to: .json) == [Self.event, Self.event])
        #expect(try self.convert(batch, from: .batch, to: .batch) == [batch])
        #expect(try self.convert("[]", from: .batch, to: .json).isEmpty)
    }

    @Test(
        "takes headers as an object or as pairs",
        arguments: [
            #"{"headers":{"ce-specversion":"1.0","CE-Id":"1","ce-source":"/","ce-type":"t"},"body":""}"#,
            #"{"headers":[["ce-specversion","1.0"],["CE-Id","1"],["ce-source","/"],["ce-type","t"]],"body":null}"#,
            #"{"headers":[["ce-specversion","1.0"],["CE-Id","1"],["ce-source","/"],["ce-type","t"]]}"#,
        ]
    )
    func takesHeaders(line: String) throws {
        #expect(
            try self.convert(line, from: .message(.http, .binary), to: .json)
                == [#"{"specversion":"1.0","id":"1","source":"/","type":"t"}"#]
        )
    }

    @Test(
        "makes a line of an error, with the attribute",
        arguments: [
            (Form.json, #"{"specversion":"1.0","id":"","source":"/","type":"t"}"#, "id"),
            (.json, "{", ""), (.batch, "{}", ""), (.message(.http, .binary), "[]", ""),
            (.message(.http, .binary), #"{"headers":[["ce-id","1"],["ce-id","1"]]}"#, "id"),
            (.message(.http, .binary), #"{"headers":{"ce-id":"1","ce-id":"1"}}"#, "id"),
            (.message(.mqtt, .binary), #"{"headers":{"id":"1","id":"1"}}"#, "id"),
            (.message(.http, .binary), #"{"headers":{"ce-id":"%"}}"#, "id"),
            (.message(.http, .binary), #"{"headers":{"ce-id":["1"]}}"#, "id"),
            (.message(.http, .structured), #"{"headers":{},"body":""}"#, "datacontenttype"),
            (.message(.kafka, .binary), #"{"body":"?"}"#, "data"),
        ]
    )
    func tellsErrors(form: Form, line: String, attribute: String) throws {
        let outcome = Converter(from: form, to: .json).convert(Array(line.utf8))

        #expect(outcome.isError && outcome.lines.count == 1)
        let error = try JSONValue(parsing: try #require(outcome.lines.first))
        #expect(error["attribute"]?.stringValue == attribute)
        #expect(error["error"]?.stringValue?.isEmpty == false)
    }

    @Test("fills in what it can when it is lenient")
    func isLenient() throws {
        let converter = Converter(from: .json, to: .json, options: .lenient)

        let outcome = converter.convert(Array(#"{"id":"1","source":"/","type":"t"}"#.utf8))

        #expect(!outcome.isError && outcome.repairs.map(\.attribute) == ["specversion"])
    }
}
