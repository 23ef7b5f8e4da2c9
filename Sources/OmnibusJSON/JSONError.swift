// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a JSON document, or with a value that is to be written as one.
///
/// It says where, what was found there (a character or a kind of thing, never the document's content) and what was
/// expected instead.
public struct JSONError: Error, Sendable, Hashable {
    /// What went wrong, as a value that a program can compare.
    ///
    /// The set is open: minor releases add codes.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The name of the error code, such as `tooDeep`.
        public let rawValue: String

        /// Creates a code from its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The name of the error code, for people.
        public var description: String { self.rawValue }
    }

    /// A place in a document.
    public struct Position: Hashable, Sendable, CustomStringConvertible {
        /// The number of bytes before the place.
        public var offset: Int
        /// The line, counted from 1; lines end with a line feed, a carriage return, or both.
        public var line: Int
        /// The character within the line, counted from 1 in Unicode scalars.
        public var column: Int

        /// Creates a position in a document from offset, line and column.
        public init(offset: Int, line: Int, column: Int) {
            self.offset = offset
            self.line = line
            self.column = column
        }

        /// The place as line, column and byte.
        public var description: String { "line \(self.line), column \(self.column) (byte \(self.offset))" }
    }

    /// The kind of failure, as a value that a program can compare.
    public var code: Code
    /// Where in the document; nil when a value was to be written.
    public var position: Position?
    /// What was found in the place of what should be there, shortened.
    public var found: String
    /// What should stand there instead of what was found.
    public var expected: String

    /// Creates an error about a document, or about a value that cannot be written.
    public init(_ code: Code, at position: Position? = nil, found: String, expected: String) {
        self.code = code
        self.position = position
        self.found = found
        self.expected = expected
    }
}

extension JSONError: CustomStringConvertible {
    /// A sentence that says what is wrong, and where in the document.
    public var description: String {
        let place = self.position.map { "at \($0): " } ?? ""
        return "\(self.code): \(place)found \(self.found), expected \(self.expected)"
    }
}

extension JSONError.Code {
    /// The document ends in the middle of a value.
    public static let unexpectedEnd = Self(rawValue: "unexpectedEnd")
    /// A character stands where the grammar does not allow it.
    public static let unexpectedCharacter = Self(rawValue: "unexpectedCharacter")
    /// Something other than white space follows the value.
    public static let trailingContent = Self(rawValue: "trailingContent")
    /// The document begins with a byte order mark.
    public static let byteOrderMark = Self(rawValue: "byteOrderMark")
    /// A number is not written as RFC 8259 asks: a leading zero, a missing digit.
    public static let invalidNumber = Self(rawValue: "invalidNumber")
    /// A number is too large for a double, where it has to be written as one.
    public static let numberOutOfRange = Self(rawValue: "numberOutOfRange")
    /// A string contains a control character that is not escaped.
    public static let controlCharacter = Self(rawValue: "controlCharacter")
    /// A backslash is followed by something that is not an escape.
    public static let invalidEscape = Self(rawValue: "invalidEscape")
    /// An escape is one half of a surrogate pair, without the other.
    public static let loneSurrogate = Self(rawValue: "loneSurrogate")
    /// The bytes of a string are not UTF-8.
    public static let invalidUTF8 = Self(rawValue: "invalidUTF8")
    /// An object has two members of one name.
    public static let duplicateKey = Self(rawValue: "duplicateKey")
    /// More arrays and objects are open at once than the limit allows.
    public static let tooDeep = Self(rawValue: "tooDeep")
    /// The document has more bytes than the limit allows.
    public static let tooLarge = Self(rawValue: "tooLarge")
    /// A number is infinite or NaN, which JSON cannot say.
    public static let nonFiniteNumber = Self(rawValue: "nonFiniteNumber")
}
