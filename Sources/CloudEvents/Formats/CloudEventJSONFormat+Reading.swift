// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

extension CloudEventJSONFormat {
    /// Reads an event from a JSON value, which has to be an object, and says what a lenient reader changed.
    public static func read(
        _ value: JSONValue,
        options: CloudEventReadingOptions = .strict
    ) throws(CloudEventError) -> CloudEventReading {
        try Self.reading(of: value, options)
    }

    static func parse(
        _ bytes: some Collection<UInt8>,
        _ options: CloudEventReadingOptions
    ) throws(CloudEventError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: bytes, limits: options.limits)
        } catch {
            var place = JSONMemberPlace()
            if let offset = error.position?.offset { place.read(bytes, before: offset) }
            if error.code == .duplicateKey, let name = place.nextName { throw CloudEventError.duplicate(name) }
            throw CloudEventError(
                error.code == .invalidUTF8 ? .invalidEncoding : .invalidFormat,
                attribute: place.name,
                rule: .jsonEnvelope,
                found: error.position.map { "\(error.found) at \($0)" } ?? error.found,
                expected: error.expected
            )
        }
    }

    static func reading(
        of value: JSONValue,
        _ options: CloudEventReadingOptions
    ) throws(CloudEventError) -> CloudEventReading {
        guard case .object(let members) = value else {
            let expected = "a JSON object"
            throw CloudEventError(.invalidFormat, rule: .jsonEnvelope, found: "another JSON value", expected: expected)
        }
        var draft = CloudEventDraft(options)
        var data: JSONValue?
        var base64: JSONValue?
        for member in members {
            switch (member.name, member.value) {
            case ("data", let value): data = value
            case ("data_base64", .null): break
            case ("data_base64", let value): base64 = value
            // An attribute that is null is one that is not set.
            case (let name, .null): try draft.putNothing(named: name)
            case (let name, let value): try draft.put(Self.attribute(value, named: name), named: name)
            }
        }
        if let base64 {
            guard data == nil else {
                throw CloudEventError(
                    .invalidData,
                    attribute: "data_base64",
                    rule: .oneData,
                    found: "both 'data' and 'data_base64'",
                    expected: "one of them"
                )
            }
            return try draft.reading(data: .bytes(Self.bytes(ofBase64: base64)))
        }
        guard let data else { return try draft.reading(data: nil) }
        return try draft.reading(data: Self.data(data, &draft))
    }

    private static func attribute(
        _ value: JSONValue,
        named name: String
    ) throws(CloudEventError) -> CloudEventAttributeValue {
        func wrong(_ rule: CloudEventRule, _ found: String, _ expected: String) -> CloudEventError {
            CloudEventError(.invalidValue, attribute: name, rule: rule, found: found, expected: expected)
        }
        // The specification's own attributes are all texts; nothing is a number that could be the wrong one.
        let isText = CloudEvent.reservedNames.contains(name)
        if isText, value.stringValue == nil { throw wrong(.attributeType, "a value that is no string", "a string") }
        switch value {
        case .string(let text): return .string(text)
        case .bool(let boolean): return .boolean(boolean)
        case .integer(let integer):
            guard let integer = Int32(exactly: integer) else {
                throw wrong(.integer, "a larger number", "a whole number from -2147483648 to 2147483647")
            }
            return .integer(integer)
        case .number(let number) where number == 0 && number.sign == .minus: return .integer(0)
        case .number, .decimal:
            throw wrong(
                .integer,
                "a number with a fraction or an exponent, or a larger one",
                "a whole number of 32 bits"
            )
        case .array: throw wrong(.attributeType, "an array", "a string, a whole number or a boolean")
        case .object: throw wrong(.attributeType, "an object", "a string, a whole number or a boolean")
        case .null: throw wrong(.attributeType, "null", "a string, a whole number or a boolean")
        }
    }

    private static func bytes(ofBase64 value: JSONValue) throws(CloudEventError) -> [UInt8] {
        guard case .string(let text) = value, let bytes = Base64.decode(text) else {
            throw CloudEventError(
                .invalidData,
                attribute: "data_base64",
                rule: .dataEncoding,
                found: value.stringValue.map { CloudEventError.quoted($0.prefix(16)) } ?? "no string",
                expected: "a string of Base64 by RFC 4648, section 4"
            )
        }
        return bytes
    }

    private static func data(
        _ value: JSONValue,
        _ draft: inout CloudEventDraft
    ) throws(CloudEventError) -> CloudEventData {
        guard let contentType = try draft.dataContentType(), let type = MediaType(contentType), !type.isJSON else {
            return .json(value)
        }
        if case .string(let text) = value { return .text(text) }
        guard draft.options.strictness == .lenient else {
            throw CloudEventError(
                .invalidData,
                attribute: "data",
                rule: .dataEncoding,
                found: "a JSON value that is no string",
                expected: "a string, as the content type is not JSON"
            )
        }
        draft.note(.kept, "data", .dataEncoding)
        return .json(value)
    }
}
