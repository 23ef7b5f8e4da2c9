// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

// The same attributes on every way: event ⇄ Message ⇄ CloudEvent. Only the bus gives ids, so a CloudEvent that is made
// without it is given one.

extension Message {
    /// Creates the message of an event, with what its envelope says beyond the event itself.
    ///
    /// `bus.publish(event)` is enough where the bus's own source is the right one and the event has its subject itself.
    ///
    /// - Parameters:
    ///   - source: where the event happens, such as `agent/worker-5`; nil takes the event's own, else the bus's.
    ///   - subject: what the event is about; nil takes the event's own.
    ///   - time: when it happened; nil takes the event's own.
    public init(
        _ event: some AgentEvent,
        source: String? = nil,
        subject: String? = nil,
        time: Timestamp? = nil
    ) {
        self.init(topic: event.eventTopic, key: event.eventKey, value: event, codec: JSONCodec())
        self.type = event.eventType
        self.priority = Swift.type(of: event).priority
        if let source = source ?? event.eventSource { self.source = source }
        if let subject = subject ?? event.eventSubject { self.subject = subject }
        if let time = time ?? event.eventTime { self.createdAt = time }
    }
}

extension AgentEvent {
    /// Returns the event as a CloudEvent; its data is the event's JSON.
    ///
    /// - Parameters:
    ///   - id: what tells the event from others of the same source.
    ///   - source: where it happens, a URI reference such as `agent/worker-5`; nil takes the event's own, else
    ///     `urn:omnibus:unnamed`.
    ///   - subject: what it is about; nil takes the event's own.
    ///   - time: when it happened; nil takes the event's own, else there is none.
    /// - Throws: ``OmnibusError`` with the code `invalidMessage` where a text cannot be in an attribute, such as an
    ///   empty id; `unencodable` for a number in the event that JSON cannot say.
    public func cloudEvent(
        id: String,
        source: String? = nil,
        subject: String? = nil,
        time: Timestamp? = nil
    ) throws(OmnibusError) -> CloudEvent {
        var message = Message(self, source: source, subject: subject)
        message.id = MessageID(id)
        message.payload = Payload(json: try self.json())
        // The time of an event that nobody has accepted is when it happened.
        message.acceptedAt = time ?? message.createdAt
        message.createdAt = nil
        return try message.cloudEvent()
    }

    /// Creates the event that a CloudEvent carries.
    ///
    /// - Throws: ``OmnibusError`` with the code `undecodable`, naming the field that is missing, of another type or
    ///   empty; `invalidMessage` where the CloudEvent has another type than this event.
    public init(_ event: CloudEvent) throws(OmnibusError) {
        let json: JSONValue
        do {
            json = try event.payload()
        } catch {
            throw OmnibusError(
                .undecodable,
                "the CloudEvent has no data that is JSON, which a '\(Self.type)' has; see the cause.",
                advice: .deadLetter,
                cause: error
            )
        }
        try self.init(json: json)
        try self.check(EventType(event.type))
    }

    /// Creates the event that a message carries, for handlers of patterns; a handler of the type gets it as it is.
    ///
    /// - Throws: ``OmnibusError`` with the code `undecodable`, naming the field that is missing, of another type or
    ///   empty; `invalidMessage` where the message has another type than this event.
    public init(_ message: Message) throws(OmnibusError) {
        if let event = message.payload.value(as: Self.self) {
            self = event
        } else {
            try self.init(json: message.payload.json())
        }
        try self.check(message.type)
    }

    private func check(_ type: EventType) throws(OmnibusError) {
        guard self.eventType != type else { return }
        throw OmnibusError(
            .invalidMessage,
            "this is a '\(type)', not a '\(self.eventType)'; read it as the event of its type.",
            advice: .deadLetter
        )
    }

    /// Creates the event from its JSON.
    ///
    /// - Throws: ``OmnibusError`` with the code `undecodable`, naming the field that is missing, of another type or
    ///   empty.
    public init(json: JSONValue) throws(OmnibusError) {
        let codec = JSONCodec()
        do {
            self = try codec.decode(Self.self, from: json.bytes())
        } catch {
            let fault = FieldFault.sentence(error)
            throw OmnibusError(
                .undecodable,
                "the JSON is not a '\(Self.type)': \(fault).",
                advice: .deadLetter,
                cause: error
            )
        }
    }

    /// Returns the event's JSON, with the documents' field names.
    ///
    /// - Throws: ``OmnibusError`` with the code `unencodable` for a number that JSON cannot say.
    public func json() throws(OmnibusError) -> JSONValue {
        try Payload(self, codec: JSONCodec()).json()
    }
}
