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
