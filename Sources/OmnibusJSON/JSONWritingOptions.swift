// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How a JSON value is laid out when it is written.
public struct JSONWritingOptions: Sendable, Hashable {
    /// Whether every element and member has a line of its own, indented by two spaces a level.
    public var isPretty: Bool
    /// Whether members are written in the order of their names, by UTF-16 code units, and not in their own order.
    public var sortsKeys: Bool
    /// Whether numbers are written as ECMAScript writes the nearest double.
    var hasCanonicalNumbers: Bool = false

    /// Creates options for writing; compact and in the members' own order unless told.
    public init(isPretty: Bool = false, sortsKeys: Bool = false) {
        self.isPretty = isPretty
        self.sortsKeys = sortsKeys
    }

    /// No white space, members in their own order.
    public static let compact: JSONWritingOptions = JSONWritingOptions()
    /// A line for each element and member, members in their own order.
    public static let pretty: JSONWritingOptions = JSONWritingOptions(isPretty: true)
    /// No white space, members in the order of their names.
    public static let sorted: JSONWritingOptions = JSONWritingOptions(sortsKeys: true)
    /// The canonical form of RFC 8785: sorted, and numbers as ECMAScript writes the nearest double.
    ///
    /// Values that are equal are written as the same bytes, whoever writes them, so that they can be signed. Integers
    /// beyond 2⁵³ and decimals are rounded, as the standard has it; one beyond the range of a double cannot be written.
    public static let canonical: JSONWritingOptions = {
        var options = JSONWritingOptions(sortsKeys: true)
        options.hasCanonicalNumbers = true
        return options
    }()
}
