// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents
import OmnibusJSON

extension Message {
    /// Creates a message from a CloudEvent, as ``cloudEvent()`` writes it or as another system does.
    ///
    /// Without a topic, it is the event's `omnibustopic`, or the event's type where that can be a topic. Extensions
    /// that have no field become headers of the same name; a few names that stand for fields here get `ce-` in front of
    /// them, and lose it on the way back. An `expirytime` becomes a time to live from the event's time. A `traceparent`
    /// that is not valid is ignored, as W3C Trace Context asks.
    ///
    /// - Throws: `.invalidTopic` if there is no topic; `.invalidMessage` or `.invalidHeader`, naming the attribute, if
    ///   one that begins with `omnibus` does not say what it should.
    public init(_ event: CloudEvent, topic: Topic? = nil) throws(OmnibusError) {
        var rest = event.extensions
        func take(_ attribute: CloudEventAttribute) -> String? {
            guard let text = rest.removeValue(forKey: attribute.rawValue)?.canonicalText else { return nil }
            return text.isEmpty ? nil : text
        }
        let carried = take(.topic)
        // Not with `??`, which does not hand on the type of an error.
        let ownTopic = if let topic { topic } else { try Self.topic(of: event, carried: carried) }
        self.init(topic: ownTopic, payload: Payload(event.data, contentType: event.dataContentType))
        self.id = MessageID(event.id)
        self.acceptedAt = event.time
        self.key = take(.partitionKey)
        self.type = EventType(event.type)
        if let source = take(.source) {
            self.source = source
        } else if !CloudEventAttribute.isUnnamed(event.source) {
            self.source = event.source
        }
        if let subject = event.subject { self.subject = subject }
        if let type = take(.contentType) ?? event.dataContentType, type != self.payload.contentType {
            self.contentType = type
        }
        if let schema = take(.dataSchema) ?? event.dataSchema { self.dataSchema = schema }
        if let text = take(.correlationID) { self.correlationID = MessageID(text) }
        if let text = take(.causationID) { self.causationID = MessageID(text) }
        if let text = take(.sequence) { self.sequence = text }
        if let text = take(.priority) { self.priority = try Self.priority(text, of: event) }
        if let text = take(.replyTo) { self.replyTo = try Self.topic(text, .replyTo, of: event) }
        if let text = take(.parentSpanID) { self.parentSpanID = text }
        if let text = take(.createdAt) { self.createdAt = try Self.time(text, .createdAt, of: event) }
        let traceState = take(.traceState) ?? ""
        if let text = take(.traceParent), let context = try? TraceContext(traceparent: text, tracestate: traceState) {
            self.traceContext = context
        }
        try self.readTimeToLive(&rest, of: event)
        try self.readAuthentication(&rest, of: event)
        try self.readHeaders(&rest, of: event)
    }

    private mutating func readTimeToLive(
        _ rest: inout [String: CloudEventAttributeValue],
        of event: CloudEvent
    ) throws(OmnibusError) {
        if let value = rest.removeValue(forKey: CloudEventAttribute.timeToLive.rawValue) {
            guard let text = value.stringValue, let duration = Duration(decimalText: text), duration > .zero,
                duration <= Self.maximumTimeToLive
            else {
                throw Self.wrong(.timeToLive, of: event, "is not a number of seconds above zero, up to 10,000 years")
            }
            self.timeToLive = duration
            rest.removeValue(forKey: CloudEventAttribute.expiryTime.rawValue)
            return
        }
        // Where a time to live cannot be told, the attribute stays, to become a header.
        guard let time = event.time, let value = rest[CloudEventAttribute.expiryTime.rawValue],
            let expiresAt = value.timestampValue ?? value.stringValue.flatMap({ Timestamp($0) })
        else { return }
        rest.removeValue(forKey: CloudEventAttribute.expiryTime.rawValue)
        // One that is over already is kept as the shortest there is.
        self.timeToLive = max(time.duration(to: expiresAt), .nanoseconds(1))
    }

    private mutating func readAuthentication(
        _ rest: inout [String: CloudEventAttributeValue],
        of event: CloudEvent
    ) throws(OmnibusError) {
        let issuer = rest.removeValue(forKey: CloudEventAttribute.issuer.rawValue)
        let clientID = rest.removeValue(forKey: CloudEventAttribute.clientID.rawValue)
        let signature = rest.removeValue(forKey: CloudEventAttribute.signature.rawValue)
        let signedAt = rest.removeValue(forKey: CloudEventAttribute.signedAt.rawValue)
        guard let signature else { return }
        let bytes: [UInt8]?
        switch signature {
        case .binary(let binary): bytes = binary
        case .string(let text): bytes = Base64.decode(text)
        default: bytes = nil
        }
        guard let bytes else { throw Self.wrong(.signature, of: event, "is not bytes") }
        guard let signedAt else { throw Self.wrong(.signedAt, of: event, "is missing") }
        self.authentication = AuthMetadata(
            issuer: issuer?.stringValue ?? "",
            clientID: clientID?.stringValue ?? "",
            signature: bytes,
            timestamp: try Self.time(signedAt.canonicalText, .signedAt, of: event)
        )
    }

