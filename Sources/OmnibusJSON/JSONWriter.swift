// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Appends the text of values to a buffer.
struct JSONWriter {
    var output: [UInt8] = []
    let options: JSONWritingOptions
    /// Whether infinite and NaN numbers are written as words, for descriptions, and not refused.
    var describesNonFinite: Bool = false
    /// The number of arrays and objects that are open.
    private var depth: Int = 0

    init(options: JSONWritingOptions, describesNonFinite: Bool = false) {
        self.options = options
        self.describesNonFinite = describesNonFinite
    }

    mutating func write(_ value: JSONValue) throws(JSONError) {
        switch value {
        case .null: self.append("null")
        case .bool(let value): self.append(value ? "true" : "false")
        case .integer(let value):
            if self.options.hasCanonicalNumbers {
                try self.write(number: Double(value))
            } else {
                self.append(value.description)
            }
        case .number(let value): try self.write(number: value)
        case .decimal(let value): try self.write(decimal: value)
        case .string(let value): self.write(string: value)
        case .array(let elements): try self.write(elements: elements)
        case .object(let object): try self.write(members: object.members)
        }
    }

    private mutating func append(_ text: String) {
        self.output.append(contentsOf: text.utf8)
    }

    private mutating func write(number: Double) throws(JSONError) {
        guard number.isFinite || self.describesNonFinite else {
            throw JSONError(.nonFiniteNumber, found: number.description, expected: "a finite number")
        }
        // The standard library's description is the shortest text that reads back as the same double, and is JSON.
        let text = number.description
        if self.options.hasCanonicalNumbers {
            CanonicalNumber.append(text, to: &self.output)
        } else {
            self.append(text)
        }
    }

    private mutating func write(decimal: JSONDecimal) throws(JSONError) {
        guard self.options.hasCanonicalNumbers else { return self.append(decimal.text) }
        guard let number = decimal.doubleValue else {
            let expected = "a number within the range of a double"
            throw JSONError(.numberOutOfRange, found: "a larger one", expected: expected)
        }
        try self.write(number: number)
    }

    private mutating func write(elements: [JSONValue]) throws(JSONError) {
        try self.open(UInt8(ascii: "["))
        var isFirst = true
        for element in elements {
            self.separate(&isFirst)
            try self.write(element)
        }
        self.close(UInt8(ascii: "]"), isEmpty: isFirst)
    }

    private mutating func write(members: [JSONObject.Member]) throws(JSONError) {
        let members =
            self.options.sortsKeys
            ? members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) } : members
        try self.open(UInt8(ascii: "{"))
        var isFirst = true
        for member in members {
            self.separate(&isFirst)
            self.write(string: member.name)
            self.output.append(UInt8(ascii: ":"))
            if self.options.isPretty { self.output.append(UInt8(ascii: " ")) }
            try self.write(member.value)
        }
        self.close(UInt8(ascii: "}"), isEmpty: isFirst)
    }

    private mutating func open(_ bracket: UInt8) throws(JSONError) {
        guard self.depth < JSONLimits.greatestDepth else {
            let expected = "at most \(JSONLimits.greatestDepth) levels of arrays and objects"
            throw JSONError(.tooDeep, found: "one more level", expected: expected)
        }
        self.depth += 1
        self.output.append(bracket)
    }

    private mutating func separate(_ isFirst: inout Bool) {
        if !isFirst { self.output.append(UInt8(ascii: ",")) }
        isFirst = false
        if self.options.isPretty { self.breakLine() }
    }

    private mutating func close(_ bracket: UInt8, isEmpty: Bool) {
        self.depth -= 1
        if self.options.isPretty, !isEmpty { self.breakLine() }
        self.output.append(bracket)
    }

    private mutating func breakLine() {
        self.output.append(0x0A)
        self.output.append(contentsOf: repeatElement(0x20, count: 2 * self.depth))
    }

    private mutating func write(string: String) {
        self.output.append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { bytes in
            var copied = 0
            for place in bytes.indices {
                let byte = bytes[place]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                self.output.append(contentsOf: bytes[copied..<place])
                self.escape(byte)
                copied = place + 1
            }
            self.output.append(contentsOf: bytes[copied...])
        }
        self.output.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        self.output.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: self.output.append(UInt8(ascii: "b"))
        case 0x09: self.output.append(UInt8(ascii: "t"))
        case 0x0A: self.output.append(UInt8(ascii: "n"))
        case 0x0C: self.output.append(UInt8(ascii: "f"))
        case 0x0D: self.output.append(UInt8(ascii: "r"))
        case ..<0x20:
            self.append(byte < 0x10 ? "u000" : "u00")
            self.append(String(byte, radix: 16))
        default: self.output.append(byte)
        }
    }
}
