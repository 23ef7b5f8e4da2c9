// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents
import OmnibusJSON

// id, source, type, subject, content type, schema and the time of acceptance are attributes of the specification. What
// else a message has becomes extensions, listed in `CloudEventAttribute`: those that others use under their names, the
// rest under names that begin with `omnibus`. A header whose name and type an attribute can have becomes
// an extension as it is, with its type in `omnibusheadertypes` unless that is string; all others are in `omnibusheaders`, a JSON object: text, integers, doubles (always with a
// fraction or an exponent) and booleans as such, bytes as {"base64": …}.

extension Message {
    /// Returns the message as a CloudEvent, from which ``init(_:topic:)`` makes an equal message again.
    ///
    /// A typed payload is encoded. A message without a source gets `urn:omnibus:unnamed` in its place; one whose source
    /// is this very text, or no URI reference, has it in `omnibussource`. A content type that is no media type, or an event's, and a
    /// schema that is no URI are in `omnibuscontenttype` and `omnibusdataschema`.
    ///
    /// - Throws: `.invalidMessage` if the message has no id yet or has what no attribute can hold, such as control
    ///   characters; `.unencodable` if the payload cannot be encoded.
    public func cloudEvent() throws(OmnibusError) -> CloudEvent {
        guard self.hasID else {
            throw OmnibusError(
                .invalidMessage,
                "the message for \(self.topic) has no id, which a CloudEvent must have: set message.id, or publish it"
            )
        }
        let data = try self.cloudEventData(
            contentType: self.contentType.flatMap { Self.isDataContentType($0) ? $0 : nil }
        )
        do throws(CloudEventError) {
            return try CloudEvent(
                id: self.id.description,
                source: self.source.flatMap { Self.isOwn($0) ? nil : $0 } ?? CloudEventAttribute.unnamedSource,
                type: self.type.rawValue,
                subject: self.subject,
                time: self.acceptedAt,
                dataContentType: self.contentType.flatMap { Self.isDataContentType($0) ? $0 : nil },
                dataSchema: self.dataSchema.flatMap { CloudEvent.isDataSchema($0) ? $0 : nil },
                data: data,
                extensions: self.cloudEventExtensions
            )
        } catch {
            throw OmnibusError(
                .invalidMessage,
                "the message for \(self.topic) cannot be written as a CloudEvent; see the cause",
                advice: .deadLetter,
                cause: error
            )
        }
    }

    /// Whether a source has to be in an attribute of its own.
    private static func isOwn(_ source: String) -> Bool {
        !source.isEmpty && (CloudEventAttribute.isUnnamed(source) || !CloudEvent.isSource(source))
    }

    /// Whether a content type can be the data's in every binding: most of them could not tell that of an event from a
    /// message that is one.
    private static func isDataContentType(_ type: String) -> Bool {
        CloudEvent.isDataContentType(type) && !CloudEvent.isEnvelopeType(type)
    }

    /// The payload as the content type says it, where the very bytes come back from that.
    private func cloudEventData(contentType: String?) throws(OmnibusError) -> CloudEventData? {
        if case .json(let value) = self.payload.storage { return .json(value) }
        let bytes = try self.payload.bytes()
        return bytes.isEmpty ? nil : CloudEventData(exactly: bytes, contentType: contentType)
    }

    private var cloudEventExtensions: [String: CloudEventAttributeValue] {
        var result: [String: CloudEventAttributeValue] = [:]
        func put(_ value: CloudEventAttributeValue?, _ attribute: CloudEventAttribute) {
            if let value { result[attribute.rawValue] = value }
        }
        func put(_ text: String?, _ attribute: CloudEventAttribute) {
            if let text { result[attribute.rawValue] = .string(text) }
        }
        if self.type.rawValue != self.topic.name { put(self.topic.name, .topic) }
        put(self.key, .partitionKey)
        if self.priority != .normal { put(self.priority.name, .priority) }
        if let type = self.contentType, !Self.isDataContentType(type) { put(type, .contentType) }
        guard let fields = self.extras?.fields else { return result }
        if let source = fields.source, Self.isOwn(source) { put(source, .source) }
        if let schema = fields.dataSchema, !CloudEvent.isDataSchema(schema) { put(schema, .dataSchema) }
        put(fields.correlationID?.description, .correlationID)
        put(fields.causationID?.description, .causationID)
        put(fields.sequence, .sequence)
        put(fields.replyTo?.name, .replyTo)
        put(fields.createdAt.map { .timestamp($0) }, .createdAt)
        put(fields.parentSpanID, .parentSpanID)
        if let context = fields.traceContext {
            put(context.traceparent, .traceParent)
            if !context.tracestate.isEmpty { put(context.tracestate, .traceState) }
        }
        if let timeToLive = fields.timeToLive {
            let expiresAt = self.expiresAt
            put(expiresAt.map { .timestamp($0) }, .expiryTime)
            // What is finer than a nanosecond, or ends after the last year that can be written, needs its own text.
            if expiresAt == nil || expiresAt.flatMap({ self.acceptedAt?.duration(to: $0) }) != timeToLive {
                put(timeToLive.decimalText, .timeToLive)
            }
        }
        if let authentication = fields.authentication {
            put(authentication.issuer, .issuer)
            put(authentication.clientID, .clientID)
            put(.binary(authentication.signature), .signature)
            put(.timestamp(authentication.timestamp), .signedAt)
        }
        self.putHeaders(fields, into: &result)
        return result
    }