    private mutating func readHeaders(
        _ rest: inout [String: CloudEventAttributeValue],
        of event: CloudEvent
    ) throws(OmnibusError) {
        var headers = MessageHeaders()
        if let value = rest.removeValue(forKey: CloudEventAttribute.headers.rawValue) {
            guard let text = value.stringValue, let json = try? JSONValue(parsing: text),
                case .object(let members) = json
            else {
                throw Self.wrong(.headers, of: event, "is not a JSON object")
            }
            for member in members {
                guard let value = HeaderValue(json: member.value) else {
                    throw Self.wrong(.headers, of: event, "has a value of no header's kind")
                }
                if member.name == CloudEventAttribute.retryCount, let count = value.integer.flatMap(Int.init(exactly:))
                {
                    headers.setRetryCount(max(count, 0))
                } else {
                    try headers.set(value, for: member.name)
                }
            }
        }
        try self.readTypes(&rest, of: event)
        let count = headers.count + rest.count
        guard count <= MessageHeaders.maximumCount else {
            throw OmnibusError(.invalidHeader, HeaderRules.tooMany(count), advice: .deadLetter)
        }
        var types: [String: CloudEventAttributeType] = [:]
        for (name, value) in rest.sorted(by: { $0.key < $1.key }) {
            let name = CloudEventAttribute.headerName(of: name)
            headers.put(HeaderValue(value), for: name)
            switch value {
            case .uri, .uriReference, .timestamp: types[name] = value.type
            case .boolean, .integer, .string, .binary: break
            }
        }
        if !headers.isBlank { self.headers = headers }
        if !types.isEmpty { self.changeFields { $0.attributeTypes = types } }
    }

    /// Gives headers their types back, which a format of texts has taken.
    private func readTypes(
        _ rest: inout [String: CloudEventAttributeValue],
        of event: CloudEvent
    ) throws(OmnibusError) {
        guard let value = rest.removeValue(forKey: CloudEventAttribute.headerTypes.rawValue) else { return }
        guard let text = value.stringValue, case .object(let types)? = try? JSONValue(parsing: text) else {
            throw Self.wrong(.headerTypes, of: event, "is not a JSON object")
        }
        for member in types {
            guard case .string(let text)? = rest[member.name] else { continue }
            guard let type = member.value.stringValue.flatMap({ CloudEventAttributeType(rawValue: $0) }),
                let typed = try? CloudEventAttributeValue(canonicalText: text, type: type)
            else {
                throw Self.wrong(.headerTypes, of: event, "names a type that a header does not have")
            }
            rest[member.name] = typed
        }
    }

    private static func topic(of event: CloudEvent, carried: String?) throws(OmnibusError) -> Topic {
        if let carried { return try self.topic(carried, .topic, of: event) }
        do throws(OmnibusError) {
            return try Topic(validating: event.type)
        } catch {
            throw OmnibusError(
                .invalidTopic,
                "the event \(HeaderRules.quoted(event.id)) carries no topic, and its type is none; name the topic to "
                    + "publish it to, or set its extension \(CloudEventAttribute.topic.rawValue)",
                cause: error
            )
        }
    }

    private static func topic(
        _ name: String,
        _ attribute: CloudEventAttribute,
        of event: CloudEvent
    ) throws(OmnibusError) -> Topic {
        do throws(OmnibusError) {
            return try Topic(validating: name)
        } catch {
            throw self.wrong(attribute, of: event, "is not a topic", code: .invalidTopic, cause: error)
        }
    }

    private static func priority(_ name: String, of event: CloudEvent) throws(OmnibusError) -> Priority {
        guard let priority = Priority(name: name) else {
            throw self.wrong(.priority, of: event, "is not low, normal, high or critical")
        }
        return priority
    }

    private static func time(
        _ text: String,
        _ attribute: CloudEventAttribute,
        of event: CloudEvent
    ) throws(OmnibusError) -> Timestamp {
        guard let time = Timestamp(text) else { throw self.wrong(attribute, of: event, "is not a time (RFC 3339)") }
        return time
    }

    private static func wrong(
        _ attribute: CloudEventAttribute,
        of event: CloudEvent,
        _ what: String,
        code: OmnibusError.Code = .invalidMessage,
        cause: (any Error)? = nil
    ) -> OmnibusError {
        OmnibusError(
            code,
            """
            the attribute \(attribute.rawValue) of the event \(HeaderRules.quoted(event.id)) \(what); \
            repair it or leave it out
            """,
            advice: .deadLetter,
            cause: cause
        )
    }
}

extension Payload {
    /// The data of an event, in the form in which it was given; text as its bytes, none as no bytes.
    fileprivate init(_ data: CloudEventData?, contentType: String?) {
        switch data {
        // Without a content type, a text is a JSON string.
        case .text(let text) where contentType == nil: self.init(json: .string(text))
        case .json(let value): self.init(json: value)
        case .text(let text): self.init(bytes: text.utf8)
        case .bytes(let bytes): self.init(bytes: bytes)
        case nil: self = .empty
        }
    }
}
