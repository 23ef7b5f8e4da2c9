// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON

/// What the bindings leave to whoever writes a message.
public struct ProtocolWritingOptions: Sendable, Hashable {
    /// Whether Kafka's binary mode says the data's content type in `ce_datacontenttype` too; off by default.
    ///
    /// The binding has it in `content-type` alone; some consumers look for the other.
    public var repeatsDataContentType: Bool
    /// Whether the extension `partitionkey` becomes the key of a Kafka record as well; off by default.
    public var mapsPartitionKey: Bool

    /// Creates options; both are off unless told.
    public init(repeatsDataContentType: Bool = false, mapsPartitionKey: Bool = false) {
        self.repeatsDataContentType = repeatsDataContentType
        self.mapsPartitionKey = mapsPartitionKey
    }
}

extension ProtocolBinding {
    /// Returns the message that carries an event; in batched mode, which HTTP alone has, a batch of one.
    ///
    /// Timestamps are texts in AMQP too, since its own type ends at the millisecond. Throws a `CloudEventError` where
    /// data cannot be written, for batched mode where the protocol has none, and for binary mode where the data's content
    /// type is that of an event, or names for a text a charset that is not UTF-8.
    public func write(
        _ event: CloudEvent,
        mode: ContentMode = .binary,
        options: ProtocolWritingOptions = ProtocolWritingOptions()
    ) throws(CloudEventError) -> ProtocolMessage {
        var message: ProtocolMessage
        switch mode {
        case .binary: message = try self.binary(event, options)
        case .structured:
            message = Self.structured(CloudEventJSONFormat.mediaType, try CloudEventJSONFormat.write(event))
        case .batched: message = try self.writeBatch([event])
        }
        if self == .kafka, options.mapsPartitionKey { message.key = event.extensions["partitionkey"]?.canonicalText }
        return message
    }

    /// Returns the message that carries a batch of events, in order; HTTP alone has batched mode.
    public func writeBatch(_ events: some Sequence<CloudEvent>) throws(CloudEventError) -> ProtocolMessage {
        guard self == .http else { throw self.noBatch }
        return Self.structured(CloudEventJSONFormat.batchMediaType, try CloudEventJSONFormat.writeBatch(events))
    }

    var noBatch: CloudEventError {
        CloudEventError(
            .invalidContentType,
            attribute: "datacontenttype",
            rule: .contentMode,
            found: "batched mode in \(self.rawValue)",
            expected: "binary or structured mode"
        )
    }

    private static func structured(_ mediaType: String, _ body: [UInt8]) -> ProtocolMessage {
        ProtocolMessage(headers: [.init(name: Self.contentType, value: .string(mediaType))], body: body)
    }

    private func binary(
        _ event: CloudEvent,
        _ options: ProtocolWritingOptions
    ) throws(CloudEventError) -> ProtocolMessage {
        var message = ProtocolMessage()
        func put(_ name: String, _ value: CloudEventAttributeValue?) {
            if let value { message.headers.append(.init(name: self.prefix + name, value: self.written(value))) }
        }
        let content = try BinaryContent(of: event)
        // A reader would take the data for the event. NATS says the data's content type elsewhere.
        if self != .nats, let type = content.type, CloudEvent.isEnvelopeType(type) {
            throw CloudEventError(
                .invalidContentType,
                attribute: "datacontenttype",
                rule: .contentMode,
                found: "\(CloudEventError.quoted(type)), which says that the body is an event",
                expected: "structured mode for data that is an event itself"
            )
        }
        let contentType = content.type.map { CloudEventAttributeValue.string($0) }
        put("specversion", .string(event.specversion))
        put("id", .string(event.id))
        put("source", .string(event.source))
        put("type", .string(event.type))
        put("time", event.time.map { .timestamp($0) })
        if self == .nats || (self == .kafka && options.repeatsDataContentType) { put("datacontenttype", contentType) }
        put("subject", event.subject.map { .string($0) })
        put("dataschema", event.dataSchema.map { .string($0) })
        for (name, value) in event.extensions.sorted(by: { $0.key < $1.key }) { put(name, value) }
        if self != .nats, let contentType {
            message.headers.append(.init(name: Self.contentType, value: contentType))
        }
        message.body = content.body
        return message
    }

    /// A value as the protocol has it.
    private func written(_ value: CloudEventAttributeValue) -> CloudEventAttributeValue {
        switch value {
        case .boolean, .integer, .binary:
            if self == .amqp { return value }
        case .string, .uri, .uriReference, .timestamp: break
        }
        let text = value.canonicalText
        return .string(self.isPercentEncoded ? PercentEncoding.encode(text) : text)
    }
}

/// The data of an event as the body of binary mode, and its content type.
private struct BinaryContent {
    var body: [UInt8] = []
    var type: String?

    init(of event: CloudEvent) throws(CloudEventError) {
        self.type = event.dataContentType
        switch event.data {
        case .json(let value):
            self.body = try CloudEventJSONFormat.bytes(of: value)
            // Without a content type the data is JSON, and has to say so outside of the JSON format.
            self.type = self.type ?? "application/json"
        case .text(let text):
            if self.type == nil {
                self.body = try CloudEventJSONFormat.bytes(of: .string(text))
                self.type = "application/json"
            } else {
                try Self.check(charsetOf: self.type)
                self.body = Array(text.utf8)
            }
        case .bytes(let bytes): self.body = bytes
        case nil: break
        }
    }

    /// A text becomes UTF-8; under another name its readers would take it for other characters.
    private static func check(charsetOf type: String?) throws(CloudEventError) {
        guard let type, let media = MediaType(type), !media.isUTF8 else { return }
        throw CloudEventError(
            .invalidContentType,
            attribute: "datacontenttype",
            rule: .dataEncoding,
            found: "\(CloudEventError.quoted(type)) for a text",
            expected: "the charset utf-8, or the bytes of the text in its charset as data"
        )
    }
}
