// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON
import Testing

@Suite("JSON parser")
struct JSONParsingTests {
    @Test(
        "reads each kind of value",
        arguments: [
            ("null", .null), ("true", .bool(true)), (" false ", .bool(false)), ("\"a\"", .string("a")),
            ("0", .integer(0)), ("-7", .integer(-7)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("[]", .array([])), ("{}", .object([:])),
            ("[1,[2,{}],\"x\"]", [1, [2, [:]], "x"]), ("{\"a\":{\"b\":[null]},\"c\":1}", ["a": ["b": [nil]], "c": 1]),
            ("\t\r\n [ 1 , 2 ] ", [1, 2]), ("{ \"a\" : [ { } , [ ] ] }", ["a": [[:], []]]),
        ] as [(String, JSONValue)]
    )
    func readsValues(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(
        "keeps integers that fit as integers, and only those",
        arguments: [
            ("1", true), ("-1", true), ("9223372036854775807", true), ("-9223372036854775808", true),
            ("9223372036854775808", false), ("-9223372036854775809", false), ("18446744073709551616", false),
            ("1.0", false), ("1e2", false), ("-0", false),
        ]
    )
    func keepsIntegers(text: String, isInteger: Bool) throws {
        if case .integer(let value) = try JSONValue(parsing: text) {
            #expect(isInteger && String(value) == text)
        } else {
            #expect(!isInteger)
        }
    }

    @Test(
        "reads the double that is nearest",
        arguments: [
            "1.0", "-0", "-0.0", "0.1", "1e22", "1e23", "1E+2", "1.5e-3", "123456789.125", "5e-324", "2.5e-324",
            "1.7976931348623157e308", "2.2250738585072011e-308", "9007199254740993", "9007199254740993.0", "0e99999",
            "0.000000000000000000000000000001", "1e-400", "123456789012345678901234567890", "9007199254740992e22",
            "-18446744073709551616", "8.98846567431158e307", "1.00000000000000011102230246251565404",
        ]
    )
    func readsDoubles(text: String) throws {
        let value = try #require(try JSONValue(parsing: text).doubleValue)

        #expect(value.bitPattern == (text == "9007199254740993" ? 9007199254740992.0 : Double(text))?.bitPattern)
    }

    @Test(
        "reads zeros as zero, whatever their exponent",
        arguments: ["0e99999999999999999999", "-0E+99999999999999999999", "0.0e5", "0.000e-400", "-0"]
    )
    func readsZeros(text: String) throws {
        #expect(try JSONValue(parsing: text) == 0)
    }

    @Test(
        "keeps as written what neither 64 bits nor a double can hold",
        arguments: [
            "1e309", "-1e309", "1e99999999999999999999", String(repeating: "9", count: 400), "1.8e308", "1e-400",
            "1e-99999999999999999999", "-1E-1000000", "9223372036854775808", "-9223372036854775809",
            "18446744073709551615", "123456789012345678901234567890", "0.1000000000000000055511151231257827",
            "3.14159265358979323846", "123456789012345.678e3", "1234567890123456.7890", "1.2345e-320", "2.5e-324",
        ]
    )
    func keepsDecimals(text: String) throws {
        let value = try JSONValue(parsing: "[\(text)]")

        guard case .decimal(let decimal)? = value[0] else {
            Issue.record("\(text) was not kept")
            return
        }
        #expect(decimal.text == text)
        #expect(value[0]?.doubleValue == decimal.doubleValue)
        #expect(try value.text() == "[\(text)]")
        #expect(try JSONValue(parsing: "[\(text)]") == value)
    }

    @Test(
        "reads as a double what a double is written as",
        arguments: [
            "0.1", "0.30000000000000004", "1.7976931348623157e308", "5e-324", "2.2250738585072014e-308", "1e22",
            "10000000000000000000000", "18446744073709552000", "1.10", "100e-2", "-0.0",
            "0.00000000000000000000000000000000000000000000000000000000000000000000000000000001",
        ]
    )
    func readsWhatDoublesSay(text: String) throws {
        guard case .number(let number) = try JSONValue(parsing: text) else {
            Issue.record("\(text) is no double")
            return
        }
        #expect(number.bitPattern == Double(text)?.bitPattern)
    }

    @Test(
        "compares decimals by what they are worth",
        arguments: [
            ("1e400", "10E399", true), ("1e400", "1.0e+400", true), ("1e400", "-1e400", false),
            ("1e400", "1e401", false), ("1e99999999999999999999", "1.0e99999999999999999999", true),
            ("1e99999999999999999999", "1e99999999999999999998", false),
            ("18446744073709551615", "1.8446744073709551615e19", true), ("1e400", "18446744073709551615", false),
        ]
    )
    func comparesDecimals(left: String, right: String, isSame: Bool) throws {
        let left = try JSONValue(parsing: left)
        let right = try JSONValue(parsing: right)

        #expect((left == right) == isSame)
        #expect(!isSame || left.hashValue == right.hashValue)
    }

    @Test("reads random doubles as the standard library does")
    func readsRandomDoubles() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<20_000 {
            let digits = Int.random(in: 1...20, using: &random)
            var text = String((0..<digits).map { _ in "123456789".randomElement(using: &random) ?? "1" })
            if Bool.random(using: &random) { text += ".\(UInt32.random(in: 0...99_999, using: &random))" }
            text += "e\(Int.random(in: -40...40, using: &random))"
            let value = try JSONValue(parsing: text)
            // Either the double is written as the same number, or the text is kept.
            let isKept = if case .decimal(let decimal) = value { decimal.text == text } else { false }
            guard value.doubleValue == Double(text), try isKept || JSONValue(parsing: value.text()) == value else {
                Issue.record("\(text) read differently; seed \(seed)")
                return
            }
        }
    }

    @Test(
        "reads escapes",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "A\u{E9}\u{20AC}"),
            (#""\ud834\udd1e""#, "\u{1D11E}"), (#""a\u0000b""#, "a\0b"), (#""é\n€""#, "é\n€"),
            (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""x\ty\tz""#, "x\ty\tz"),
        ]
    )
    func readsEscapes(text: String, expected: String) throws {
        #expect(try JSONValue(parsing: text).stringValue.map { Array($0.utf8) } == Array(expected.utf8))
    }

    @Test("keeps members in the order of the source", arguments: [3, 16, 17, 100])
    func keepsOrder(count: Int) throws {
        let names = (0..<count).map { "name \(($0 * 7_919) % 1_000)" }
        let text = "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + "}"

        let object = try #require(try JSONValue(parsing: text).objectValue)

        #expect(object.names == names)
        #expect(names.allSatisfy { object[$0] == 0 })
    }

