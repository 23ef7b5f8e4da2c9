// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import CloudEventsFoundation
import Foundation
import OmnibusJSON
import Testing

@Suite("JSON values in payloads")
struct ExactJSONTests {
    struct Sample: Codable, Equatable, Sendable {
        var value: JSONValue
        var object: JSONObject?
        var list: [JSONValue] = []
        var byName: [String: JSONValue] = [:]
        var inner: [Inner] = []
    }

    struct Inner: Codable, Equatable, Sendable {
        var value: JSONValue?
    }

    private static let text =
        #"{"n":123456789012345678901.25,"neg":-0.0,"\#u{E9}":1,"e\#u{301}":2,"#
        + #""big":1e400,"z":[1.5,{"y":[],"b":{}}],"a":null,"t":"/"}"#

    private func sample() throws -> Sample {
        let value = try JSONValue(parsing: Self.text)
        let object = try #require(value.objectValue)
        return Sample(
            value: value,
            object: object,
            list: [value, try JSONValue(parsing: "1e400"), [], [:], -0.0, "x", nil, true, 7],
            byName: ["k": value, "e": [value]],
            inner: [Inner(value: nil), Inner(value: value)]
        )
    }

    @Test("come back to the digit, with every member in its order")
    func isExact() throws {
        let codec = JSONCodec()
        let sample = try self.sample()

        let bytes = try codec.encode(sample)
        let read = try codec.decode(Sample.self, from: bytes)

        #expect(read == sample)
        let values = [read.value, read.object.map { .object($0) }, read.list[0], read.byName["k"], read.inner[1].value]
        for value in values { #expect(try value?.text() == Self.text) }
        #expect(try read.list[4].text() == sample.list[4].text())
        let document = try JSONValue(parsing: bytes)
        #expect(try document["value"]?.text() == Self.text)
        #expect(try document["inner"]?[1]?["value"]?.text() == Self.text)
    }

    @Test(
        "are exact as the whole payload too",
        arguments: [#"{"b":1e400,"a":-0.0}"#, "{}", "[1.5e-400]", "[]", "1e400"]
    )
    func isExactAsWhole(text: String) throws {
        let codec = JSONCodec()
        let list = try codec.decode([JSONValue].self, from: Array("[\(text)]".utf8))
        #expect(try codec.encode(list) == Array("[\(text)]".utf8))
        guard text.hasPrefix("{") else { return }
        let object = try codec.decode(JSONObject.self, from: Array(text.utf8))
        #expect(try codec.encode(object) == Array(text.utf8))
    }

    /// Writes an object into its own container.
    struct Flat: Codable, Equatable {
        var name: String
        var rest: JSONObject

        enum CodingKeys: String, CodingKey { case name }

        init(name: String, rest: JSONObject) {
            self.name = name
            self.rest = rest
        }

        init(from decoder: any Decoder) throws {
            self.name = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .name)
            self.rest = try JSONObject(from: decoder)
            self.rest["name"] = nil
        }

        func encode(to encoder: any Encoder) throws {
            try self.rest.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(self.name, forKey: .name)
        }
    }

    @Test("may share a container with others", arguments: [#"{"z":1e400,"a":[-0.0]}"#, "{}", #"{"a":1}"#])
    func sharesContainer(text: String) throws {
        let codec = JSONCodec()
        let rest = try #require(JSONValue(parsing: text).objectValue)
        for _ in 0..<8 {
            let bytes = try codec.encode([Flat(name: "n", rest: rest)])
            #expect(try codec.decode([Flat].self, from: bytes) == [Flat(name: "n", rest: rest)])
        }
    }

    @Test("give way to a member of the same name in a container that they share")
    func sharesName() throws {
        let bytes = try JSONCodec().encode(Flat(name: "n", rest: ["name": "other", "a": 1]))
        #expect(try JSONValue(parsing: bytes) == ["name": "n", "a": 1])
    }

    @Test("are written into what a coder with options of its own writes")
    func obeysOptions() throws {
        let codec = JSONCodec(makeEncoder: {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return encoder
        })
        let value = try JSONValue(parsing: #"{"b":1e400,"a":{}}"#)
        let sample = Sample(value: value, object: [:], list: [[], value])
        let text = String(decoding: try codec.encode(sample), as: UTF8.self)
        #expect(text.contains(#""a":{},"b":1e400"#))
        #expect(try codec.decode(Sample.self, from: Array(text.utf8)) == sample)

        let snake = JSONCodec(
            makeEncoder: {
                let encoder = JSONEncoder()
                encoder.keyEncodingStrategy = .convertToSnakeCase
                return encoder
            },
            makeDecoder: {
                let decoder = JSONDecoder()
                decoder.keyDecodingStrategy = .convertFromSnakeCase
                return decoder
            }
        )
        let named = Sample(value: ["aName": 1], byName: ["aKey": 2])
        let bytes = try snake.encode(named)
        #expect(try JSONValue(parsing: bytes)["by_name"] != nil)
        #expect(try snake.decode(Sample.self, from: bytes).value == ["aName": 1])
    }

    struct Counts: Codable {
        var whole: [String: Int]
        var any: JSONValue
    }

    @Test(
        "do not hide which number another field refuses",
        arguments: [
            (#"{"any":[1.5,1e400],"whole":{"a":1,"b":33.3}}"#, "'whole.b' "),
            (#"{"whole":{"a":1e30,"b":2},"any":0.5}"#, "'whole.a' "),
        ]
    )
    func namesNumbers(text: String, name: String) throws {
        let error = #expect(throws: DecodingError.self) {
            _ = try JSONCodec().decode(Counts.self, from: Array(text.utf8))
        }
        guard case .dataCorrupted(let context)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(context.debugDescription.hasPrefix(name), "\(context)")
        #expect(context.codingPath.count == 2)
    }

    @Test("that no text can say are refused")
    func refusesNonFinite() {
        #expect(throws: JSONError.self) { try JSONCodec().encode([JSONValue.number(.infinity)]) }
    }
}
