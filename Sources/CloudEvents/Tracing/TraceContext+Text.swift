// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension TraceContext {
    /// Reads the `traceparent` header: `00-<trace id>-<span id>-<flags>`, in lower-case hexadecimal digits.
    ///
    /// A version that is not known is read as version 00 is, up to the flags, of which only *sampled* is kept; what
    /// follows after another `-` is ignored. Throws a `CloudEventError` with the code `.invalidTraceContext` for what
    /// the Recommendation calls invalid. A `tracestate` that is not valid is dropped, as it asks.
    public init(traceparent: some StringProtocol, tracestate: String = "") throws(CloudEventError) {
        // Through the generic text every byte would be a call; as a buffer none is.
        let result =
            traceparent.utf8.withContiguousStorageIfAvailable { TraceparentReader.read($0) }
            ?? Array(traceparent.utf8).withUnsafeBufferPointer { TraceparentReader.read($0) }
        let fields: TraceparentReader.Fields
        switch result {
        case .fields(let read): fields = read
        case .invalid(let expected):
            throw CloudEventError(
                .invalidTraceContext,
                attribute: "traceparent",
                found: CloudEventError.quoted(traceparent),
                expected: expected
            )
        }
        self.init(
            traceIDHigh: fields.traceIDHigh,
            traceIDLow: fields.traceIDLow,
            spanID: fields.spanID,
            flags: fields.flags,
            tracestate: tracestate
        )
    }

    /// The `traceparent` header, in version 00.
    public var traceparent: String {
        var digits = HexDigits(capacity: 55)
        digits.append(UInt8(0))
        digits.separate()
        digits.append(self.traceIDHigh)
        digits.append(self.traceIDLow)
        digits.separate()
        digits.append(self.spanIDBits)
        digits.separate()
        digits.append(self.flags)
        return digits.text
    }
}

extension TraceContext: CustomStringConvertible {
    /// The trace context as the text of the header `traceparent`.
    public var description: String { self.traceparent }
}

/// Reads a `traceparent`; where it cannot, `expected` says what it would have taken.
private struct TraceparentReader {
    struct Fields {
        var traceIDHigh: UInt64
        var traceIDLow: UInt64
        var spanID: UInt64
        var flags: UInt8
    }

    enum Result {
        case fields(Fields)
        case invalid(expected: String)
    }

    private var rest: UnsafeBufferPointer<UInt8>.Iterator
    private var expected = ""

    static func read(_ text: UnsafeBufferPointer<UInt8>) -> Result {
        var reader = TraceparentReader(rest: text.makeIterator())
        if let fields = reader.fields() { return .fields(fields) }
        return .invalid(expected: reader.expected)
    }

    private mutating func fields() -> Fields? {
        self.expected = "a version of two lower-case hexadecimal digits, and '-'"
        guard let version = self.hex(digits: 2), self.dash() else { return nil }
        self.expected = "a version other than ff"
        guard version != 0xFF else { return nil }
        self.expected = "a trace id of 32 lower-case hexadecimal digits, and '-'"
        guard let high = self.hex(digits: 16), let low = self.hex(digits: 16), self.dash() else { return nil }
        self.expected = "a trace id that is not all zeros"
        guard high != 0 || low != 0 else { return nil }
        self.expected = "a parent id of 16 lower-case hexadecimal digits, and '-'"
        guard let spanID = self.hex(digits: 16), self.dash() else { return nil }
        self.expected = "a parent id that is not all zeros"
        guard spanID != 0 else { return nil }
        self.expected = "flags of two lower-case hexadecimal digits"
        guard let flags = self.hex(digits: 2) else { return nil }
        self.expected = version == 0 ? "nothing after the flags" : "nothing or '-' after the flags"
        if let next = self.rest.next() {
            guard version != 0, next == UInt8(ascii: "-") else { return nil }
        }
        let known = version == 0 ? UInt8(flags) : UInt8(flags & 0x01)
        return Fields(traceIDHigh: high, traceIDLow: low, spanID: spanID, flags: known)
    }

    private mutating func dash() -> Bool {
        self.rest.next() == UInt8(ascii: "-")
    }

    private mutating func hex(digits: Int) -> UInt64? {
        var value: UInt64 = 0
        for _ in 0..<digits {
            guard let byte = self.rest.next() else { return nil }
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}

/// A text of hexadecimal digits that is being put together.
struct HexDigits {
    private var bytes: [UInt8] = []

    init(capacity: Int) {
        self.bytes.reserveCapacity(capacity)
    }

    var text: String { String(decoding: self.bytes, as: UTF8.self) }

    mutating func append<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) {
        var shift = Value.bitWidth
        while shift > 0 {
            shift -= 4
            let digit = UInt8(truncatingIfNeeded: value >> Value(shift)) & 0x0F
            self.bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    mutating func separate() {
        self.bytes.append(UInt8(ascii: "-"))
    }
}
