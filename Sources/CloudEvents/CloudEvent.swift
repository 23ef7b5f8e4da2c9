// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// An event in the envelope that CloudEvents 1.0 defines.
///
/// An event is valid from its creation on: attributes that every event has are there, and no text has characters that
/// the specification forbids. Two events are about the same occurrence when their `source` and `id` are equal; `==`
/// compares everything.
///
/// It is deliberately not `Codable`: an event is written in a format of its own, not as a payload.
public struct CloudEvent: Sendable, Hashable {
    /// The version of the CloudEvents specification that every event here follows: `1.0`.
    public static let specversion: String = "1.0"

    /// What tells this event from others of the same source.
    public let id: String
    /// Where it happened, a URI reference.
    public let source: String
    /// The kind of event, a name such as `com.example.order.created`.
    public let type: String
    /// What within the source it is about.
    public let subject: String?
    /// The point in time at which the event happened; nil where that is unknown.
    public var time: Timestamp?
    /// The media type of the data.
    public let dataContentType: String?
    /// The URI of the schema that the data adheres to.
    public let dataSchema: String?
    /// The event's data, in the form in which it was given; nil where there is none.
    public var data: CloudEventData?
    /// All other attributes, by name.
    public private(set) var extensions: [String: CloudEventAttributeValue]

    /// The version of the specification: `1.0`.
    public var specversion: String { Self.specversion }

    /// Creates an event from its attributes and data, checking them all.
    ///
    /// Throws a `CloudEventError` that names the attribute and the rule when a required one is empty, an optional one is
    /// given but empty, a text has control characters or Unicode noncharacters, the source is no URI reference, the
    /// schema no URI, the content type no media type, or an extension's name is not made of the letters a to z and
    /// digits or is that of an attribute of the specification.
    public init(
        id: String,
        source: String,
        type: String,
        subject: String? = nil,
        time: Timestamp? = nil,
        dataContentType: String? = nil,
        dataSchema: String? = nil,
        data: CloudEventData? = nil,
        extensions: [String: CloudEventAttributeValue] = [:]
    ) throws(CloudEventError) {
        try Self.check(required: id, named: "id")
        try Self.check(source: source)
        try Self.check(required: type, named: "type")
        try Self.check(optional: subject, named: "subject")
        try Self.check(dataContentType: dataContentType)
        try Self.check(dataSchema: dataSchema)
        for (name, value) in extensions { try Self.check(extension: value, named: name) }
        self.id = id
        self.source = source
        self.type = type
        self.subject = subject
        self.time = time
        self.dataContentType = dataContentType
        self.dataSchema = dataSchema
        self.data = data
        self.extensions = extensions
    }

    /// Adds or replaces an extension attribute, or removes it when the value is nil.
    ///
    /// Throws a `CloudEventError`, and changes nothing, when the name or the value is not valid.
    public mutating func setExtension(
        _ name: String,
        to value: CloudEventAttributeValue?
    ) throws(CloudEventError) {
        if let value { try Self.check(extension: value, named: name) }
        self.extensions[name] = value
    }
}
