// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The seven types that the value of an attribute can have, by the specification's names.
public enum CloudEventAttributeType: String, Sendable, Hashable, CaseIterable {
    /// A truth value.
    case boolean = "Boolean"
    /// A whole number of 32 bits.
    case integer = "Integer"
    /// A text without control characters.
    case string = "String"
    /// A sequence of bytes.
    case binary = "Binary"
    /// An absolute URI.
    case uri = "URI"
    /// A URI or a relative reference.
    case uriReference = "URI-reference"
    /// A point in time.
    case timestamp = "Timestamp"
}

extension CloudEventAttributeValue {
    /// The type of the value.
    public var type: CloudEventAttributeType {
        switch self {
        case .boolean: .boolean
        case .integer: .integer
        case .string: .string
        case .binary: .binary
        case .uri: .uri
        case .uriReference: .uriReference
        case .timestamp: .timestamp
        }
    }

    /// The value as text, in the canonical string encoding that the specification defines for its type.
    public var canonicalText: String {
        switch self {
        case .boolean(let boolean): boolean ? "true" : "false"
        case .integer(let integer): "\(integer)"
        case .string(let text), .uri(let text), .uriReference(let text): text
        case .binary(let bytes): Base64.encode(bytes)
        case .timestamp(let time): time.description
        }
    }

    /// Reads a value of a type from its canonical string encoding.
    ///
    /// Throws a `CloudEventError` that names the rule of the type; the attribute it names is the one given.
    public init(
        canonicalText text: String,
        type: CloudEventAttributeType,
        attribute: String? = nil
    ) throws(CloudEventError) {
        func wrong(_ rule: CloudEventRule, _ expected: String) -> CloudEventError {
            let found = CloudEventError.quoted(text)
            return CloudEventError(.invalidValue, attribute: attribute, rule: rule, found: found, expected: expected)
        }
        switch type {
        case .boolean:
            guard text == "true" || text == "false" else { throw wrong(.boolean, "'true' or 'false'") }
            self = .boolean(text == "true")
        case .integer:
            // The number as JSON has it: no plus, no leading zero.
            guard let integer = Int32(text), text.utf8.elementsEqual("\(integer)".utf8) || text == "-0" else {
                throw wrong(.integer, "a whole number from -2147483648 to 2147483647")
            }
            self = .integer(integer)
        case .string:
            try Self.check(text, attribute)
            self = .string(text)
        case .binary:
            guard let bytes = Base64.decode(text) else { throw wrong(.binary, "Base64 by RFC 4648, section 4") }
            self = .binary(bytes)
        case .uri:
            try Self.check(text, attribute)
            if let fault = URISyntax.fault(inURI: text) { throw wrong(.uri, "a URI; this has \(fault)") }
            self = .uri(text)
        case .uriReference:
            try Self.check(text, attribute)
            if let fault = URISyntax.fault(inReference: text) {
                throw wrong(.uriReference, "a URI reference; this has \(fault)")
            }
            self = .uriReference(text)
        case .timestamp:
            do throws(CloudEventError) {
                self = .timestamp(try Timestamp(parsing: text))
            } catch {
                var error = error
                error.attribute = attribute
                throw error
            }
        }
    }

    /// Checks a text for characters that none may have.
    private static func check(_ text: String, _ attribute: String?) throws(CloudEventError) {
        do throws(CloudEventError) {
            try CloudEvent.check(text: text, named: attribute ?? "")
        } catch {
            var error = error
            error.attribute = attribute
            throw error
        }
    }
}
