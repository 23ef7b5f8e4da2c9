// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The text of doubles by ECMAScript's `Number::toString`, which RFC 8785 asks for.
///
/// Its digits are those of the standard library: as few as read back as the same double, and of those the nearest. Only
/// the place of the point and the form of the exponent differ.
enum CanonicalNumber {
    /// Appends the text of a finite double, made of the standard library's description of it.
    static func append(_ description: String, to output: inout [UInt8]) {
        var digits: [UInt8] = []
        // How many digits stand before the point; below zero, how many zeros follow it.
        var point = 0
        var hasPoint = false
        var rest = description.utf8[...]
        scan: while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "-"): output.append(byte)
            case UInt8(ascii: "."): hasPoint = true
            case UInt8(ascii: "e"):
                point += Int(Substring(rest)) ?? 0
                break scan
            case UInt8(ascii: "0") where digits.isEmpty:
                if hasPoint { point -= 1 }
            default:
                digits.append(byte)
                if !hasPoint { point += 1 }
            }
        }
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        guard !digits.isEmpty else {
            // Minus zero is zero there.
            if output.last == UInt8(ascii: "-") { output.removeLast() }
            return output.append(UInt8(ascii: "0"))
        }
        Self.append(digits, point: point, to: &output)
    }

    private static func append(_ digits: [UInt8], point: Int, to output: inout [UInt8]) {
        let zero = UInt8(ascii: "0")
        switch point {
        case digits.count...21 where digits.count <= 21:
            output.append(contentsOf: digits)
            output.append(contentsOf: repeatElement(zero, count: point - digits.count))
        case 1...21:
            output.append(contentsOf: digits[..<point])
            output.append(UInt8(ascii: "."))
            output.append(contentsOf: digits[point...])
        case -5...0:
            output.append(contentsOf: [zero, UInt8(ascii: ".")])
            output.append(contentsOf: repeatElement(zero, count: -point))
            output.append(contentsOf: digits)
        default:
            output.append(digits[0])
            if digits.count > 1 {
                output.append(UInt8(ascii: "."))
                output.append(contentsOf: digits[1...])
            }
            output.append(contentsOf: (point > 0 ? "e+" : "e").utf8)
            output.append(contentsOf: String(point - 1).utf8)
        }
    }
}