    private func putHeaders(_ fields: MessageFields, into result: inout [String: CloudEventAttributeValue]) {
        let headers = fields.headers
        var others = JSONObject()
        var types = JSONObject()
        let keepsExpiryTime = self.acceptedAt == nil && self.timeToLive == nil
        for header in headers {
            if let name = CloudEventAttribute.name(ofHeader: header.name, keepsExpiryTime: keepsExpiryTime),
                let value = header.value.attributeValue(fields.attributeTypes[header.name])
            {
                result[name] = value
                if value.type != .string { types[name] = .string(value.type.rawValue) }
            } else {
                others[header.name] = header.value.json
            }
        }
        if headers.retryCount > 0 { others[CloudEventAttribute.retryCount] = JSONValue(headers.retryCount) }
        for (attribute, members) in [(CloudEventAttribute.headers, others), (.headerTypes, types)]
        where !members.isEmpty {
            // Nothing in them is deep or infinite, so that writing them does not fail.
            if let text = try? JSONValue.object(members).text() { result[attribute.rawValue] = .string(text) }
        }
    }
}

extension HeaderValue {
    /// The value as that of an attribute; a text that was one of another type is of that type again.
    fileprivate func attributeValue(_ type: CloudEventAttributeType?) -> CloudEventAttributeValue? {
        if let type, case .text(let text) = self,
            let value = try? CloudEventAttributeValue(canonicalText: text, type: type),
            ExactText.isSame(value.canonicalText, text)
        {
            return value
        }
        return self.attributeValue
    }

    /// The value as a JSON value that ``init(json:)`` reads.
    fileprivate var json: JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .integer(let integer): .integer(integer)
        case .double(let double): double.isFinite ? .number(double) : .string(double.description)
        case .boolean(let boolean): .bool(boolean)
        case .bytes(let bytes): ["base64": .string(Base64.encode(bytes))]
        }
    }

    /// Reads a value as the JSON object of the attribute `omnibusheaders` has it; nil if it is none.
    init?(json: JSONValue) {
        switch json {
        case .string(let text): self = .text(text)
        case .integer(let integer): self = .integer(integer)
        case .number(let double): self = .double(double)
        case .bool(let boolean): self = .boolean(boolean)
        case .object(let object):
            guard object.count == 1, case .string(let text) = object["base64"], let bytes = Base64.decode(text) else {
                return nil
            }
            self = .bytes(bytes)
        case .decimal(let decimal):
            guard let double = decimal.doubleValue else { return nil }
            self = .double(double)
        case .null, .array: return nil
        }
    }
}

extension Duration {
    /// The duration in seconds, as a decimal number without loss; as much as a time to live may be where it is longer.
    package var decimalText: String {
        let (seconds, attoseconds) = self.clamped(to: Message.maximumTimeToLive).components
        let fraction = String(attoseconds.magnitude)
        let sign = seconds < 0 || attoseconds < 0 ? "-" : ""
        guard attoseconds != 0 else { return "\(seconds)" }
        return "\(sign)\(seconds.magnitude)." + String(repeating: "0", count: 18 - fraction.utf8.count) + fraction
    }

    /// Reads what ``decimalText`` writes for durations above zero; nil for anything else.
    package init?(decimalText text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = parts.first, let seconds = Int64(whole), seconds >= 0, parts.count <= 2 else { return nil }
        var attoseconds: Int64 = 0
        if parts.count == 2 {
            guard parts[1].utf8.count == 18, let fraction = Int64(parts[1]), fraction >= 0 else { return nil }
            attoseconds = fraction
        }
        self.init(secondsComponent: seconds, attosecondsComponent: attoseconds)
    }
}
