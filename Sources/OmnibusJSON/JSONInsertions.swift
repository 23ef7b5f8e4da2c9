// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The JSON values that an encoder of another maker comes upon, kept to be put into what it writes.
///
/// An encoder writes numbers as doubles and members in an order of its own. Who encodes puts this beside, into the
/// encoder's `userInfo`; a value leaves itself here, and a mark in its place, which ``filled(_:_:)`` replaces. Objects
/// and arrays have their mark inside, as one member or element: others may write into the same container.
// SAFETY: whoever encodes makes it for one call of an encoder, which asks values on the caller's thread and one after
// the other.
package final class JSONInsertions: @unchecked Sendable {
    /// Where an encoder has it.
    package static let key: CodingUserInfoKey? = CodingUserInfoKey(rawValue: "omnibus.json.insertions")

    private var values: [JSONValue] = []
    /// What all marks begin with; nobody can guess it, so no text of a payload is taken for one.
    private lazy var beginning: String = {
        var random = SystemRandomNumberGenerator()
        let (high, low): (UInt64, UInt64) = (random.next(), random.next())
        return "omnibus-\(String(high, radix: 36))-\(String(low, radix: 36))-"
    }()

    package init() {}

    /// Whether nothing was left here, so that there is nothing to fill in.
    package var isEmpty: Bool { self.values.isEmpty }

    /// The insertions beside an encoder, if there are any.
    static func of(_ encoder: any Encoder) -> JSONInsertions? {
        self.key.flatMap { encoder.userInfo[$0] as? JSONInsertions }
    }

    /// Keeps a value; returns the mark for its place.
    func mark(for value: JSONValue) -> String {
        self.values.append(value)
        return "\(self.beginning)\(self.values.count - 1)"
    }

    /// Returns what an encoder has written, with the values in the places of their marks.
    ///
    /// It is nil where a value shares its container with a member of the same name, of which only one can be.
    package func filled(_ written: some Collection<UInt8>, _ options: JSONWritingOptions) throws(JSONError) -> [UInt8]?
    {
        var filling = Filling(Array(written), values: self.values, beginning: self.beginning, options)
        try filling.run()
        guard filling.hasShared else { return filling.output }
        return (try? JSONValue(parsing: filling.output, limits: JSONLimits(depth: 512, size: .max))).map { _ in
            filling.output
        }
    }
}

/// One pass over what an encoder has written.
private struct Filling {
    private let bytes: [UInt8]
    private let values: [JSONValue]
    private let beginning: [UInt8]
    private let options: JSONWritingOptions
    private var place = 0
    private(set) var output: [UInt8] = []
    /// Whether a value was put beside others into one container.
    private(set) var hasShared = false

    init(_ bytes: [UInt8], values: [JSONValue], beginning: String, _ options: JSONWritingOptions) {
        self.bytes = bytes
        self.values = values
        self.beginning = [UInt8(ascii: "\"")] + Array(beginning.utf8)
        self.options = options
        self.output.reserveCapacity(bytes.count)
    }

    mutating func run() throws(JSONError) {
        while self.place < self.bytes.count {
            if self.bytes[self.place] == UInt8(ascii: "\""), let value = self.takeMark() {
                try self.put(value)
            } else {
                self.output.append(self.bytes[self.place])
                self.place += 1
            }
        }
    }

    /// Takes a mark with its quotes, if one is next.
    private mutating func takeMark() -> JSONValue? {
        guard self.bytes[self.place...].starts(with: self.beginning) else { return nil }
        var end = self.place + self.beginning.count
        var number = 0
        while end < self.bytes.count, let digit = Character(Unicode.Scalar(self.bytes[end])).wholeNumberValue {
            number = number * 10 + digit
            end += 1
        }
        guard end < self.bytes.count, self.values.indices.contains(number) else { return nil }
        self.place = end + 1
        return self.values[number]
    }

    private mutating func put(_ value: JSONValue) throws(JSONError) {
        let content: ArraySlice<UInt8>
        switch value {
        case .object:
            // The member's value, which is a number of one digit.
            self.skip { $0 != UInt8(ascii: ":") }
            self.place += 1
            self.skip(isBlank)
            self.place += 1
            content = try value.bytes(self.options).dropFirst().dropLast()
        case .array: content = try value.bytes(self.options).dropFirst().dropLast()
        default:
            self.output += try value.bytes(self.options)
            return
        }
        let before = self.output.lastIndex { !isBlank($0) }.map { self.output[$0] }
        let after = self.bytes[self.place...].first { !isBlank($0) }
        let isFirst = before != UInt8(ascii: ",")
        let isLast = after != UInt8(ascii: ",")
        if !isFirst || !isLast { self.hasShared = true }
        if !content.isEmpty {
            self.output += content
        } else if !isLast {
            self.skip { $0 != UInt8(ascii: ",") }
            self.place += 1
        } else if !isFirst, let comma = self.output.lastIndex(of: UInt8(ascii: ",")) {
            self.output.removeSubrange(comma...)
        }
    }

    private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
        while self.place < self.bytes.count, isSkipped(self.bytes[self.place]) { self.place += 1 }
    }
}

private func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}
