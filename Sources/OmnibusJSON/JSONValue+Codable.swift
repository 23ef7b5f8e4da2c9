// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A member's name as the key of a keyed container.
private struct JSONKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { self.stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension JSONValue: Codable {
    /// Decodes whatever is there; the first of null, boolean, integer, number, string, array and object that fits.
    ///
    /// A decoder hands an object's members out in an order of its own, and numbers as far as a double says them. What
    /// decodes payloads here takes the value as it is written; elsewhere, parse a document to keep it.
    public init(from decoder: any Decoder) throws {
        if let value = JSONDocument.value(for: decoder) {
            self = value
            return
        }
        if let container = try? decoder.singleValueContainer() {
            if container.decodeNil() {
                self = .null
                return
            }
            if let value = try? container.decode(Bool.self) {
                self = .bool(value)
                return
            }
            if let value = try? container.decode(Int64.self) {
                self = .integer(value)
                return
            }
            if let value = try? container.decode(UInt64.self) {
                self = JSONValue(value)
                return
            }
            if let value = try? container.decode(Double.self) {
                self = .number(value)
                return
            }
            if let value = try? container.decode(String.self) {
                self = .string(value)
                return
            }
        }
        if var container = try? decoder.unkeyedContainer() {
            var elements: [JSONValue] = []
            while !container.isAtEnd { elements.append(try container.decode(JSONValue.self)) }
            self = .array(elements)
            return
        }
        self = .object(try JSONObject(from: decoder))
    }

    /// Writes the value through an encoder of any format.
    ///
    /// A decimal is written as an unsigned integer where it is one, and else as the nearest double. What encodes
    /// payloads here writes it as it is.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let object):
            try object.encode(to: encoder)
        case .array, .number, .decimal:
            guard let insertions = JSONInsertions.of(encoder) else { return try self.encodePlainly(to: encoder) }
            try self.encodeMark(insertions.mark(for: self), to: encoder)
        case .null, .bool, .integer, .string:
            try self.encodePlainly(to: encoder)
        }
    }

    private func encodeMark(_ mark: String, to encoder: any Encoder) throws {
        if case .array = self {
            var container = encoder.unkeyedContainer()
            try container.encode(mark)
        } else {
            var container = encoder.singleValueContainer()
            try container.encode(mark)
        }
    }

    private func encodePlainly(to encoder: any Encoder) throws {
        switch self {
        case .object(let object):
            try object.encode(to: encoder)
        case .array(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .integer(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .number(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        case .decimal(let value):
            var container = encoder.singleValueContainer()
            if let integer = UInt64(value.text) {
                try container.encode(integer)
            } else if let number = value.doubleValue {
                try container.encode(number)
            } else {
                let expected = "a number within the range of a double"
                throw JSONError(.numberOutOfRange, found: "a larger one", expected: expected)
            }
        case .string(let value):
            var container = encoder.singleValueContainer()
            try container.encode(value)
        }
    }
}

extension JSONObject: Codable {
    /// Decodes the members of a keyed container, in the order in which the decoder names them.
    public init(from decoder: any Decoder) throws {
        if case .object(let object)? = JSONDocument.value(for: decoder) {
            self = object
            return
        }
        self.init()
        let container = try decoder.container(keyedBy: JSONKey.self)
        for key in container.allKeys { self[key.stringValue] = try container.decode(JSONValue.self, forKey: key) }
    }

    /// Writes the value through an encoder of any format.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: JSONKey.self)
        if let insertions = JSONInsertions.of(encoder) {
            // A number of one digit, which every encoder writes as one byte.
            return try container.encode(0, forKey: JSONKey(insertions.mark(for: .object(self))))
        }
        for member in self.members { try container.encode(member.value, forKey: JSONKey(member.name)) }
    }
}
