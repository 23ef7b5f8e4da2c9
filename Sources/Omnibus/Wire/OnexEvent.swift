// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// An event as the ONEX platform writes it: a JSON object with payload and metadata of any values.
///
/// ```json
/// {"event_id":"6f2c…","event_type":"user.created","timestamp":"2026-02-28T09:30:00Z","source":"users",
///  "payload":{"user_id":"12345"},"correlation_id":"req-abc123","metadata":{"region":"eu","tags":["a"]}}
/// ```
///
/// It is no payload: `Message(event)` is what a bus publishes, and `OnexEvent(message)` what becomes of a message. What
/// a message has and the document has no member for is in the metadata, under names that begin with `omnibus_`; what
/// can be no header of the message is in its header `wire-members`, and a time that would be written in another way in
/// `wire-timestamp`. So a way through the other and back changes neither.
public struct OnexEvent: Sendable, Hashable {
    /// The event's own id, a UUID.
    public var eventID: MessageID
    /// The kind of event.
    public var eventType: EventType
    /// When the event was made.
    public var timestamp: Timestamp
    /// The time as the document wrote it, where it would be written in another way; it counts as long as it says the
    /// same.
    public var timestampText: String?
    /// Where the event comes from.
    public var source: String
    /// What the event carries.
    public var payload: JSONObject
    /// What all events of one piece of work have in common.
    public var correlationID: MessageID
    /// Whatever else is said about the event.
    public var metadata: JSONObject

    /// Creates an event from its parts, unchecked until ``validate()``.
    public init(
        eventID: MessageID,
        eventType: EventType,
        timestamp: Timestamp,
        source: String,
        payload: JSONObject,
        correlationID: MessageID,
        metadata: JSONObject = [:]
    ) {
        self.eventID = eventID
        self.eventType = eventType
        self.timestamp = timestamp
        self.source = source
        self.payload = payload
        self.correlationID = correlationID
        self.metadata = metadata
    }
}

// MARK: JSON

extension OnexEvent {
    static let document = "ONEX event"

    /// Reads the document's JSON.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming every member that is missing, of the wrong kind
    ///   or not one of the document's; where the bytes are no JSON, the cause says where.
    public init(parsing bytes: some Collection<UInt8>) throws(OmnibusError) {
        try self.init(json: .object(try WireReader.object(in: bytes, of: Self.document)))
    }

    /// Reads the document from a JSON value.
    ///
    /// - Throws: as for bytes.
    public init(json: JSONValue) throws(OmnibusError) {
        guard case .object(let members) = json else {
            throw WireReader.error(["the document is \(json.kind), and has to be an object"], Self.document)
        }
        var reader = WireReader(members)
        let timestamp = reader.time("timestamp") { $0.description }
        self.init(
            eventID: MessageID(reader.text("event_id")),
            eventType: EventType(reader.text("event_type")),
            timestamp: timestamp.time,
            source: reader.text("source"),
            payload: reader.object("payload"),
            correlationID: MessageID(reader.text("correlation_id")),
            metadata: reader.object("metadata")
        )
        self.timestampText = timestamp.text
        reader.refuseOthers()
        try WireReader.check(reader.findings, Self.document)
    }

    /// The document as a JSON value, its members in the document's order.
    public var json: JSONValue {
        [
            "event_id": .string(self.eventID.description),
            "event_type": .string(self.eventType.rawValue),
            "timestamp": .string(self.timestamp.written(self.timestampText) { $0.description }),
            "source": .string(self.source),
            "payload": .object(self.payload),
            "correlation_id": .string(self.correlationID.description),
            "metadata": .object(self.metadata),
        ]
    }

    /// Writes the document's JSON, in UTF-8.
    ///
    /// - Throws: ``OmnibusError`` with the code `unencodable` for a number that JSON cannot say, or a value nested too
    ///   deep.
    public func bytes() throws(OmnibusError) -> [UInt8] {
        try self.json.wireBytes(Self.document)
    }

    /// Checks what the document asks of its values.
    ///
    /// The event id is a UUID; type, source and correlation id are not empty and hold no control characters. The
    /// correlation id may be any text, as in the document's own sample.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming all findings.
    public func validate() throws(OmnibusError) {
        var findings = WireRules.findings(uuid: self.eventID, "event_id")
        findings += WireRules.findings(text: self.eventType.rawValue, "event_type")
        findings += WireRules.findings(text: self.source, "source")
        findings += WireRules.findings(text: self.correlationID.description, "correlation_id")
        try WireReader.check(findings, Self.document)
    }
}

// MARK: Messages

extension OnexEvent {
    /// Creates the document of a message.
    ///
    /// The payload has to be a JSON object; a typed one is encoded. The timestamp is the publisher's, or that of
    /// acceptance where there is none.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming all findings: no id or one that is no UUID, no
    ///   source, no time, headers whose names begin with `omnibus_`; with the code `undecodable` or `unencodable` for a
    ///   payload that is no JSON.
    public init(_ message: Message) throws(OmnibusError) {
        let payload = try message.payload.json()
        let time = message.createdAt ?? message.acceptedAt
        var (plain, headers) = (message, message.headers)
        let text = WireTime.text(of: time, from: &headers)
        if !message.headers.isEmpty { plain.headers = headers }
        var (metadata, findings) = WireMap.members(of: plain, leaving: [.type, .source], isText: false)
        if message.topic.name == message.type.rawValue { metadata[WireField.topic.rawValue] = nil }
        findings += WireRules.findings(message)
        if message.source == nil { findings.append("the message has no source; set one, or publish it") }
        if payload.objectValue == nil { findings.append("the payload is \(payload.kind), and has to be an object") }
        try WireReader.check(findings, Self.document)
        self.init(
            eventID: message.id,
            eventType: message.type,
            timestamp: time ?? .epoch,
            source: message.source ?? "",
            payload: payload.objectValue ?? JSONObject(),
            correlationID: message.correlationID,
            metadata: metadata
        )
        self.timestampText = text
        try self.validate()
    }
}

extension Message {
    /// Creates a message of an ONEX event.
    ///
    /// - Parameter topic: where to; nil takes the topic that the event's metadata names, as ``OnexEvent/init(_:)``
    ///   writes it, or the event's type where that can be a topic.
    /// - Throws: ``OmnibusError`` with the code `invalidTopic` where there is no topic, or `invalidMessage` or
    ///   `invalidHeader`, naming what a message cannot hold.
    public init(_ event: OnexEvent, topic: Topic? = nil) throws(OmnibusError) {
        let name = event.metadata[WireField.topic.rawValue]?.stringValue ?? event.eventType.rawValue
        let own = if let topic { topic } else { try Topic(validating: name) }
        self.init(topic: own, payload: Payload(json: .object(event.payload)))
        self.id = event.eventID
        self.type = event.eventType
        self.createdAt = event.timestamp
        self.source = event.source
        if event.correlationID != event.eventID { self.correlationID = event.correlationID }
        if let text = event.timestampText, Timestamp(iso8601: text) == event.timestamp {
            var headers = self.headers
            try headers.set(.text(text), for: WireTime.header)
            self.headers = headers
        }
        try WireReader.check(WireMap.read(event.metadata, into: &self, apart: [WireTime.header]), OnexEvent.document)
        try self.validate()
    }
}
