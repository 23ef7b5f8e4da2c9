// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension CloudEvent {
    /// The names that extensions cannot have: the specification's attributes, and the member that formats put data in.
    public static let reservedNames: Set<String> = [
        "id", "source", "type", "specversion", "subject", "time", "datacontenttype", "dataschema", "data",
    ]

    /// Says whether an extension attribute can have that name: letters a to z and digits, at least one, not reserved.
    public static func isExtensionName(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && Self.hasNameCharacters(name) && !Self.reservedNames.contains(String(name))
    }

    static func check(required text: String, named name: String) throws(CloudEventError) {
        guard !text.isEmpty else {
            throw CloudEventError(
                .missingAttribute,
                attribute: name,
                found: "nothing",
                expected: "at least one character"
            )
        }
        try Self.check(text: text, named: name)
    }

    static func check(optional text: String?, named name: String) throws(CloudEventError) {
        guard let text else { return }
        guard !text.isEmpty else {
            let expected = "at least one character, or no such attribute"
            throw CloudEventError(.invalidValue, attribute: name, found: "an empty text", expected: expected)
        }
        try Self.check(text: text, named: name)
    }

    static func check(extension value: CloudEventAttributeValue, named name: String) throws(CloudEventError) {
        guard !Self.reservedNames.contains(name) else {
            let expected = "a name that the specification does not use"
            throw CloudEventError(.invalidName, attribute: name, found: "an extension of that name", expected: expected)
        }
        guard !name.isEmpty, Self.hasNameCharacters(name) else {
            let expected = "a name of the letters a to z and digits"
            throw CloudEventError(
                .invalidName,
                attribute: name,
                found: CloudEventError.quoted(name),
                expected: expected
            )
        }
        switch value {
        case .string(let text): try Self.check(text: text, named: name)
        case .uri(let text), .uriReference(let text): try Self.check(required: text, named: name)
        case .boolean, .integer, .binary, .timestamp: break
        }
    }

    private static func hasNameCharacters(_ name: some StringProtocol) -> Bool {
        name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: false
            }
        }
    }

    private static func check(text: String, named name: String) throws(CloudEventError) {
        guard let scalar = text.unicodeScalars.first(where: Self.isForbidden) else { return }
        throw CloudEventError(
            .invalidValue,
            attribute: name,
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
