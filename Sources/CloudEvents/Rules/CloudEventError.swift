// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a CloudEvent, or with a text that should be one of its values.
///
/// It names the attribute, the rule of the specification that is broken, what was found (shortened, and never the
/// event's data) and what was expected instead.
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
    /// The rule that is broken; nil where it is none of the CloudEvents specification.
    public var rule: CloudEventRule?
    /// What was found in the place of what should be there, shortened.
    public var found: String
    /// What should stand there instead of what was found.
    public var expected: String

    /// Creates an error about an attribute, or about a text read on its own.
    public init(
        _ code: Code,
        attribute: String? = nil,
        rule: CloudEventRule? = nil,
        found: String,
        expected: String
    ) {
        self.code = code
        self.attribute = attribute
        self.rule = rule
        self.found = found
        self.expected = expected
    }
}

extension CloudEventError: CustomStringConvertible {
    /// A sentence that says what is wrong, in which attribute, and which rule it breaks.
    public var description: String {
        let place = self.attribute.map { "attribute '\($0)': " } ?? ""
        let rule = self.rule.map { "; rule \($0)" } ?? ""
        return "\(self.code): \(place)found \(self.found), expected \(self.expected)\(rule)"
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
    /// An event follows another version of the specification than 1.0.
    public static let unsupportedVersion = Self(rawValue: "unsupportedVersion")
    /// An attribute, or a header that says one, comes twice.
    public static let duplicateAttribute = Self(rawValue: "duplicateAttribute")
    /// The data is not what its content type says, or comes twice.
    public static let invalidData = Self(rawValue: "invalidData")
    /// A message's content type does not go with the content mode, or names a format that is not JSON.
    public static let invalidContentType = Self(rawValue: "invalidContentType")
    /// A text is not encoded as it should be: not UTF-8, or not percent-encoded.
    public static let invalidEncoding = Self(rawValue: "invalidEncoding")
    /// A document is not JSON, or not an object or an array where it has to be one.
    public static let invalidFormat = Self(rawValue: "invalidFormat")
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
