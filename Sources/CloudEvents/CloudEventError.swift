// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a CloudEvent, or with a text that should be one of its values.
///
/// It names the attribute, what was found (shortened, and never the event's data) and what was expected instead.
public struct CloudEventError: Error, Sendable, Hashable {
    /// What went wrong, as a value that a program can compare.
    ///
    /// The set is open: minor releases add codes.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The name of the error code, such as `invalidValue`.
        public let rawValue: String

        /// Creates a code from its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The name of the error code, for people.
        public var description: String { self.rawValue }
    }

    /// The kind of failure, as a value that a program can compare.
    public var code: Code
    /// The name of the attribute that is wrong; nil where a text was read on its own.
    public var attribute: String?
    /// What was found in the place of what should be there, shortened.
    public var found: String
    /// What should stand there instead of what was found.
    public var expected: String

    /// Creates an error about an attribute, or about a text read on its own.
    public init(_ code: Code, attribute: String? = nil, found: String, expected: String) {
        self.code = code
        self.attribute = attribute
        self.found = found
        self.expected = expected
    }
}

extension CloudEventError: CustomStringConvertible {
    /// A sentence that says what is wrong, and in which attribute.
    public var description: String {
        let place = self.attribute.map { "attribute '\($0)': " } ?? ""
        return "\(self.code): \(place)found \(self.found), expected \(self.expected)"
    }
}

extension CloudEventError.Code {
    /// An attribute that every event has is missing or empty.
    public static let missingAttribute = Self(rawValue: "missingAttribute")
    /// A name cannot be that of an extension: a wrong character, empty, or taken by the specification.
    public static let invalidName = Self(rawValue: "invalidName")
    /// An attribute's value is not what the specification allows.
    public static let invalidValue = Self(rawValue: "invalidValue")
    /// A text is not a point in time by RFC 3339.
    public static let invalidTimestamp = Self(rawValue: "invalidTimestamp")
    /// A text is not a `traceparent` by W3C Trace Context.
    public static let invalidTraceContext = Self(rawValue: "invalidTraceContext")
}

extension CloudEventError {
    /// A text as an error shows it: quoted, at most 64 characters, with control characters escaped.
    static func quoted(_ text: some StringProtocol) -> String {
        var result = "'"
        for scalar in text.unicodeScalars.prefix(64) {
            result += scalar.value < 0x20 || scalar.value == 0x7F ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return result + (text.unicodeScalars.dropFirst(64).isEmpty ? "'" : "…'")
    }
}
