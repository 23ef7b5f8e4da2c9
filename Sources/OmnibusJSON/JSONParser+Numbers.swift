// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension JSONParser {
    /// The powers of ten that a double holds exactly.
    private static let exactPowers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// Reads a number; the parser is at its sign or its first digit.
    ///
    /// Digits are gathered in an integer. Where there are few and the power of ten is not rounded as a double, one
    /// multiplication or division gives the nearest double; all others are left to the standard library, which reads
    /// the text. What the double would not be written as is kept as a decimal.
    mutating func number() throws(Fault) -> JSONValue {
        let start = self.at
        let isNegative = self.byte == UInt8(ascii: "-")
        if isNegative { self.at += 1 }
        var digits = Digits()
        if self.byte == UInt8(ascii: "0") {
            self.at += 1
            if self.isAtDigit { throw self.unexpected(.invalidNumber, expecting: "no digit after a leading zero") }
        } else {
            try self.readDigits(into: &digits)
        }
        var isInteger = true
        var exponent = 0
        if self.byte == UInt8(ascii: ".") {
            isInteger = false
            self.at += 1
            let first = self.at
            try self.readDigits(into: &digits)
            exponent = first - self.at
        }
        if self.byte | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            self.at += 1
            let isSmall = self.byte == UInt8(ascii: "-")
            if isSmall || self.byte == UInt8(ascii: "+") { self.at += 1 }
            var written = Digits()
            try self.readDigits(into: &written)
            // What is beyond this is left to the standard library, whatever it is exactly.
            let magnitude = written.isExact ? Int(min(written.value, 1_000_000)) : 1_000_000
            exponent += isSmall ? -magnitude : magnitude
        }
        if isInteger, digits.isExact {
            if digits.value == 0 { return isNegative ? .number(-0.0) : .integer(0) }
            let integer = isNegative ? Int64(exactly: 0 - Int128(digits.value)) : Int64(exactly: digits.value)
            if let integer { return .integer(integer) }
        }
        // Fifteen digits come back from a double as they were, as long as it is not one of the smallest.
        let isShort = digits.isExact && digits.value < 1_000_000_000_000_000
        if isShort, abs(exponent) < Self.exactPowers.count {
            let power = Self.exactPowers[abs(exponent)]
            let magnitude = exponent < 0 ? Double(digits.value) / power : Double(digits.value) * power
            return .number(isNegative ? -magnitude : magnitude)
        }
        let text = String(decoding: UnsafeBufferPointer(rebasing: self.bytes[start..<self.at]), as: UTF8.self)
        if let value = Double(text), value.isFinite {
            if isShort, value.isNormal || digits.value == 0 { return .number(value) }
            if JSONDecimal.isWorth(text, value) { return .number(value) }
        }
        return .decimal(JSONDecimal(checked: text))
    }

    /// Digits read so far, as an integer while it holds them.
    private struct Digits {
        var value: UInt64 = 0
        var isExact: Bool = true
    }

    private var isAtDigit: Bool {
        self.byte >= UInt8(ascii: "0") && self.byte <= UInt8(ascii: "9")
    }

    /// Reads at least one digit.
    private mutating func readDigits(into digits: inout Digits) throws(Fault) {
        guard self.isAtDigit else { throw self.unexpected(.invalidNumber, expecting: "a digit") }
        while self.isAtDigit {
            let digit = UInt64(self.byte - UInt8(ascii: "0"))
            let (tenfold, isTooLarge) = digits.value.multipliedReportingOverflow(by: 10)
            let (sum, isCarried) = tenfold.addingReportingOverflow(digit)
            if isTooLarge || isCarried { digits.isExact = false }
            digits.value = sum
            self.at += 1
        }
    }
}
