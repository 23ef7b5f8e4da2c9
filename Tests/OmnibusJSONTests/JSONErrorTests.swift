// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON
import Testing

@Suite("JSON errors")
struct JSONErrorTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var text: String
        var code: JSONError.Code
        var offset: Int
        var found: String
        var testDescription: String { self.text.debugDescription }

        init(_ text: String, _ code: JSONError.Code, _ offset: Int, _ found: String) {
            self.text = text
            self.code = code
            self.offset = offset
            self.found = found
        }
    }

    static let end = "the end of the document"

    @Test(
        "say what is wrong, where, and what is there",
        arguments: [
            Row("", .unexpectedEnd, 0, end), Row("  ", .unexpectedEnd, 2, end), Row("[1,", .unexpectedEnd, 3, end),
            Row("{\"a\"", .unexpectedEnd, 4, end), Row("\"abc", .unexpectedEnd, 4, end),
            Row("\"abc\\n", .unexpectedEnd, 6, end), Row("tru", .unexpectedEnd, 3, end),
            Row("-", .unexpectedEnd, 1, end), Row("1e", .unexpectedEnd, 2, end), Row("\"\\u12", .unexpectedEnd, 5, end),
            Row("trux", .unexpectedCharacter, 3, "'x'"), Row("[1 2]", .unexpectedCharacter, 3, "'2'"),
            Row("[1,]", .unexpectedCharacter, 3, "']'"), Row("{\"a\":1,}", .unexpectedCharacter, 7, "'}'"),
            Row("{a:1}", .unexpectedCharacter, 1, "'a'"), Row("{\"a\" 1}", .unexpectedCharacter, 5, "'1'"),
            Row("[}", .unexpectedCharacter, 1, "'}'"), Row("[1}", .unexpectedCharacter, 2, "'}'"),
            Row("NaN", .unexpectedCharacter, 0, "'N'"), Row("+1", .unexpectedCharacter, 0, "'+'"),
            Row("[1,\0]", .unexpectedCharacter, 3, "byte 0x00"), Row("[\u{E9}]", .unexpectedCharacter, 1, "byte 0xC3"),
            Row("1 2", .trailingContent, 2, "'2'"), Row("{}x", .trailingContent, 2, "'x'"),
            Row("01", .invalidNumber, 1, "'1'"), Row("-a", .invalidNumber, 1, "'a'"),
            Row("1.e1", .invalidNumber, 2, "'e'"), Row("[-012]", .invalidNumber, 3, "'1'"),
            Row("\"\u{1}\"", .controlCharacter, 1, "byte 0x01"), Row("\"\\n\n\"", .controlCharacter, 3, "byte 0x0A"),
            Row("\"\\x\"", .invalidEscape, 2, "'x'"), Row("\"\\u12g4\"", .invalidEscape, 5, "'g'"),
            Row("\"a\\ud800\"", .loneSurrogate, 2, "half of a surrogate pair"),
            Row("\"\\ud800\\u0041\"", .loneSurrogate, 1, "half of a surrogate pair"),
            Row("\"\\udc00\"", .loneSurrogate, 1, "half of a surrogate pair"),
            Row("{\"a\":1,\"b\":2,\"a\":3}", .duplicateKey, 13, "the name of an earlier member"),
            Row("{\"x\":0,\"o\":{\"a\":1,\"\\u0061\":2}}", .duplicateKey, 18, "the name of an earlier member"),
            Row("\u{FEFF}1", .byteOrderMark, 0, "a byte order mark"),
        ]
    )
    func sayWhere(row: Row) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: row.text) }

        #expect(error?.code == row.code)
        #expect(error?.position?.offset == row.offset)
        #expect(error?.found == row.found)
    }

    @Test(
        "name the first byte that is not UTF-8",
        arguments: [
            ([0x22, 0x61, 0xFF, 0x22], 2), ([0x22, 0xC3, 0xA9, 0xC3, 0x22], 3), ([0x22, 0xC0, 0xAF, 0x22], 1),
            ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0x5C, 0x6E, 0x80, 0x22], 3),
            ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1),
        ] as [([UInt8], Int)]
    )
    func nameInvalidUTF8(bytes: [UInt8], offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }

        #expect(error?.code == .invalidUTF8)
        #expect(error?.position?.offset == offset)
    }

    @Test(
        "count lines and characters",
        arguments: [
            ("[1,\n 2,\n x]", 3, 2), ("[\r\n\r\nx]", 3, 1), ("[\r\rx]", 3, 1), ("[\"é€\", x]", 1, 8), ("x", 1, 1),
        ]
    )
    func countLines(text: String, line: Int, column: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }

        #expect(error?.position?.line == line)
        #expect(error?.position?.column == column)
    }

    @Test("read as one sentence")
    func readAsSentence() {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "[1,\n?]") }

        #expect(
            error?.description
                == "unexpectedCharacter: at line 2, column 1 (byte 4): found '?', expected a value"
        )
    }
}
