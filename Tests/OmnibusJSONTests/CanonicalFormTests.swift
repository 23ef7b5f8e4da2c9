// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON
import Testing

@Suite("Canonical form")
struct CanonicalFormTests {
    static let inputs = Conformance.names(in: "jcs/testdata/input")

    @Test("is that of the vectors", .enabled(if: !inputs.isEmpty, "needs the folder jcs"), arguments: inputs)
    func isThatOfVectors(file: String) throws {
        let input = try Conformance.bytes(of: "jcs/testdata/input/\(file)")
        let output = try Conformance.bytes(of: "jcs/testdata/output/\(file)")

        #expect(try JSONValue.canonicalBytes(of: input) == output)
        #expect(try JSONValue.canonicalBytes(of: output) == output)
    }

    @Test("writes numbers as the vectors do", .enabled(if: Conformance.has("jcs"), "needs the folder jcs"))
    func writesNumbers() throws {
        // Every file of numbers that is there: a double's bits in hexadecimal digits, a comma, its text.
        let files = Conformance.names(in: "jcs").filter { $0.hasPrefix("es6numbers") }
        try #require(!files.isEmpty)
        for file in files {
            let lines = String(decoding: try Conformance.bytes(of: "jcs/\(file)"), as: UTF8.self).split(separator: "\n")
            try #require(!lines.isEmpty)
            for line in lines {
                let columns = line.split(separator: ",")
                guard columns.count == 2, let bits = UInt64(columns[0], radix: 16) else {
                    Issue.record("\(file) has no number in the line \(line)")
                    continue
                }
                let number = Double(bitPattern: bits)
                guard number.isFinite else { continue }
                let text = try JSONValue.number(number).text(.canonical)
                #expect(text == columns[1], "\(file): \(columns[0])")
            }
        }
    }

    @Test(
        "rounds numbers to the nearest double",
        arguments: [
            ("333333333.33333329", "333333333.3333333"), ("1E30", "1e+30"), ("4.50", "4.5"), ("2e-3", "0.002"),
            ("0.000000000000000000000000001", "1e-27"), ("-0", "0"), ("-0.0", "0"), ("100", "100"),
            ("9007199254740993", "9007199254740992"), ("18446744073709551615", "18446744073709552000"),
            ("1e21", "1e+21"), ("1e20", "100000000000000000000"), ("0.000001", "0.000001"), ("0.0000001", "1e-7"),
        ]
    )
    func roundsNumbers(text: String, canonical: String) throws {
        #expect(try JSONValue(parsing: text).text(.canonical) == canonical)
    }

    @Test("has no number beyond the range of a double", arguments: ["1e400", "-1e309"])
    func refusesHugeNumbers(text: String) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text).text(.canonical) }

        #expect(error?.code == .numberOutOfRange)
    }

    @Test("always refuses two members of one name", arguments: [JSONLimits.DuplicateKeys.refused, .keepLast])
    func refusesDuplicates(duplicateKeys: JSONLimits.DuplicateKeys) {
        let error = #expect(throws: JSONError.self) {
            try JSONValue.canonicalBytes(
                of: Array(#"{"a":1,"a":1}"#.utf8),
                limits: JSONLimits(duplicateKeys: duplicateKeys)
            )
        }

        #expect(error?.code == .duplicateKey)
    }

    @Test("sorts members by UTF-16 code units at every level, and escapes only what has to be")
    func sortsAndEscapes() throws {
        let text = #"{ "\u20ac": "\u0080\/\u001F", "\r": 1, "\ud83d\ude00": {"b": 2, "a": []}, "\ufb33": null }"#

        let canonical = try JSONValue(parsing: text).text(.canonical)

        #expect(
            canonical
                == "{\"\\r\":1,\"\u{20AC}\":\"\u{80}/\\u001f\",\"\u{1F600}\":{\"a\":[],\"b\":2},\"\u{FB33}\":null}"
        )
    }
}
