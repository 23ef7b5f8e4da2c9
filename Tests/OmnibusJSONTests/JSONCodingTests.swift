// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OmnibusJSON
import Testing

@Suite("JSON value as Codable")
struct JSONCodingTests {
    struct Holder: Codable, Equatable {
        var value: JSONValue
    }

    static let values: [JSONValue] = [
        nil, true, 0, 1, -5, .integer(.max), .integer(.min), 2.5, 1e300, "", "true", "1", "null", "é", [], [:],
        [1, "1", true, nil, 1.5, [[]]], ["a": ["b": [nil, ["c": false]]], "": 1],
    ]

    @Test("comes back from the encoder of Foundation with its types", arguments: values)
    func roundTrips(value: JSONValue) throws {
        let bytes = try JSONEncoder().encode(Holder(value: value))

        let holder = try JSONDecoder().decode(Holder.self, from: bytes)

        #expect(holder.value == value)
    }

    @Test("is what our own parser reads in the encoder's bytes", arguments: values)
    func encodesAsItself(value: JSONValue) throws {
        let bytes = try JSONEncoder().encode(Holder(value: value))

        #expect(try JSONValue(parsing: bytes) == ["value": value])
    }

    @Test("decodes numbers as the case that keeps them")
    func keepsNumbers() throws {
        let text = "[1,1.5,18446744073709551615,9223372036854775807]"

        let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))

        #expect(try value == JSONValue(parsing: text))
        #expect(value[2] == JSONValue(UInt64.max))
    }
}
