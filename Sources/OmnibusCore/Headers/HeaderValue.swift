// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The value of a header: text, integer, double, boolean or bytes.
///
/// In this process and in the binary form a value keeps its kind; a back end that has nothing but text for headers
/// turns it into text.
public enum HeaderValue: Hashable, Sendable {
    /// A value that is a text, the kind that every back end carries.
    case text(String)

    /// A value that is a whole number of 64 bits.
    case integer(Int64)

    /// A value that is a floating-point number, which has to be finite.
    case double(Double)

    /// A value that is true or false.
    case boolean(Bool)

    /// A value that is a sequence of bytes.
    case bytes([UInt8])

    /// The text, if it is text.
    public var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The integer, if it is one.
    public var integer: Int64? {
        if case .integer(let integer) = self { integer } else { nil }
    }

    /// The double, if it is one.
    public var double: Double? {
        if case .double(let double) = self { double } else { nil }
    }

    /// The boolean, if it is one.
    public var boolean: Bool? {
        if case .boolean(let boolean) = self { boolean } else { nil }
    }

    /// The bytes, if it is bytes.
    public var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }
}

extension HeaderValue {
    /// Tells whether two values are of one kind and equal, texts byte by byte.
    public static func == (left: HeaderValue, right: HeaderValue) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)): ExactText.isSame(left, right)
        case (.integer(let left), .integer(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.boolean(let left), .boolean(let right)): left == right
        case (.bytes(let left), .bytes(let right)): left == right
        default: false
        }
    }

    /// Hashes kind and value, so that equal values hash alike.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .text(let text):
            hasher.combine(0 as UInt8)
            hasher.combine(ExactText(text))
        case .integer(let integer):
            hasher.combine(1 as UInt8)
            hasher.combine(integer)
        case .double(let double):
            hasher.combine(2 as UInt8)
            hasher.combine(double)
        case .boolean(let boolean):
            hasher.combine(3 as UInt8)
            hasher.combine(boolean)
        case .bytes(let bytes):
            hasher.combine(4 as UInt8)
            hasher.combine(bytes)
        }
    }
}

extension HeaderValue: ExpressibleByStringLiteral {
    /// Creates a header value that is a text, from a literal.
    public init(stringLiteral text: String) {
        self = .text(text)
    }
}

extension HeaderValue: ExpressibleByIntegerLiteral {
    /// Creates a header value that is an integer, from a literal.
    public init(integerLiteral integer: Int64) {
        self = .integer(integer)
    }
}

extension HeaderValue: ExpressibleByFloatLiteral {
    /// Creates a header value that is a floating-point number, from a literal.
    public init(floatLiteral double: Double) {
        self = .double(double)
    }
}

extension HeaderValue: ExpressibleByBooleanLiteral {
    /// Creates a header value that is true or false, from a literal.
    public init(booleanLiteral boolean: Bool) {
        self = .boolean(boolean)
    }
}

extension HeaderValue: CustomStringConvertible {
    /// The value as text; bytes as their number.
    public var description: String {
        switch self {
        case .text(let text): text
        case .integer(let integer): "\(integer)"
        case .double(let double): "\(double)"
        case .boolean(let boolean): "\(boolean)"
        case .bytes(let bytes): "\(bytes.count) bytes"
        }
    }
}
