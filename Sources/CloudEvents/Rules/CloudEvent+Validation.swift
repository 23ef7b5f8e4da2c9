// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension CloudEvent {
    /// The names that extensions cannot have: the specification's attributes, and the member that formats put data in.
    public static let reservedNames: Set<String> = [
        "id", "source", "type", "specversion", "subject", "time", "datacontenttype", "dataschema", "data",
    ]

    /// Says whether an extension attribute can have that name: letters a to z and digits, at least one, not reserved.
    ///
    /// The specification recommends 20 characters at most, and takes more.
    public static func isExtensionName(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && Self.hasNameCharacters(name) && !Self.reservedNames.contains(String(name))
    }

    /// Says whether a text can be the `source` of an event: a URI reference that is not empty.
    public static func isSource(_ text: String) -> Bool {
        (try? Self.check(source: text)) != nil
    }

    /// Says whether a text can be the `dataschema` of an event: a URI with a scheme.
    public static func isDataSchema(_ text: String) -> Bool {
        (try? Self.check(dataSchema: text)) != nil
    }

    /// Says whether a text can be the `datacontenttype` of an event: a media type of RFC 2046.
    public static func isDataContentType(_ text: String) -> Bool {
        (try? Self.check(dataContentType: text)) != nil
    }

    /// Whether a content type says that what has it is an event, or several.
    package static func isEnvelopeType(_ type: String) -> Bool {
        type.lowercased().hasPrefix("application/cloudevents")
    }

    static func check(required text: String, named name: String) throws(CloudEventError) {
        guard !text.isEmpty else { throw CloudEventError.missing(name) }
        try Self.check(text: text, named: name)
    }

    static func check(source text: String) throws(CloudEventError) {
        try Self.check(required: text, named: "source")
        try Self.check(reference: text, named: "source")
    }

    static func check(optional text: String?, named name: String) throws(CloudEventError) {
        guard let text else { return }
        guard !text.isEmpty else {
            throw CloudEventError(
                .invalidValue,
                attribute: name,
                rule: .nonEmptyAttribute,
                found: "an empty text",
                expected: "at least one character, or no such attribute"
            )
        }
        try Self.check(text: text, named: name)
    }

    static func check(dataSchema text: String?) throws(CloudEventError) {
        try Self.check(optional: text, named: "dataschema")
        if let text { try Self.check(uri: text, named: "dataschema") }
    }

    static func check(dataContentType text: String?) throws(CloudEventError) {
        try Self.check(optional: text, named: "datacontenttype")
        guard let text, MediaType(text) == nil else { return }
        throw CloudEventError(
            .invalidValue,
            attribute: "datacontenttype",
            rule: .mediaType,
            found: CloudEventError.quoted(text),
            expected: "a media type such as 'application/json'"
        )
    }

    static func check(extension value: CloudEventAttributeValue, named name: String) throws(CloudEventError) {
        try Self.check(name: name)
        guard !Self.reservedNames.contains(name) else {
            throw CloudEventError(
                .invalidName,
                attribute: name,
                rule: .extensionName,
                found: "an extension of that name",
                expected: "a name that the specification does not use"
            )
        }
        switch value {
        case .string(let text): try Self.check(text: text, named: name)
        case .uri(let text):
            try Self.check(text: text, named: name)
            try Self.check(uri: text, named: name)
        case .uriReference(let text):
            try Self.check(text: text, named: name)
            try Self.check(reference: text, named: name)
        case .boolean, .integer, .binary, .timestamp: break
        }
    }

    static func check(name: String) throws(CloudEventError) {
        guard name.isEmpty || !Self.hasNameCharacters(name) else { return }
        throw CloudEventError(
            .invalidName,
            attribute: name,
            rule: .attributeName,
            found: CloudEventError.quoted(name),
            expected: "a name of the letters a to z and digits"
        )
    }

    private static func check(reference text: String, named name: String) throws(CloudEventError) {
        guard let fault = URISyntax.fault(inReference: text) else { return }
        throw CloudEventError(
            .invalidValue,
            attribute: name,
            rule: .uriReference,
            found: "\(CloudEventError.quoted(text)), which has \(fault)",
            expected: "a URI reference by RFC 3986"
        )
    }

    private static func check(uri text: String, named name: String) throws(CloudEventError) {
        guard let fault = URISyntax.fault(inURI: text) else { return }
        throw CloudEventError(
            .invalidValue,
            attribute: name,
            rule: .uri,
            found: "\(CloudEventError.quoted(text)), which has \(fault)",
            expected: "a URI with a scheme, by RFC 3986"
        )
    }

    private static func hasNameCharacters(_ name: some StringProtocol) -> Bool {
        name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: false
            }
        }
    }

    static func check(text: String, named name: String) throws(CloudEventError) {
        // Nearly all texts are printable ASCII, which is seen without decoding.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return }
        guard let scalar = text.unicodeScalars.first(where: Self.isForbidden) else { return }
        throw CloudEventError(
            .invalidValue,
            attribute: name,
            rule: .stringCharacters,
            found: "the character U+" + String(scalar.value, radix: 16, uppercase: true),
            expected: "no control characters and no Unicode noncharacters"
        )
    }

    /// The characters that CloudEvents 1.0 forbids in texts, section *Type System*.
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0xFDD0...0xFDEF: true
        case let value: value & 0xFFFE == 0xFFFE
        }
    }
}

extension CloudEventError {
    /// The error for a required attribute that is not there, or empty.
    static func missing(_ name: String) -> CloudEventError {
        CloudEventError(
            .missingAttribute,
            attribute: name,
            rule: .requiredAttribute,
            found: "nothing",
            expected: "at least one character"
        )
    }
}
