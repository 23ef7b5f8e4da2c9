// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import CloudEventsFoundation
import Foundation
import OmnibusJSON
import Testing

@Suite("JSON codec")
struct JSONCodecTests {
    struct Sample: Codable, Equatable, Sendable {
        var id: Int
        var name: String
        var tags: [String] = ["a", "b"]
        var createdAt: Date = Date(timeIntervalSinceReferenceDate: 800_000_000.123_456)
        var extra: JSONValue = ["n": 1]
    }

    @Test("reads what it writes")
    func roundTrips() throws {
        let codec = JSONCodec()
        let sample = Sample(id: 1, name: "é")

        #expect(try codec.decode(Sample.self, from: codec.encode(sample)) == sample)
        #expect(codec.contentType == "application/json")
    }

    @Test(
        "writes JSON, scalars included",
        arguments: [("x", "\"x\""), ("é/", "\"é\\/\"")]
    )
    func writesScalars(value: String, json: String) throws {
        let bytes = try JSONCodec().encode(value)

        #expect(try JSONValue(parsing: bytes) == JSONValue(parsing: json))
    }

    @Test("writes dates by RFC 3339 with their fraction")
    func writesDates() throws {
        let date = Date(timeIntervalSince1970: 1_772_267_400.5)

        #expect(try JSONCodec().encode([date]) == Array(#"["2026-02-28T08:30:00.5Z"]"#.utf8))
    }

    @Test(
        "reads dates in any offset, with and without a fraction",
        arguments: ["2026-02-28T08:30:00Z", "2026-02-28T09:30:00+01:00", "2026-02-28T08:30:00.000Z"]
    )
    func readsDates(text: String) throws {
        let dates = try JSONCodec().decode([Date].self, from: Array("[\"\(text)\"]".utf8))

        #expect(dates == [Date(timeIntervalSince1970: 1_772_267_400)])
    }

    @Test("uses coders that are configured otherwise")
    func usesFactories() throws {
        let codec = JSONCodec(
            makeEncoder: {
                let encoder = JSONEncoder()
                encoder.dateEncodingStrategy = .secondsSince1970
                return encoder
            },
            makeDecoder: {
                let decoder = JSONDecoder()
                decoder.dateDecodingStrategy = .secondsSince1970
                return decoder
            }
        )

        #expect(try codec.encode([Date(timeIntervalSince1970: 5)]) == Array("[5]".utf8))
        #expect(try codec.decode([Date].self, from: Array("[5]".utf8)) == [Date(timeIntervalSince1970: 5)])
    }

    @Test("keeps the order of a JSON value's members")
    func keepsOrder() throws {
        let bytes = Array(#"{"z":1,"a":{"y":2,"b":3},"m":null}"#.utf8)

        let value = try JSONCodec().decode(JSONValue.self, from: bytes)

        #expect(try JSONCodec().encode(value) == bytes)
    }

    @Test("throws what explains the failure", arguments: ["", "{", "[1]", "{\"id\":\"x\"}"])
    func throwsErrors(text: String) {
        #expect(throws: DecodingError.self) { try JSONCodec().decode(Sample.self, from: Array(text.utf8)) }
    }

    @Test("refuses numbers that JSON cannot say")
    func refusesNonFinite() {
        #expect(throws: EncodingError.self) { try JSONCodec().encode([Double.nan]) }
        #expect(throws: JSONError.self) { try JSONCodec().encode(JSONValue.number(.nan)) }
    }

    @Test("serves many tasks at once")
    func isShared() async throws {
        let codec = JSONCodec()

        let results = try await withThrowingTaskGroup(of: Bool.self, returning: [Bool].self) { group in
            for id in 0..<100 {
                group.addTask {
                    let sample = Sample(id: id, name: "n\(id)")
                    return try codec.decode(Sample.self, from: codec.encode(sample)) == sample
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }

        #expect(results == Array(repeating: true, count: 100))
    }
}
