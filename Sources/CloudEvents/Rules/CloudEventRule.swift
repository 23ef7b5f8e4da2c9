// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A rule of the CloudEvents specification, version 1.0.2, that an event or a message has to keep.
///
/// The set is open: minor releases add rules.
public struct CloudEventRule: RawRepresentable, Hashable, Sendable {
    /// The name of the rule, such as `required-attribute`.
    public let rawValue: String

    /// Creates a rule from its name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Where the specification says it, and what; empty for a rule that is not known here.
    public var statement: String { Self.statements[self] ?? "" }
}

extension CloudEventRule: CustomStringConvertible {
    /// The name of the rule, and where the specification says it.
    public var description: String {
        self.statement.isEmpty ? self.rawValue : "\(self.rawValue) (\(self.statement))"
    }
}

extension CloudEventRule {
    /// Every event has `id`, `source`, `specversion` and `type`, and none of them is empty.
    public static let requiredAttribute = Self(rawValue: "required-attribute")
    /// An optional attribute that is present is not empty.
    public static let nonEmptyAttribute = Self(rawValue: "non-empty-attribute")
    /// An event of this version of the specification has the `specversion` `1.0`.
    public static let specVersion = Self(rawValue: "specversion")
    /// The name of an attribute is made of lower-case letters and digits, and none is called `data`.
    public static let attributeName = Self(rawValue: "attribute-name")
    /// The name of an attribute should not have more than 20 characters.
    public static let attributeNameLength = Self(rawValue: "attribute-name-length")
    /// An extension has another name than the attributes of the specification.
    public static let extensionName = Self(rawValue: "extension-name")
    /// An attribute comes once.
    public static let distinctAttributes = Self(rawValue: "distinct-attributes")
    /// The value of an attribute has one of the seven types, and that of this attribute.
    public static let attributeType = Self(rawValue: "attribute-type")
    /// A text has no control characters and no noncharacters.
    public static let stringCharacters = Self(rawValue: "string")
    /// A truth value is written `true` or `false`.
    public static let boolean = Self(rawValue: "boolean")
    /// An integer is a whole number of 32 bits.
    public static let integer = Self(rawValue: "integer")
    /// Bytes are written in Base64.
    public static let binary = Self(rawValue: "binary")
    /// A URI has a scheme and keeps the grammar of RFC 3986.
    public static let uri = Self(rawValue: "uri")
    /// A URI reference keeps the grammar of RFC 3986.
    public static let uriReference = Self(rawValue: "uri-reference")
    /// A point in time is written as RFC 3339 says.
    public static let timestamp = Self(rawValue: "timestamp")
    /// `datacontenttype` is a media type of RFC 2046.
    public static let mediaType = Self(rawValue: "media-type")
    /// An event in JSON is an object.
    public static let jsonEnvelope = Self(rawValue: "json-envelope")
    /// A batch in JSON is an array of events.
    public static let jsonBatch = Self(rawValue: "json-batch")
    /// An event in JSON has either `data` or `data_base64`, or neither.
    public static let oneData = Self(rawValue: "one-data")
    /// Data whose content type is not JSON is a string in the JSON format, and bytes are Base64.
    public static let dataEncoding = Self(rawValue: "data-encoding")
    /// The content type of a message says its content mode, and in structured mode the event format.
    public static let contentMode = Self(rawValue: "content-mode")
    /// The content type of the data travels as the message's own, and nowhere else.
    public static let contentTypeHeader = Self(rawValue: "content-type-header")
    /// The value of a header is percent-encoded UTF-8.
    public static let percentEncoding = Self(rawValue: "percent-encoding")
    /// The value of a header is UTF-8.
    public static let headerText = Self(rawValue: "header-text")

    private static let statements: [CloudEventRule: String] = [
        .requiredAttribute: "CloudEvents 1.0.2, REQUIRED Attributes: MUST be a non-empty string",
        .nonEmptyAttribute: "CloudEvents 1.0.2, OPTIONAL Attributes: if present, MUST be non-empty",
        .specVersion: "CloudEvents 1.0.2, specversion: MUST use a value of 1.0",
        .attributeName: "CloudEvents 1.0.2, Attribute Naming Convention: MUST consist of a to z and 0 to 9",
        .attributeNameLength: "CloudEvents 1.0.2, Attribute Naming Convention: SHOULD NOT exceed 20 characters",
        .extensionName: "CloudEvents 1.0.2, Extension Context Attributes: additional attributes with distinct names",
        .distinctAttributes: "protocol bindings 1.0.2, metadata headers: attributes MUST be mapped to distinct headers",
        .attributeType: "CloudEvents 1.0.2, Type System: values MUST be of one of the types listed",
        .stringCharacters:
            "CloudEvents 1.0.2, Type System, String: control characters and noncharacters are disallowed",
        .boolean: "CloudEvents 1.0.2, Type System, Boolean: true or false",
        .integer: "CloudEvents 1.0.2, Type System, Integer: -2,147,483,648 to +2,147,483,647",
        .binary: "CloudEvents 1.0.2, Type System, Binary: Base64 by RFC 4648",
        .uri: "CloudEvents 1.0.2, Type System, URI: RFC 3986, section 4.3",
        .uriReference: "CloudEvents 1.0.2, Type System, URI-reference: RFC 3986, section 4.1",
        .timestamp: "CloudEvents 1.0.2, Type System, Timestamp: RFC 3339",
        .mediaType: "CloudEvents 1.0.2, datacontenttype: MUST adhere to RFC 2046",
        .jsonEnvelope: "JSON Event Format 1.0.2, section 3: an event is a JSON object",
        .jsonBatch: "JSON Event Format 1.0.2, section 4: a batch is a JSON array of events",
        .oneData: "JSON Event Format 1.0.2, section 3.1.1: data and data_base64 are mutually exclusive",
        .dataEncoding: "JSON Event Format 1.0.2, section 3.1: data by its content type, data_base64 in Base64",
        .contentMode: "protocol bindings 1.0.2, section 3: the content type tells the content mode",
        .contentTypeHeader: "protocol bindings 1.0.2, section 3.1.1: content-type is the event's datacontenttype",
        .percentEncoding: "HTTP Protocol Binding 1.0.2, section 3.1.3.2: header values are percent-encoded UTF-8",
        .headerText: "protocol bindings 1.0.2, metadata headers: names and values are UTF-8",
    ]
}
