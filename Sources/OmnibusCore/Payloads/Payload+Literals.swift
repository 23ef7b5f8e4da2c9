// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

extension Payload: ExpressibleByDictionaryLiteral {
    /// Creates a payload of a JSON object.
    public init(dictionaryLiteral members: (String, JSONValue)...) {
        self.init(json: .object(JSONObject(members)))
    }
}

extension Payload: ExpressibleByArrayLiteral {
    /// Creates a payload of a JSON array; for bytes there is ``init(bytes:)``.
    public init(arrayLiteral elements: JSONValue...) {
        self.init(json: .array(elements))
    }
}

extension Payload: ExpressibleByStringLiteral {
    /// Creates a payload of a JSON string.
    public init(stringLiteral text: String) {
        self.init(json: JSONValue(stringLiteral: text))
    }
}

extension Payload: ExpressibleByIntegerLiteral {
    /// Creates a payload of a JSON number.
    public init(integerLiteral number: Int64) {
        self.init(json: JSONValue(integerLiteral: number))
    }
}

extension Payload: ExpressibleByFloatLiteral {
    /// Creates a payload of a JSON number.
    public init(floatLiteral number: Double) {
        self.init(json: JSONValue(floatLiteral: number))
    }
}

extension Payload: ExpressibleByBooleanLiteral {
    /// Creates a payload of `true` or `false`.
    public init(booleanLiteral value: Bool) {
        self.init(json: JSONValue(booleanLiteral: value))
    }
}

extension Payload: ExpressibleByNilLiteral {
    /// Creates a payload of `null`.
    public init(nilLiteral: ()) {
        self.init(json: .null)
    }
}
