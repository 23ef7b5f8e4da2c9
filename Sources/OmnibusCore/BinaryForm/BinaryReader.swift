// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

/// Reads a part of the binary form; every read is checked against what is there.
///
/// `what` names what is read, for an error; the text is made only then.
struct BinaryReader {
    private let bytes: [UInt8]
    /// The next byte to read, and the one after the last: positions in the whole message, as errors name them.
    private(set) var position: Int
    private let end: Int

    /// Reads all of the bytes.
    init(_ bytes: [UInt8]) {
        self.init(bytes, 0..<bytes.count)
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        self.position = range.lowerBound
        self.end = range.upperBound
    }

    var isAtEnd: Bool { self.position == self.end }
    var remaining: Int { self.end - self.position }

    /// The error for what is found at a position; the present one if none is given.
    func damaged(_ what: String, at position: Int? = nil, cause: (any Error)? = nil) -> OmnibusError {
        OmnibusError(
            .damagedMessage,
            "the bytes are no message in the binary form: \(what) at byte \(position ?? self.position) of "
                + "\(self.bytes.count); ask the sender for it again",
            advice: .deadLetter,
            cause: cause
        )
    }

    /// Returns a reader of the next so many bytes, and goes on after them.
    mutating func part(_ count: Int, _ what: @autoclosure () -> String) throws(OmnibusError) -> BinaryReader {
        guard count >= 0, count <= self.remaining else {
            throw self.damaged("\(what()) needs \(count) bytes and \(self.remaining) are left")
        }
        let part = BinaryReader(self.bytes, self.position..<self.position + count)
        self.position += count
        return part
    }

    /// Returns all bytes that are left.
    mutating func rest() -> ArraySlice<UInt8> {
        defer { self.position = self.end }
        return self.bytes[self.position..<self.end]
    }

    mutating func byte(_ what: @autoclosure () -> String) throws(OmnibusError) -> UInt8 {
        guard self.position < self.end else { throw self.damaged("\(what()) is missing") }
        defer { self.position += 1 }
        return self.bytes[self.position]
    }

    mutating func number<Number: FixedWidthInteger>(_ what: @autoclosure () -> String) throws(OmnibusError) -> Number {
        var part = try self.part(Number.bitWidth / 8, what())
        return part.rest().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    /// Reads a length and returns a reader of so many bytes.
    mutating func lengthAndPart(_ what: @autoclosure () -> String) throws(OmnibusError) -> BinaryReader {
        let start = self.position
        var length = 0
        for shift in stride(from: 0, to: 35, by: 7) {
            let byte = try self.byte("the length of \(what())")
            length |= Int(byte & 0x7F) << shift
            guard byte & 0x80 == 0 else { continue }
            guard byte != 0 || shift == 0 else {
                throw self.damaged("the length of \(what()) has needless bytes", at: start)
            }
            return try self.part(length, what())
        }
        throw self.damaged("the length of \(what()) does not end", at: start)
    }

    /// Returns what is left as text.
    mutating func text(_ what: @autoclosure () -> String) throws(OmnibusError) -> String {
        let start = self.position
        guard let text = String(validating: self.rest(), as: UTF8.self) else {
            throw self.damaged("\(what()) is not UTF-8", at: start)
        }
        return text
    }

    /// Returns what is left as an id.
    mutating func id(_ what: @autoclosure () -> String) throws(OmnibusError) -> MessageID {
        switch try self.byte(what()) {
        case BinaryForm.Kind.bytes:
            let high: UInt64 = try self.number(what())
            return MessageID(high: high, low: try self.number(what()))
        case BinaryForm.Kind.text:
            return MessageID(try self.text(what()))
        default:
            throw self.damaged("\(what()) is of an unknown kind", at: self.position - 1)
        }
    }

    mutating func time(_ what: @autoclosure () -> String) throws(OmnibusError) -> Timestamp {
        let start = self.position
        let seconds: Int64 = try self.number(what())
        let nanoseconds: UInt32 = try self.number(what())
        let time = Timestamp(secondsSinceEpoch: seconds, nanoseconds: Int(nanoseconds))
        // A timestamp moves what is out of its range.
        guard time.secondsSinceEpoch == seconds, time.nanoseconds == nanoseconds else {
            throw self.damaged("\(what()) is not a time", at: start)
        }
        return time
    }

    mutating func duration(_ what: @autoclosure () -> String) throws(OmnibusError) -> Duration {
        let start = self.position
        let seconds: Int64 = try self.number(what())
        let attoseconds: Int64 = try self.number(what())
        guard attoseconds.magnitude < 1_000_000_000_000_000_000 else {
            throw self.damaged("\(what()) is not a duration", at: start)
        }
        return Duration(secondsComponent: seconds, attosecondsComponent: attoseconds)
    }

    /// Refuses bytes that are left over.
    func finish(_ what: @autoclosure () -> String) throws(OmnibusError) {
        guard self.isAtEnd else { throw self.damaged("\(what()) has \(self.remaining) bytes too many") }
    }
}
