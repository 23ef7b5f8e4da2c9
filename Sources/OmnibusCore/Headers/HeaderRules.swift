// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What headers and other short texts of a message may hold.
package enum HeaderRules {
    /// The longest name of a header, in bytes; what AMQP and CloudEvents over it can carry.
    static let maximumNameLength = 255

    /// What is wrong with so many headers.
    static func tooMany(_ count: Int) -> String {
        "there are \(count) headers; at most \(MessageHeaders.maximumCount) are possible: put what belongs together into "
            + "one, or into the payload"
    }

    /// Returns what is wrong with a header, or nil if nothing is.
    static func finding(name: String, value: HeaderValue) -> String? {
        if let finding = self.finding(name: name) { return finding }
        switch StandardHeader(rawValue: name)?.home {
        case .field(let property): return "the header \(name) is a field of the message: set \(property)"
        case .bus: return "the header \(name) is written by the bus alone: leave it out"
        case .header(let check): if let finding = check(value) { return "the header \(name) \(finding)" }
        case nil: break
        }
        return self.finding(value: value).map { "the header \(name) \($0)" }
    }

    /// Returns what is wrong with a header's name, or nil if nothing is.
    static func finding(name: String) -> String? {
        let bytes = name.utf8
        guard !bytes.isEmpty else { return "a header has an empty name" }
        guard bytes.count <= self.maximumNameLength else {
            return "the header \(name.prefix(40))… has a name of \(bytes.count) bytes; at most "
                + "\(self.maximumNameLength) are possible"
        }
        guard let position = bytes.firstIndex(where: { !self.isTokenByte($0) }) else { return nil }
        let offset = bytes.distance(from: bytes.startIndex, to: position)
        return "the header name \(self.quoted(name)) has a character that is not allowed at byte \(offset); use ASCII "
            + "letters, digits and !#$%&'*+-.^_`|~"
    }

    /// Returns what is wrong with a header's value, or nil if nothing is.
    static func finding(value: HeaderValue) -> String? {
        switch value {
        case .text(let text):
            guard let offset = self.forbiddenCharacter(in: text, allowingTab: true) else { return nil }
            return "holds a character that no header may have at byte \(offset); remove it, or use bytes"
        case .double(let double):
            return double.isFinite ? nil : "is not a finite number; leave it out, or use text"
        case .integer, .boolean, .bytes:
            return nil
        }
    }

    /// Returns the offset of the first control character or Unicode noncharacter, or nil if there is none.
    ///
    /// These are what CloudEvents 1.0 forbids in texts: U+0000 to U+001F, U+007F to U+009F and the noncharacters.
    package static func forbiddenCharacter(in text: String, allowingTab: Bool = false) -> Int? {
        // Nearly all texts are ASCII and fine: that is decided by one look at each byte.
        let isPlain = text.utf8.withContiguousStorageIfAvailable { bytes in
            bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        }
        if isPlain == true { return nil }
        var offset = 0
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x09 where allowingTab: offset += 1
            case 0x00...0x1F, 0x7F...0x9F, 0xFDD0...0xFDEF: return offset
            case let value where value & 0xFFFE == 0xFFFE: return offset
            default: offset += UTF8.width(scalar)
            }
        }
        return nil
    }

    /// Returns a text without what no header may have, for texts that others have written, such as errors.
    package static func cleaned(_ text: String) -> String {
        guard self.forbiddenCharacter(in: text, allowingTab: true) != nil else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            let isForbidden = self.forbiddenCharacter(in: String(scalar), allowingTab: true) != nil
            result.unicodeScalars.append(isForbidden ? "\u{FFFD}" : scalar)
        }
        return result
    }

    /// Text for an error message: in quotes, shortened, without control characters.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars.prefix(60) {
            let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
            result.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
        }
        return result + (text.unicodeScalars.count > 60 ? "…\"" : "\"")
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default:
            false
        }
    }
}
