// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A number of a JSON document that neither 64 bits nor a double can hold, as its text.
///
/// It has more digits than the nearest double would be written with, or lies beyond the range of doubles: money with
/// many digits, an unsigned 64-bit identifier, `1e400`. Two are equal when they are worth the same. The parser makes
/// them, and nothing else, so that none is equal to an integer or a double.
public struct JSONDecimal: Sendable {
    /// The number as it was written, a number by RFC 8259.
    public let text: String

    /// Takes over a text that was found to be a number.
    init(checked text: String) {
        self.text = text
    }

    /// The nearest double; nil where the number lies beyond the range of doubles.
    public var doubleValue: Double? {
        guard let value = Double(self.text), value.isFinite else { return nil }
        return value
    }
}

extension JSONDecimal: CustomStringConvertible {
    /// The number as it was written.
    public var description: String { self.text }
}

extension JSONDecimal: Hashable {
    /// Compares what the numbers are worth: `1e400` equals `10E399`.
    public static func == (left: Self, right: Self) -> Bool {
        left.text == right.text || Worth(left.text) == Worth(right.text)
    }

    /// Hashes what the number is worth, so that equal values hash alike.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(Worth(self.text))
    }
}

extension JSONDecimal {
    /// Says whether a text stands for exactly the number that a double is written as.
    static func isWorth(_ text: String, _ number: Double) -> Bool {
        Worth(text) == Worth(number.description)
    }

    /// What a number's text is worth: its digits without zeros at either end, and the power of ten to multiply with.
    private struct Worth: Hashable {
        var isNegative: Bool = false
        var digits: [UInt8] = []
        /// Text where it does not fit an integer; then only the same exponent, as written, is the same.
        var exponent: Int = 0
        var hugeExponent: String?

        init(_ text: String) {
            var hasPoint = false
            var bytes = text.utf8[...]
            while let byte = bytes.popFirst() {
                switch byte {
                case UInt8(ascii: "-"): self.isNegative = true
                case UInt8(ascii: "."): hasPoint = true
                case UInt8(ascii: "e"), UInt8(ascii: "E"):
                    self.addExponent(Substring(bytes))
                    bytes = bytes[bytes.endIndex...]
                default:
                    if hasPoint { self.exponent -= 1 }
                    if byte != UInt8(ascii: "0") || !self.digits.isEmpty { self.digits.append(byte) }
                }
            }
            while self.digits.last == UInt8(ascii: "0") {
                self.digits.removeLast()
                self.exponent += 1
            }
            guard self.digits.isEmpty else { return }
            self.exponent = 0
            self.hugeExponent = nil
        }

        private mutating func addExponent(_ text: Substring) {
            // Digits of a text never outnumber what is left of an integer's range above this.
            if let exponent = Int(text), exponent.magnitude <= 1 << 62 {
                self.exponent += exponent
            } else {
                self.hugeExponent = String(text)
            }
        }
    }
}
