// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Reads a JSON document from its UTF-8 bytes, strictly by RFC 8259.
    ///
    /// Refuses what the standard does not allow (comments, trailing commas, leading zeros, NaN), what it leaves open
    /// and others trip over (duplicate keys unless asked for, a byte order mark, half surrogate pairs), bytes that are
    /// not UTF-8, and what exceeds the limits. Takes time linear in the size.
    public init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = .default) throws(JSONError) {
        // The closure hands a result out because `withContiguousStorageIfAvailable` cannot throw a typed error.
        let result =
            bytes.withContiguousStorageIfAvailable { Self.parse($0, limits: limits) }
            ?? Array(bytes).withUnsafeBufferPointer { Self.parse($0, limits: limits) }
        self = try result.get()
    }

    /// Reads a JSON document from a text, as from its UTF-8 bytes.
    public init(parsing text: some StringProtocol, limits: JSONLimits = .default) throws(JSONError) {
        try self.init(parsing: text.utf8, limits: limits)
    }

    private static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>,
        limits: JSONLimits
    ) -> Result<JSONValue, JSONError> {
        var parser = JSONParser(bytes: bytes, limits: limits)
        do throws(JSONParser.Fault) {
            return .success(try parser.document())
        } catch {
            return .failure(JSONError(error, in: bytes))
        }
    }
}

extension JSONError {
    /// Works out where a fault is and what is there.
    init(_ fault: JSONParser.Fault, in bytes: UnsafeBufferPointer<UInt8>) {
        let offset = min(fault.offset, bytes.count)
        let found: String
        if let known = fault.found {
            found = known
        } else if offset == bytes.count {
            found = "the end of the document"
        } else if bytes[offset] >= 0x20, bytes[offset] < 0x7F {
            found = "'\(Character(Unicode.Scalar(bytes[offset])))'"
        } else {
            let digits = String(bytes[offset], radix: 16, uppercase: true)
            found = "byte 0x" + (digits.count < 2 ? "0" : "") + digits
        }
        let position = Position(before: offset, in: bytes)
        self.init(fault.code, at: position, found: found, expected: fault.expected)
    }
}

extension JSONError.Position {
    fileprivate init(before offset: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        self.init(offset: offset, line: 1, column: 1)
        var previous: UInt8 = 0
        for byte in bytes[..<offset] {
            if byte == 0x0A || byte == 0x0D {
                // The second half of CR LF ends no further line.
                if byte == 0x0D || previous != 0x0D { self.line += 1 }
                self.column = 1
            } else if byte & 0xC0 != 0x80 {
                self.column += 1
            }
            previous = byte
        }
    }
}
