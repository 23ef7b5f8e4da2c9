// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Bytes as text in the alphabet of RFC 4648, section 4, with padding.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    /// What each byte is worth as a digit; 255 where it is none.
    private static let digits: [UInt8] = {
        var digits = [UInt8](repeating: 255, count: 256)
        for (digit, character) in Self.alphabet.enumerated() { digits[Int(character)] = UInt8(digit) }
        return digits
    }()

    /// Returns the text of bytes.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var bits = 0
            for place in start..<(start + count) { bits = bits << 8 | Int(bytes[place]) }
            bits <<= 8 * (3 - count)
            for place in 0..<4 {
                text.append(place <= count ? self.alphabet[bits >> (18 - 6 * place) & 63] : self.padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Returns the bytes of a text, or nil if it is not exactly what ``encode(_:)`` writes.
    package static func decode(_ text: String) -> [UInt8]? {
        let count = text.utf8.count
        guard count % 4 == 0 else { return nil }
        let paddings = text.utf8.reversed().prefix(2).prefix { $0 == self.padding }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count / 4 * 3)
        var bits = 0
        var width = 0
        for character in text.utf8.prefix(count - paddings) {
            let digit = self.digits[Int(character)]
            guard digit != 255 else { return nil }
            bits = (bits << 6 | Int(digit)) & 0xFFFF
            width += 6
            if width >= 8 {
                width -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> width))
            }
        }
        // No digit is left over, and no bit after the last byte says anything.
        guard width == 2 * paddings, bits & (1 << width - 1) == 0 else { return nil }
        return bytes
    }
}
