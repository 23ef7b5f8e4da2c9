// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents
public import FoundationEssentials

extension CloudEvent {
    /// Creates an event whose id is a UUID and whose source is a URL.
    ///
    /// The UUID is written in lower case, as RFC 9562 asks. Throws a `CloudEventError` as the other initialiser does.
    public init(
        id: UUID = UUID(),
        source: URL,
        type: String,
        subject: String? = nil,
        time: Timestamp? = nil,
        dataContentType: String? = nil,
        dataSchema: URL? = nil,
        data: CloudEventData? = nil,
        extensions: [String: CloudEventAttributeValue] = [:]
    ) throws(CloudEventError) {
        try self.init(
            id: id.uuidString.lowercased(),
            source: source.absoluteString,
            type: type,
            subject: subject,
            time: time,
            dataContentType: dataContentType,
            dataSchema: dataSchema?.absoluteString,
            data: data,
            extensions: extensions
        )
    }

    /// The source as a URL, if it can be one.
    public var sourceURL: URL? { URL(string: self.source) }

    /// The URI of the data's schema as a URL, if there is one and it can be one.
    public var dataSchemaURL: URL? { self.dataSchema.flatMap { URL(string: $0) } }

    /// The id as a UUID, if it is one.
    public var uuid: UUID? { UUID(uuidString: self.id) }
}

extension CloudEventAttributeValue {
    /// Creates the attribute value of a URL.
    public init(_ url: URL) {
        self = url.scheme == nil ? .uriReference(url.absoluteString) : .uri(url.absoluteString)
    }

    /// Creates the attribute value of a date.
    public init(_ date: Date) {
        self = .timestamp(Timestamp(date))
    }

    /// The URL, if this is a text that can be one.
    public var urlValue: URL? { self.stringValue.flatMap { URL(string: $0) } }
}

extension CloudEvent {
    /// Creates an event whose data is a value in JSON, whose id is a UUID and whose source is a URL.
    ///
    /// Throws what the value's encoding throws, or a `CloudEventError` as the other initialiser does.
    public init(
        id: UUID = UUID(),
        source: URL,
        type: String,
        subject: String? = nil,
        date: Date? = nil,
        dataSchema: URL? = nil,
        extensions: [String: CloudEventAttributeValue] = [:],
        payload: some Encodable,
        codec: some PayloadCodec = JSONCodec()
    ) throws {
        try self.init(
            id: id.uuidString.lowercased(),
            source: source.absoluteString,
            type: type,
            subject: subject,
            time: date.map { Timestamp($0) },
            dataSchema: dataSchema?.absoluteString,
            extensions: extensions,
            payload: payload,
            codec: codec
        )
    }

    /// Returns the data, which is JSON, as a value; throws what decoding throws.
    public func payload<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try self.payload(type, codec: JSONCodec())
    }

    /// The point in time at which the event happened, to what a `Date` distinguishes; nil where that is unknown.
    public var date: Date? {
        get { self.time?.date }
        set { self.time = newValue.map { Timestamp($0) } }
    }

    /// When the event is of no use any more, by the extension `expirytime`.
    public var expiryDate: Date? { self.expiryTime?.date }

    /// Where the data is stored, by the extension `dataref`, if it can be a URL.
    public var dataRefURL: URL? { self.dataRef.flatMap { URL(string: $0) } }
}
