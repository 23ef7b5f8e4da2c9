// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Reads one document in one pass over its bytes.
///
/// The containers that are open are a stack of its own, not the machine's, so depth costs memory that the limit
/// bounds. All open arrays share one stack of elements, and all open objects one of members; a container that ends
/// takes its part off the top as one array of the right size. The member that awaits its value is always the top one.
///
/// Nothing here reads beyond `end`: every look at a byte goes through `byte`, or follows a comparison with `end`.
struct JSONParser {
    /// A failure as it is known where it happens; the position is worked out once, by the caller.
    struct Fault: Error {
        var code: JSONError.Code
        var offset: Int
        var expected: String
        /// What was found, where the byte at the offset does not say it.
        var found: String?
    }

    /// A container that is open, and where its contents begin on the stack of its kind.
    private struct Frame {
        var isObject: Bool
        var start: Int
    }

    let bytes: UnsafeBufferPointer<UInt8>
    let end: Int
    let limits: JSONLimits
    /// The offset of the next byte.
    var at: Int = 0
    /// Where a string with escapes is put together.
    var scratch: [UInt8] = []
    private var frames: [Frame] = []
    private var elements: [JSONValue] = []
    private var members: [JSONObject.Member] = []
    /// Where the name of each of `members` begins.
    private var nameOffsets: [Int] = []

    init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.end = bytes.count
        self.limits = limits
    }

    /// The next byte, or 0 at the end: nowhere in a document is 0 allowed.
    @inline(__always)
    var byte: UInt8 {
        self.at < self.end ? self.bytes[self.at] : 0
    }

    /// Reads the document.
    mutating func document() throws(Fault) -> JSONValue {
        guard self.end <= self.limits.size else {
            let expected = "at most \(self.limits.size) bytes"
            throw Fault(code: .tooLarge, offset: 0, expected: expected, found: "\(self.end) bytes")
        }
        if self.end >= 3, self.bytes[0] == 0xEF, self.bytes[1] == 0xBB, self.bytes[2] == 0xBF {
            throw Fault(code: .byteOrderMark, offset: 0, expected: "a value", found: "a byte order mark")
        }
        while true {
            var value: JSONValue
            self.skipWhiteSpace()
            switch self.byte {
            case UInt8(ascii: "{"):
                try self.open(isObject: true)
                guard self.byte == UInt8(ascii: "}") else {
                    try self.readName(expecting: "a member's name or '}'")
                    continue
                }
                value = try self.close()
            case UInt8(ascii: "["):
                try self.open(isObject: false)
                guard self.byte == UInt8(ascii: "]") else { continue }
                value = try self.close()
            default:
                value = try self.scalar()
            }
            // The value is complete: it goes into the container around it, which may be complete with that, and so on.
            while let frame = self.frames.last {
                self.skipWhiteSpace()
                let byte = self.byte
                if frame.isObject {
                    self.members[self.members.count - 1].value = value
                } else {
                    self.elements.append(value)
                }
                if byte == UInt8(ascii: ",") {
                    self.at += 1
                    if frame.isObject {
                        self.skipWhiteSpace()
                        try self.readName(expecting: "a member's name")
                    }
                    break
                }
                guard byte == (frame.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                    throw self.unexpected(expecting: frame.isObject ? "',' or '}'" : "',' or ']'")
                }
                value = try self.close()
            }
            guard self.frames.isEmpty else { continue }
            self.skipWhiteSpace()
            guard self.at == self.end else {
                throw Fault(code: .trailingContent, offset: self.at, expected: "the end of the document")
            }
            return value
        }
    }

    @inline(__always)
    private mutating func skipWhiteSpace() {
        while self.at < self.end {
            switch self.bytes[self.at] {
            case 0x20, 0x0A, 0x0D, 0x09: self.at += 1
            default: return
            }
        }
    }

    private mutating func open(isObject: Bool) throws(Fault) {
        guard self.frames.count < self.limits.depth else {
            let expected = "at most \(self.limits.depth) levels of arrays and objects"
            throw Fault(code: .tooDeep, offset: self.at, expected: expected, found: "one more level")
        }
        self.at += 1
        self.frames.append(Frame(isObject: isObject, start: isObject ? self.members.count : self.elements.count))
        self.skipWhiteSpace()
    }

    private mutating func close() throws(Fault) -> JSONValue {
        self.at += 1
        guard let frame = self.frames.popLast() else { return .null }
        guard frame.isObject else {
            let value = JSONValue.array(Array(self.elements[frame.start...]))
            self.elements.removeLast(self.elements.count - frame.start)
            return value
        }
        let value: JSONValue
        switch JSONObject.unique(self.members[frame.start...]) {
        case .success(let object):
            value = .object(object)
        case .failure where self.limits.duplicateKeys == .keepLast:
            value = .object(JSONObject(self.members[frame.start...].lazy.map { ($0.name, $0.value) }))
        case .failure(let repetition):
            throw Fault(
                code: .duplicateKey,
                offset: self.nameOffsets[frame.start + repetition.place],
                expected: "a name that the object does not have yet",
                found: "the name of an earlier member"
            )
        }
        self.members.removeLast(self.members.count - frame.start)
        self.nameOffsets.removeLast(self.nameOffsets.count - frame.start)
        return value
    }

    private mutating func readName(expecting expected: String) throws(Fault) {
        guard self.byte == UInt8(ascii: "\"") else { throw self.unexpected(expecting: expected) }
        self.nameOffsets.append(self.at)
        self.members.append(JSONObject.Member(name: try self.string(), value: .null))
        self.skipWhiteSpace()
        guard self.byte == UInt8(ascii: ":") else { throw self.unexpected(expecting: "':'") }
        self.at += 1
    }

    private mutating func scalar() throws(Fault) -> JSONValue {
        switch self.byte {
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try self.number()
        case UInt8(ascii: "t"):
            try self.word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try self.word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try self.word("null")
            return .null
        default: throw self.unexpected(expecting: "a value")
        }
    }

    private mutating func word(_ word: StaticString) throws(Fault) {
        for place in 0..<word.utf8CodeUnitCount {
            guard self.at < self.end, self.bytes[self.at] == word.utf8Start[place] else {
                throw self.unexpected(expecting: "the word '\(word)'")
            }
            self.at += 1
        }
    }

    /// The failure for the byte at the place where the parser is.
    func unexpected(_ code: JSONError.Code = .unexpectedCharacter, expecting expected: String) -> Fault {
        Fault(code: self.at < self.end ? code : .unexpectedEnd, offset: self.at, expected: expected)
    }
}
