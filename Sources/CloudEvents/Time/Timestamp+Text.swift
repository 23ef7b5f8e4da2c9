// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension Timestamp {
    /// Reads a point in time written as RFC 3339 asks: `2026-02-28T09:30:00.25+01:00`.
    ///
    /// `T` and `Z` may be lower case, as the standard says. Any number of fraction digits is read, those beyond the
    /// nanosecond are dropped. Second 60 is taken where a leap second can be, in the last minute of a month in UTC.
    /// Throws a `CloudEventError` with the code `.invalidTimestamp`.
    public init(parsing text: some StringProtocol) throws(CloudEventError) {
        // Through the generic text every byte would be a call; as a buffer none is.
        let result =
            text.utf8.withContiguousStorageIfAvailable { TimestampReader.read($0) }
            ?? Array(text.utf8).withUnsafeBufferPointer { TimestampReader.read($0) }
        do throws(TimestampFault) {
            self = try result.get()
        } catch {
            let found = CloudEventError.quoted(text) + " (at character \(error.place + 1))"
            throw CloudEventError(.invalidTimestamp, rule: .timestamp, found: found, expected: error.expected)
        }
    }
}

/// Where a text stops being a timestamp.
private struct TimestampFault: Error {
    var place: Int
    var expected: String
}

/// Reads one RFC 3339 text, byte by byte.
private struct TimestampReader {
    private var rest: UnsafeBufferPointer<UInt8>.Iterator
    private var byte: UInt8?
    private var place = 0

    static func read(_ text: UnsafeBufferPointer<UInt8>) -> Result<Timestamp, TimestampFault> {
        var reader = TimestampReader(rest: text.makeIterator())
        reader.byte = reader.rest.next()
        do throws(TimestampFault) {
            return .success(try reader.timestamp())
        } catch {
            return .failure(error)
        }
    }

    private mutating func timestamp() throws(TimestampFault) -> Timestamp {
        let year = try self.number(digits: 4, in: 0...9_999, named: "the year")
        try self.mark("-")
        let month = try self.number(digits: 2, in: 1...12, named: "the month")
        try self.mark("-")
        let lastDay = Calendar.days(inMonth: month, of: year)
        let day = try self.number(digits: 2, in: 1...lastDay, named: "the day of that month")
        try self.mark("T")
        let hour = try self.number(digits: 2, in: 0...23, named: "the hour")
        try self.mark(":")
        let minute = try self.number(digits: 2, in: 0...59, named: "the minute")
        try self.mark(":")
        let secondPlace = self.place
        let second = try self.number(digits: 2, in: 0...60, named: "the second")
        let nanoseconds = try self.fraction()
        let offset = try self.offset()
        guard self.byte == nil else { throw TimestampFault(place: self.place, expected: "the end of the text") }

        let days = Int64(Calendar.days(toYear: year, month: month, day: day))
        let seconds = days * 86_400 + Int64(hour * 3_600 + minute * 60 + second - offset)
        if second == 60 {
            let date = Calendar.date(ofDay: Int(seconds / 86_400))
            guard seconds % 86_400 == 0, date.day == 1 else {
                let expected = "second 60 only at 23:59 UTC on a month's last day"
                throw TimestampFault(place: secondPlace, expected: expected)
            }
        }
        guard seconds >= Timestamp.firstSecond, seconds <= Timestamp.lastSecond else {
            throw TimestampFault(place: 0, expected: "a time in the years 0000 to 9999 of UTC")
        }
        return Timestamp(secondsSinceEpoch: seconds, nanoseconds: nanoseconds)
    }

    private mutating func advance() {
        self.byte = self.rest.next()
        self.place += 1
    }

    private mutating func digit() -> Int? {
        guard let byte = self.byte, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        self.advance()
        return Int(byte - UInt8(ascii: "0"))
    }

    private mutating func number(digits: Int, in range: ClosedRange<Int>, named name: String) throws(TimestampFault)
        -> Int
    {
        let start = self.place
        var value = 0
        for _ in 0..<digits {
            guard let digit = self.digit() else {
                throw TimestampFault(place: self.place, expected: "\(name) in \(digits) digits")
            }
            value = value * 10 + digit
        }
        guard range.contains(value) else {
            throw TimestampFault(place: start, expected: "\(name) from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private mutating func mark(_ mark: Unicode.Scalar) throws(TimestampFault) {
        let isLetter = mark == "T"
        guard let byte = self.byte, UInt32(isLetter ? byte & 0xDF : byte) == mark.value else {
            throw TimestampFault(place: self.place, expected: "'\(mark)'")
        }
        self.advance()
    }

    /// Reads the fraction of the second, if there is one, in nanoseconds.
    private mutating func fraction() throws(TimestampFault) -> Int {
        guard self.byte == UInt8(ascii: ".") else { return 0 }
        self.advance()
        guard var value = self.digit() else {
            throw TimestampFault(place: self.place, expected: "a digit after the point")
        }
        var count = 1
        while let digit = self.digit() {
            if count < 9 {
                value = value * 10 + digit
                count += 1
            }
        }
        while count < 9 {
            value *= 10
            count += 1
        }
        return value
    }

    /// Reads the distance from UTC, in seconds east of it.
    private mutating func offset() throws(TimestampFault) -> Int {
        switch self.byte {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            self.advance()
            return 0
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            let isWest = self.byte == UInt8(ascii: "-")
            self.advance()
            let hours = try self.number(digits: 2, in: 0...23, named: "the offset's hours")
            try self.mark(":")
            let minutes = try self.number(digits: 2, in: 0...59, named: "the offset's minutes")
            let seconds = hours * 3_600 + minutes * 60
            return isWest ? -seconds : seconds
        default:
            throw TimestampFault(place: self.place, expected: "'Z' or an offset such as '+01:00'")
        }
    }
}

extension Timestamp: LosslessStringConvertible {
    /// Reads a point in time as `init(parsing:)` does; nil where that throws.
    public init?(_ description: String) {
        guard let value = try? Timestamp(parsing: description) else { return nil }
        self = value
    }

    /// The point in time in UTC by RFC 3339, with as many fraction digits as it needs: `2026-02-28T08:30:00.25Z`.
    public var description: String {
        let second = self.secondsSinceEpoch
        let day = second >= 0 ? second / 86_400 : (second - 86_399) / 86_400
        let rest = Int(second - day * 86_400)
        let date = Calendar.date(ofDay: Int(day))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(30)

        func append(_ value: Int, digits: Int, then mark: Unicode.Scalar) {
            var divisor = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
            bytes.append(UInt8(ascii: mark))
        }

        append(date.year, digits: 4, then: "-")
        append(date.month, digits: 2, then: "-")
        append(date.day, digits: 2, then: "T")
        append(rest / 3_600, digits: 2, then: ":")
        append(rest / 60 % 60, digits: 2, then: ":")
        append(rest % 60, digits: 2, then: ".")
        append(self.nanoseconds, digits: 9, then: "Z")
        bytes.removeLast()
        while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        bytes.append(UInt8(ascii: "Z"))
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Timestamp: Codable {
    /// Decodes an RFC 3339 text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(parsing: container.decode(String.self))
        } catch let error as CloudEventError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    /// Encodes the RFC 3339 text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
