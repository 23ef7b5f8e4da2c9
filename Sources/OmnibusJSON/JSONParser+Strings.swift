// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension JSONParser {
    /// Reads a string; the parser is at its opening quote.
    mutating func string() throws(Fault) -> String {
        self.at += 1
        let start = self.at
        var isASCII = true
        while self.at < self.end {
            let byte = self.bytes[self.at]
            if byte == UInt8(ascii: "\"") {
                let contents = UnsafeBufferPointer(rebasing: self.bytes[start..<self.at])
                self.at += 1
                if isASCII { return String(decoding: contents, as: UTF8.self) }
                guard let text = String(validating: contents, as: UTF8.self) else {
                    throw self.invalidUTF8(in: start..<(self.at - 1))
                }
                return text
            }
            if byte == UInt8(ascii: "\\") { return try self.escapedString(from: start) }
            guard byte >= 0x20 else { throw self.controlCharacter() }
            if byte >= 0x80 { isASCII = false }
            self.at += 1
        }
        throw self.unexpected(expecting: "'\"' at the end of the string")
    }

    /// Reads the rest of a string from its first escape on, and returns the whole.
    private mutating func escapedString(from start: Int) throws(Fault) -> String {
        self.scratch.removeAll(keepingCapacity: true)
        self.scratch.append(contentsOf: self.bytes[start..<self.at])
        var copied = self.at
        while self.at < self.end {
            let byte = self.bytes[self.at]
            if byte == UInt8(ascii: "\"") {
                self.scratch.append(contentsOf: self.bytes[copied..<self.at])
                self.at += 1
                guard let text = String(validating: self.scratch, as: UTF8.self) else {
                    throw self.invalidUTF8(in: start..<(self.at - 1))
                }
                return text
            }
            if byte == UInt8(ascii: "\\") {
                self.scratch.append(contentsOf: self.bytes[copied..<self.at])
                try self.escape()
                copied = self.at
                continue
            }
            guard byte >= 0x20 else { throw self.controlCharacter() }
            self.at += 1
        }
        throw self.unexpected(expecting: "'\"' at the end of the string")
    }

    /// Reads one escape, or the two of a surrogate pair; the parser is at the backslash.
    private mutating func escape() throws(Fault) {
        let start = self.at
        self.at += 1
        switch self.byte {
        case UInt8(ascii: "\""): self.scratch.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): self.scratch.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "/"): self.scratch.append(UInt8(ascii: "/"))
        case UInt8(ascii: "b"): self.scratch.append(0x08)
        case UInt8(ascii: "f"): self.scratch.append(0x0C)
        case UInt8(ascii: "n"): self.scratch.append(0x0A)
        case UInt8(ascii: "r"): self.scratch.append(0x0D)
        case UInt8(ascii: "t"): self.scratch.append(0x09)
        case UInt8(ascii: "u"):
            self.at += 1
            var scalar = try self.fourHexDigits()
            if scalar >= 0xD800, scalar < 0xE000 {
                guard scalar < 0xDC00, self.byte == UInt8(ascii: "\\") else { throw self.loneSurrogate(at: start) }
                self.at += 1
                guard self.byte == UInt8(ascii: "u") else { throw self.loneSurrogate(at: start) }
                self.at += 1
                let low = try self.fourHexDigits()
                guard low >= 0xDC00, low < 0xE000 else { throw self.loneSurrogate(at: start) }
                scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
            }
            self.appendScalar(scalar)
            return
        default:
            throw self.unexpected(.invalidEscape, expecting: "one of \" \\ / b f n r t u after a backslash")
        }
        self.at += 1
    }

    private mutating func fourHexDigits() throws(Fault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = self.byte
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw self.unexpected(.invalidEscape, expecting: "four hexadecimal digits after \\u")
            }
            value = value << 4 | UInt32(digit)
            self.at += 1
        }
        return value
    }

    /// Appends the UTF-8 bytes of a scalar value.
    private mutating func appendScalar(_ scalar: UInt32) {
        func continuation(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(scalar >> shift & 0x3F) }
        switch scalar {
        case ..<0x80:
            self.scratch.append(UInt8(scalar))
        case ..<0x800:
            self.scratch.append(0xC0 | UInt8(scalar >> 6))
            self.scratch.append(continuation(0))
        case ..<0x10000:
            self.scratch.append(0xE0 | UInt8(scalar >> 12))
            self.scratch.append(continuation(6))
            self.scratch.append(continuation(0))
        default:
            self.scratch.append(0xF0 | UInt8(scalar >> 18))
            self.scratch.append(continuation(12))
            self.scratch.append(continuation(6))
            self.scratch.append(continuation(0))
        }
    }

    private func controlCharacter() -> Fault {
        Fault(code: .controlCharacter, offset: self.at, expected: "control characters to be escaped")
    }

    private func loneSurrogate(at offset: Int) -> Fault {
        Fault(
            code: .loneSurrogate,
            offset: offset,
            expected: "a high surrogate followed by a low one, both escaped",
            found: "half of a surrogate pair"
        )
    }

    /// The failure for a string whose bytes are not UTF-8, at the first byte that is wrong.
    private func invalidUTF8(in range: Range<Int>) -> Fault {
        var offset = range.lowerBound
        var decoder = Unicode.UTF8.ForwardParser()
        var rest = self.bytes[range].makeIterator()
        search: while true {
            switch decoder.parseScalar(from: &rest) {
            case .valid(let scalar): offset += scalar.count
            case .error, .emptyInput: break search
            }
        }
        return Fault(code: .invalidUTF8, offset: offset, expected: "UTF-8")
    }
}
