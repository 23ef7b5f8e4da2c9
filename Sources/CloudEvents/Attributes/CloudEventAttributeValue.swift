// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The value of an extension attribute, in the types that CloudEvents 1.0 defines.
///
/// Not every format keeps the type: many write all of them as text.
public enum CloudEventAttributeValue: Sendable, Hashable {
    /// A truth value, the type Boolean of the specification.
    case boolean(Bool)
    /// A whole number of 32 bits.
    case integer(Int32)
    /// A text without control characters.
    case string(String)
    /// A sequence of bytes, which formats of text write in Base64.
    case binary([UInt8])
    /// An absolute URI, as its text.
    case uri(String)
    /// A URI or a relative reference, as its text.
    case uriReference(String)
    /// A point in time, which formats of text write as RFC 3339 asks.
    case timestamp(Timestamp)
}

extension CloudEventAttributeValue {
    /// The text, if this is a string, a URI or a URI reference.
    public var stringValue: String? {
        switch self {
        case .string(let value), .uri(let value), .uriReference(let value): value
        default: nil
        }
    }

    /// The number, if this is an integer.
    public var integerValue: Int32? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The truth value, if this is a Boolean.
    public var booleanValue: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The point in time, if this is a timestamp.
    public var timestampValue: Timestamp? {
        if case .timestamp(let value) = self { value } else { nil }
    }
}

extension CloudEventAttributeValue: ExpressibleByStringInterpolation {
    /// Creates an attribute value that is a text, from a literal.
    public init(stringLiteral value: String) { self = .string(value) }
}

extension CloudEventAttributeValue: ExpressibleByIntegerLiteral {
    /// Creates an attribute value that is an integer, from a literal.
    public init(integerLiteral value: Int32) { self = .integer(value) }
}

extension CloudEventAttributeValue: ExpressibleByBooleanLiteral {
    /// Creates an attribute value that is a Boolean, from a literal.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}
