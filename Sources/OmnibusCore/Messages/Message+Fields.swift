// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

extension Message {
    /// The name of the kind of event; the topic's text unless another was set.
    public var type: EventType {
        get { self.extras?.fields.type ?? EventType(rawValue: self.topic.name) }
        set {
            let type = newValue.rawValue == self.topic.name ? nil : newValue
            if type == nil, self.extras == nil { return }
            self.changeFields { $0.type = type }
        }
    }

    /// Where the message comes from, such as `omnibus/agent-7`; the bus fills in its own where there is none.
    public var source: String? {
        get { self.extras?.fields.source }
        set { self.changeFields { $0.source = newValue } }
    }

    /// What the message is about, within its source; the key of messages that have none.
    public var subject: String? {
        get { self.extras?.fields.subject }
        set { self.changeFields { $0.subject = newValue } }
    }

    /// The media type of the payload, such as `application/json`; by default what the payload says of itself.
    public var contentType: String? {
        get { self.extras?.fields.contentType ?? self.payload.contentType }
        set { self.changeFields { $0.contentType = newValue } }
    }

    /// The address of the payload's schema, a URI.
    public var dataSchema: String? {
        get { self.extras?.fields.dataSchema }
        set { self.changeFields { $0.dataSchema = newValue } }
    }

    /// The message's place among those of its source, as the source counts them.
    public var sequence: String? {
        get { self.extras?.fields.sequence }
        set { self.changeFields { $0.sequence = newValue } }
    }

    /// Names and values for whoever reads the message.
    public var headers: MessageHeaders {
        get { self.extras?.fields.headers ?? MessageHeaders() }
        set { self.changeFields { $0.headers = newValue } }
    }

    /// The time that the publisher gave; ``acceptedAt`` is the broker's.
    public var createdAt: Timestamp? {
        get { self.extras?.fields.createdAt }
        set { self.changeFields { $0.createdAt = newValue } }
    }

    /// What all messages of one piece of work have in common: the id of its first message, this one's own if not set.
    public var correlationID: MessageID {
        get { self.extras?.fields.correlationID ?? self.id }
        set { self.changeFields { $0.correlationID = newValue.isAssigned ? newValue : nil } }
    }

    /// The correlation id that was set, if any.
    package var storedCorrelationID: MessageID? { self.extras?.fields.correlationID }

    /// The id of the message whose handling published this one.
    public var causationID: MessageID? {
        get { self.extras?.fields.causationID }
        set { self.changeFields { $0.causationID = newValue?.isAssigned == true ? newValue : nil } }
    }

    /// The topic on which an answer is expected.
    public var replyTo: Topic? {
        get { self.extras?.fields.replyTo }
        set { self.changeFields { $0.replyTo = newValue } }
    }

    /// The trace that the message belongs to (W3C Trace Context).
    ///
    /// Where none was set it follows from the id, at no cost until it is asked for: the trace id is the id's 128 bits,
    /// or a mix of its text. So it is the same for whoever looks, and a new trace begins with each such message.
    public var traceContext: TraceContext {
        get { self.extras?.fields.traceContext ?? self.derivedTraceContext }
        set { self.changeFields { $0.traceContext = newValue } }
    }

    /// The trace context that was set, if any.
    package var storedTraceContext: TraceContext? {
        get { self.extras?.fields.traceContext }
        set { self.changeFields { $0.traceContext = newValue } }
    }

    /// The span that the trace context's span is part of: 16 hexadecimal digits.
    public var parentSpanID: String? {
        get { self.extras?.fields.parentSpanID }
        set { self.changeFields { $0.parentSpanID = newValue } }
    }

    /// How long the message is worth handling, from the time at which it is accepted; nil means for ever.
    ///
    /// It is more than zero and at most ``maximumTimeToLive``; ``validate()`` refuses any other.
    public var timeToLive: Duration? {
        get { self.extras?.fields.timeToLive }
        set {
            self.changeFields { fields in
                fields.timeToLive = newValue
                fields.endsAt = nil
            }
        }
    }

    /// The longest time to live that a message can have: 10,000 years, more than from the first timestamp to the last.
    public static let maximumTimeToLive: Duration = .seconds(315_576_000_000)

    /// The time from which the message is not worth handling: acceptance and time to live; nil if one is missing.
    public var expiresAt: Timestamp? {
        guard let timeToLive = self.timeToLive, let acceptedAt = self.acceptedAt else { return nil }
        return acceptedAt.advanced(by: timeToLive)
    }

    /// Who vouches for the message, with the signature; nil for nobody.
    public var authentication: AuthMetadata? {
        get { self.extras?.fields.authentication }
        set { self.changeFields { $0.authentication = newValue } }
    }
}
