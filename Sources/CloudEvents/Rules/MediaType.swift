// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A media type with parameters (RFC 2046), as `datacontenttype` and the header `content-type` have it.
struct MediaType {
    /// The type, in lower case.
    let type: String
    /// The subtype, in lower case.
    let subtype: String
    /// What the parameter `charset` says, in lower case; nil where there is none.
    let charset: String?

    /// Reads a media type; nil where the text is none.
    init?(_ text: String) {
        var reader = Reader(rest: text.utf8[...])
        guard let type = reader.token(), reader.take("/"), let subtype = reader.token() else { return nil }
        var charset: String?
        reader.skipBlanks()
        while reader.take(";") {
            reader.skipBlanks()
            // Many a writer ends with a semicolon.
            if reader.rest.isEmpty { break }
            guard let name = reader.token(), reader.take("="), let value = reader.value() else { return nil }
            if name == "charset" { charset = value.lowercased() }
            reader.skipBlanks()
        }
        guard reader.rest.isEmpty else { return nil }
        self.type = type
        self.subtype = subtype
        self.charset = charset
    }

    /// Whether the content is JSON: `*/json` or `*/*+json`.
    var isJSON: Bool { self.subtype == "json" || self.subtype.hasSuffix("+json") }

    /// Whether the content is text in UTF-8: any text, and XML.
    var isText: Bool {
        guard self.isUTF8 else { return false }
        return self.type == "text" || self.subtype == "xml" || self.subtype.hasSuffix("+xml")
    }

    /// Whether the content is in UTF-8, as far as it is text.
    var isUTF8: Bool {
        switch self.charset {
        // Many a writer leaves out the hyphen.
        case nil, "utf-8", "utf8", "us-ascii": true
        default: false
        }
    }

    private struct Reader {
        var rest: Substring.UTF8View

        mutating func take(_ mark: Unicode.Scalar) -> Bool {
            guard self.rest.first == UInt8(ascii: mark) else { return false }
            self.rest.removeFirst()
            return true
        }

        mutating func skipBlanks() {
            self.rest = self.rest.drop { $0 == 0x20 || $0 == 0x09 }
        }

        mutating func token() -> String? {
            let token = self.rest.prefix { Self.isTokenCharacter($0) }
            guard !token.isEmpty else { return nil }
            self.rest = self.rest[token.endIndex...]
            return String(Substring(token)).lowercased()
        }

        mutating func value() -> String? {
            guard self.take("\"") else { return self.token() }
            var value: [UInt8] = []
            while let byte = self.rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let next = self.rest.popFirst() else { return nil }
                    value.append(next)
                default: value.append(byte)
                }
            }
            return nil
        }

        private static func isTokenCharacter(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
                UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"),
                UInt8(ascii: "}"), UInt8(ascii: "~"):
                true
            default: false
            }
        }
    }
}
