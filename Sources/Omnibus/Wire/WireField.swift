// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A part of a message that a document may have no member for; it travels as text in a map of the document's.
enum WireField: String, CaseIterable {
    case topic = "omnibus_topic"
    case type = "omnibus_type"
    case source = "omnibus_source"
    case key = "omnibus_key"
    case subject = "omnibus_subject"
    case contentType = "omnibus_content_type"
    case dataSchema = "omnibus_data_schema"
    case sequence = "omnibus_sequence"
    case causationID = "omnibus_causation_id"
    case replyTo = "omnibus_reply_to"
    case priority = "omnibus_priority"
    case timeToLive = "omnibus_ttl_seconds"
    case traceParent = "omnibus_traceparent"
    case traceState = "omnibus_tracestate"
    case parentSpanID = "omnibus_parent_span_id"
    case acceptedAt = "omnibus_accepted_at"
    case authentication = "omnibus_auth"
    case retryCount = "omnibus_retry_count"

    /// What all names begin with.
    static let prefix = "omnibus_"
    /// Says that the document's own time is the time of acceptance, and that the publisher gave none.
    static let ownTime = "timestamp"

    /// The text of this part of a message; nil where the message has none.
    func text(of message: Message) -> String? {
        switch self {
        case .topic: message.topic.name
        case .type: message.type.rawValue == message.topic.name ? nil : message.type.rawValue
        case .source: message.source
        case .key: message.key
        case .subject: message.subject
        case .contentType: message.contentType == Payload.jsonContentType ? nil : message.contentType
        case .dataSchema: message.dataSchema
        case .sequence: message.sequence
        case .causationID: message.causationID?.description
        case .replyTo: message.replyTo?.name
        case .priority: message.priority == .normal ? nil : message.priority.name
        case .timeToLive: message.timeToLive?.decimalText
        case .traceParent: message.storedTraceContext?.traceparent
        case .traceState: message.storedTraceContext.flatMap { $0.tracestate.isEmpty ? nil : $0.tracestate }
        case .parentSpanID: message.parentSpanID
        case .acceptedAt: message.acceptedAt.map { message.createdAt == nil ? Self.ownTime : $0.description }
        case .authentication: message.authentication.flatMap(Self.text)
        case .retryCount: message.headers.retryCount > 0 ? "\(message.headers.retryCount)" : nil
        }
    }

    /// Puts a text into the part of a message; returns what is wrong with it, or nil.
    ///
    /// The trace state has to come after the trace parent, as it does in the list of all cases.
    func read(_ text: String, into message: inout Message) -> String? {
        switch self {
        case .topic: return nil  // read before there is a message
        case .type: message.type = EventType(text)
        case .source: message.source = text
        case .key: message.key = text
        case .subject: message.subject = text
        case .contentType: message.contentType = text
        case .dataSchema: message.dataSchema = text
        case .sequence: message.sequence = text
        case .causationID: message.causationID = MessageID(text)
        case .parentSpanID: message.parentSpanID = text
        case .replyTo:
            guard let topic = try? Topic(validating: text) else { return "is not a topic" }
            message.replyTo = topic
        case .priority:
            guard let priority = Priority(name: text) else { return "is not low, normal, high or critical" }
            message.priority = priority
        case .timeToLive:
            guard let duration = Duration(decimalText: text) else { return "is not a number of seconds" }
            message.timeToLive = duration
        case .traceParent:
            guard let context = try? TraceContext(traceparent: text) else { return "is not a trace parent" }
            message.traceContext = context
        case .traceState:
            guard let context = message.storedTraceContext,
                let changed = try? TraceContext(traceparent: context.traceparent, tracestate: text)
            else { return "is not a trace state, or has no trace parent beside it" }
            message.traceContext = changed
        case .acceptedAt:
            if text == Self.ownTime {
                message.acceptedAt = message.createdAt
                message.createdAt = nil
            } else {
                guard let time = Timestamp(text) else { return "is not a time" }
                message.acceptedAt = time
            }
        case .authentication:
            guard let authentication = Self.authentication(text) else { return "is not what Omnibus writes" }
            message.authentication = authentication
        case .retryCount:
            guard let count = Int(text), count >= 0 else { return "is not a whole number from 0 upwards" }
            var headers = message.headers
            headers.setRetryCount(count)
            message.headers = headers
        }
        return nil
    }

    // MARK: Authentication

    private static func text(_ authentication: AuthMetadata) -> String? {
        let value: JSONValue = [
            "issuer": .string(authentication.issuer),
            "client_id": .string(authentication.clientID),
            "signature": .string(Base64.encode(authentication.signature)),
            "timestamp": .string(authentication.timestamp.description),
        ]
        return try? value.text()
    }

    private static func authentication(_ text: String) -> AuthMetadata? {
        guard let value = try? JSONValue(parsing: text),
            let issuer = value["issuer"]?.stringValue, let clientID = value["client_id"]?.stringValue,
            let signature = value["signature"]?.stringValue.flatMap(Base64.decode),
            let timestamp = value["timestamp"]?.stringValue.flatMap({ Timestamp($0) })
        else { return nil }
        return AuthMetadata(issuer: issuer, clientID: clientID, signature: signature, timestamp: timestamp)
    }
}
