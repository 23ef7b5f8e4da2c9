// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A JSON value (RFC 8259): null, a boolean, a number, a string, an array or an object.
///
/// Numbers are kept in three cases so that none loses a digit: what is written without a fraction or an exponent and
/// fits 64 bits is an `integer`; what a double stands for exactly as written (the shortest text of the double is worth
/// the same) is a `number`; all others are a `decimal`, which keeps the text.
///
/// **Equality** follows the value, not how it is kept: `.integer(1)` equals `.number(1.0)`, and both have the same
/// hash; an integer that no double can represent equals no number. Strings are equal when their Unicode scalars are
/// (RFC 8259, section 8.3), so a composed and a decomposed `é` differ, unlike in Swift's own comparison. Objects are
/// equal when they have the same members in any order. As everywhere, NaN (which JSON does not have) equals nothing.
///
/// Comparing, writing and releasing a value take stack by its depth. The parser bounds the depth of what comes from
/// outside; a program that nests values of its own has to stay within reason too.
public enum JSONValue: Sendable {
    /// The JSON literal `null`.
    case null
    /// One of the literals `true` and `false`.
    case bool(Bool)
    /// A whole number that fits 64 bits, exact.
    case integer(Int64)
    /// A number that a double holds, with a fraction or an exponent or beyond 64 bits.
    case number(Double)
    /// A number that fits neither, as it was written.
    case decimal(JSONDecimal)
    /// A JSON string, which may be any text.
    case string(String)
    /// A JSON array: values in order.
    case array([JSONValue])
    /// Members, each with a name of its own, in the order of the source.
    case object(JSONObject)
}

extension JSONValue {
    /// Creates a number from an integer of any type, exactly: one that fits neither 64 bits nor a double is a decimal.
    public init(_ value: some BinaryInteger) {
        if let integer = Int64(exactly: value) {
            self = .integer(integer)
        } else {
            let text = String(value)
            let number = Double(value)
            let isExact = number.isFinite && JSONDecimal.isWorth(text, number)
            self = isExact ? .number(number) : .decimal(JSONDecimal(checked: text))
        }
    }
}

extension JSONValue: Hashable {
    /// Compares numbers by what they are worth, and objects in any order of their members.
    public static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.integer(let integer), .number(let number)), (.number(let number), .integer(let integer)):
            Int64(exactly: number) == integer
        case (.decimal(let left), .decimal(let right)): left == right
        case (.string(let left), .string(let right)): JSONName.isSame(left, right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }

    /// Hashes the value, so that equal values hash alike.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null:
            hasher.combine(0 as UInt8)
        case .bool(let value):
            hasher.combine(1 as UInt8)
            hasher.combine(value)
        case .integer(let value):
            hasher.combine(2 as UInt8)
            hasher.combine(value)
        case .number(let value):
            hasher.combine(2 as UInt8)
            if let integer = Int64(exactly: value) {
                hasher.combine(integer)
            } else {
                hasher.combine(value)
            }
        case .decimal(let value):
            hasher.combine(6 as UInt8)
            hasher.combine(value)
        case .string(let value):
            hasher.combine(3 as UInt8)
            hasher.combine(JSONName(text: value))
        case .array(let value):
            hasher.combine(4 as UInt8)
            hasher.combine(value)
        case .object(let value):
            hasher.combine(5 as UInt8)
            hasher.combine(value)
        }
    }
}