    @Test("takes bytes from any collection")
    func takesCollections() throws {
        let bytes = Array("xx[1,2]".utf8)

        #expect(try JSONValue(parsing: bytes.dropFirst(2)) == [1, 2])
        #expect(try JSONValue(parsing: bytes.dropFirst(2).lazy.map { $0 }) == [1, 2])
        #expect(try JSONValue(parsing: "xx[1,2]".dropFirst(2)) == [1, 2])
    }

    @Test("takes 64 levels unless told otherwise")
    func limitsDepthByDefault() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }

        #expect(throws: Never.self) { try JSONValue(parsing: nested(64)) }
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(65)) }
        #expect(error?.code == .tooDeep)
        #expect(error?.position == JSONError.Position(offset: 64, line: 1, column: 65))
    }

    @Test("refuses more than one level too many", arguments: [("[", "]"), (#"{"a":"#, "}")])
    func limitsDepth(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
        }
        let limits = JSONLimits(depth: 3)

        #expect(throws: Never.self) { try JSONValue(parsing: nested(3), limits: limits) }
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(4), limits: limits) }
        #expect(error?.code == .tooDeep)
    }

    @Test("never asks for more stack than there is, however deep the document", arguments: ["[", #"{"a":"#])
    func survivesDepth(open: String) throws {
        let text = String(repeating: open, count: 1_000_000)

        let error = #expect(throws: JSONError.self) {
            try JSONValue(parsing: text, limits: JSONLimits(depth: .max))
        }

        #expect(error?.code == .tooDeep)
        #expect(error?.position?.offset == JSONLimits.greatestDepth * open.utf8.count)
    }

    @Test("reads, compares, writes and releases the greatest depth that it takes")
    func handlesGreatestDepth() async throws {
        let depth = JSONLimits.greatestDepth
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let limits = JSONLimits(depth: depth)

        let value = try JSONValue(parsing: text, limits: limits)

        #expect(try value == JSONValue(parsing: text, limits: limits))
        #expect(try value.text() == text)
    }

    @Test("refuses a document larger than the limit")
    func limitsSize() {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "[1,2]", limits: JSONLimits(size: 4)) }

        #expect(error?.code == .tooLarge)
        #expect(throws: Never.self) { try JSONValue(parsing: "[1,2]", limits: JSONLimits(size: 5)) }
    }

    @Test("lets the last of two members of one name win when asked to", arguments: [1, 30])
    func keepsLast(others: Int) throws {
        let rest = (0..<others).map { ",\"\($0)\":0" }.joined()

        let value = try JSONValue(
            parsing: "{\"a\":1\(rest),\"a\":2}",
            limits: JSONLimits(duplicateKeys: .keepLast)
        )

        #expect(value["a"] == 2)
        #expect(value.objectValue?.count == others + 1)
        #expect(value.objectValue?.names.first == "a")
    }

    @Test("tells names apart that are only canonically equivalent")
    func comparesNamesByScalars() throws {
        let value = try JSONValue(parsing: #"{"\u00e9":1,"e\u0301":2}"#)

        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }

    @Test("survives damaged documents without reading beyond their end")
    func survivesDamage() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        let sample = Array(#"{"a":[1,-2.5e+10,true,false,null,"\u00e9\ud834\udd1e x"],"é":{"b":[[],{}]}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = sample
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.removeLast(Int.random(in: 0...(bytes.count / 2), using: &random))
                }
            }
            guard let value = try? JSONValue(parsing: bytes) else { continue }
            guard try JSONValue(parsing: value.bytes()) == value else {
                Issue.record("a damaged document reads back differently; seed \(seed)")
                return
            }
        }
    }
}
