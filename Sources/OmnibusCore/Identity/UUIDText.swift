// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The canonical text of a UUID: 32 lower-case hexadecimal digits in five groups (RFC 9562, section 4).
package enum UUIDText {
    /// The length of the text, in bytes.
    static let length = 36

    /// Returns the 128 bits that the text stands for, or nil if it is not in the canonical form.
    package static func parse(_ text: String.UTF8View) -> (high: UInt64, low: UInt64)? {
        guard text.count == self.length else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var position = 0
        for byte in text {
            switch position {
            case 8, 13, 18, 23:
                guard byte == UInt8(ascii: "-") else { return nil }
            default:
                guard let digit = self.digit(byte) else { return nil }
                if position < 18 {
                    high = high << 4 | digit
                } else {
                    low = low << 4 | digit
                }
            }
            position += 1
        }
        return (high, low)
    }

    /// Returns the text of 128 bits.
    static func format(high: UInt64, low: UInt64) -> String {
        String(unsafeUninitializedCapacity: self.length) { buffer in
            var index = 0
            for position in 0..<32 {
                if position == 8 || position == 12 || position == 16 || position == 20 {
                    buffer[index] = UInt8(ascii: "-")
                    index += 1
                }
                let half = position < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - position % 16 * 4)) & 0xF
                buffer[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
                index += 1
            }
            return index
        }
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        default: nil
        }
    }
}
