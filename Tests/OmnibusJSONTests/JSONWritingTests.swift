// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON
import Testing

@Suite("JSON writer")
struct JSONWritingTests {
    @Test(
        "writes compact JSON in the members' own order",
        arguments: [
            (nil, "null"), (true, "true"), (-1, "-1"), (1.0, "1.0"), (-0.0, "-0.0"), (0.1, "0.1"), (1e23, "1e+23"),
            (.number(.leastNonzeroMagnitude), "5e-324"),
            ("a\"\\/\u{8}\t\n\u{C}\r\u{1}\u{1F}\u{7F}é", #""a\"\\/\b\t\n\f\r\u0001\u001f"# + "\u{7F}é\""),
            ([], "[]"), ([:], "{}"), (["b": [1, nil], "a": "x"], #"{"b":[1,null],"a":"x"}"#),
        ] as [(JSONValue, String)]
    )
    func writesCompact(value: JSONValue, text: String) throws {
        #expect(try value.text() == text)
        #expect(try value.bytes() == Array(text.utf8))
        #expect(value.description == text)
    }

    @Test("writes a line for each element and member when asked to be pretty")
    func writesPretty() throws {
        let value: JSONValue = ["a": [1, [:], []], "b": ["c": nil]]
        let expected = """
            {
              "a": [
                1,
                {},
                []
              ],
              "b": {
                "c": null
              }
            }
            """

        #expect(try value.text(.pretty) == expected)
    }

    @Test("sorts members by UTF-16 code units when asked to, at every level")
    func writesSorted() throws {
        let value: JSONValue = ["\u{FB33}": 1, "\u{1F600}": 2, "b": ["z": 1, "aa": 2, "a": 3], "": 0]

        #expect(try value.text(.sorted) == "{\"\":0,\"b\":{\"a\":3,\"aa\":2,\"z\":1},\"\u{1F600}\":2,\"\u{FB33}\":1}")
    }

    @Test("refuses numbers that JSON cannot say", arguments: [Double.nan, .infinity, -.infinity])
    func refusesNonFinite(number: Double) {
        let error = #expect(throws: JSONError.self) { try JSONValue.array([.number(number)]).bytes() }

        #expect(error?.code == .nonFiniteNumber)
    }

    @Test("describes numbers that JSON cannot say")
    func describesNonFinite() {
        #expect(JSONValue.array([.number(.infinity), .number(.nan)]).description == "[inf,nan]")
    }

    @Test("refuses a value that is nested too deep to be read again")
    func refusesDepth() {
        var value: JSONValue = []
        for _ in 0..<JSONLimits.greatestDepth { value = [value] }

        let error = #expect(throws: JSONError.self) { try value.text() }

        #expect(error?.code == .tooDeep)
    }

    @Test("writes doubles that read back as the same double")
    func roundTripsDoubles() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<20_000 {
            let number = Double(bitPattern: random.next())
            guard number.isFinite else { continue }
            guard case .number(let read) = try JSONValue(parsing: JSONValue.number(number).bytes()),
                read.bitPattern == number.bitPattern
            else {
                Issue.record("\(number) reads back differently; seed \(seed)")
                return
            }
        }
    }
}
