// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A message as the agent message bus (AMB) writes it: a JSON object with topic and payload.
///
/// ```json
/// {"id":"evt-123","topic":"tasks","payload":{"action":"analyze","file":"data.txt"},
///  "correlation_id":"req-abc123","timestamp":1734602400.25}
/// ```
///
/// It is no payload: `Message(amb)` is what a bus publishes, and `AMBMessage(message)` what becomes of a message. The
/// document shows five members and does not say that there are no others: those are kept in ``others``, where also
/// goes what a message has and the document no member for, under names that begin with `omnibus_`. What can be no header
/// of the message is in its header `wire-members`, and a time that is written as a text in `wire-timestamp`. So a way
/// through the other and back changes neither. What a document says in two ways comes back in one: members that are null
/// are left out, and a timestamp of whole seconds has no point.
public struct AMBMessage: Sendable, Hashable {
    /// The message's own id, any text; nil until it is published.
    public var id: MessageID?
    /// Where the message goes.
    public var topic: String
    /// What the message carries: any JSON value.
    public var payload: JSONValue
    /// What all messages of one piece of work have in common; the id of the request, in an answer.
    public var correlationID: MessageID?
    /// When the message was made; in the document, seconds since 1970.
    public var timestamp: Timestamp?
    /// The time as the document wrote it, where that is a text; it counts as long as it says the same.
    public var timestampText: String?
    /// Members of other names.
    public var others: JSONObject

    /// Creates a message from its parts, unchecked until ``validate()``.
    public init(
        topic: String,
        payload: JSONValue,
        correlationID: MessageID? = nil,
        id: MessageID? = nil,
        timestamp: Timestamp? = nil,
        others: JSONObject = [:]
    ) {
        self.topic = topic
        self.payload = payload
        self.correlationID = correlationID
        self.id = id
        self.timestamp = timestamp
        self.others = others
    }
}

// MARK: JSON

extension AMBMessage {
    static let document = "AMB message"
    private static let names: Set<String> = ["id", "topic", "payload", "correlation_id", "timestamp"]

    /// Reads the document's JSON.
    ///
    /// A timestamp may also be a text by ISO 8601, in UTC where it has no offset; it is written as it was.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming every member that is missing or of the wrong
    ///   kind; where the bytes are no JSON, the cause says where.
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
        self.init(
            topic: reader.text("topic"),
            payload: reader.value("payload"),
            correlationID: reader.optionalText("correlation_id").map { MessageID($0) },
            id: reader.optionalText("id").map { MessageID($0) }
        )
        let expected = "seconds since 1970, in the years 0000 to 9999"
        let read = reader.optional("timestamp", expected) { value -> (time: Timestamp, text: String?)? in
            if let text = value.stringValue { return WireTime(text).map { ($0.time, $0.text) } }
            return Timestamp(wire: value).map { ($0, nil) }
        }
        self.timestamp = read?.time
        self.timestampText = read?.text
        self.others = reader.others
        try WireReader.check(reader.findings, Self.document)
    }

    /// The document as a JSON value; what is not set is left out, and members of other names come last.
    public var json: JSONValue {
        var members: JSONObject = [:]
        members["id"] = self.id.map { .string($0.description) }
        members["topic"] = .string(self.topic)
        members["payload"] = self.payload
        members["correlation_id"] = self.correlationID.map { .string($0.description) }
        members["timestamp"] = self.timestamp.map { time in
            guard let text = self.timestampText, Timestamp(iso8601: text) == time else { return time.wireSeconds }
            return .string(text)
        }
        for member in self.others where !Self.names.contains(member.name) { members[member.name] = member.value }
        return .object(members)
    }

    /// Writes the document's JSON, in UTF-8.
    ///
    /// The timestamp is a double, and so exact to a quarter of a microsecond in this century; one that was read as a text
    /// is written as it was.
    ///
    /// - Throws: ``OmnibusError`` with the code `unencodable` for a number that JSON cannot say, or a value nested too
    ///   deep.
    public func bytes() throws(OmnibusError) -> [UInt8] {
        try self.json.wireBytes(Self.document)
    }

    /// Checks what the document asks of its values.
    ///
    /// The topic is one, ids are not empty and hold no control characters, and no other member has the name of one of
    /// the document's.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming all findings.
    public func validate() throws(OmnibusError) {
        var findings = WireRules.findings(topic: self.topic, "topic")
        if let id = self.id { findings += WireRules.findings(text: id.description, "id") }
        if let id = self.correlationID { findings += WireRules.findings(text: id.description, "correlation_id") }
        for member in self.others where Self.names.contains(member.name) {
            findings.append("'others' has a member '\(member.name)', which is one of the document's")
        }
        try WireReader.check(findings, Self.document)
    }
}

extension Timestamp {
    /// Reads seconds since 1970; nil where it is no number, or out of range.
    fileprivate init?(wire value: JSONValue) {
        // The last nanosecond is the first second after it, as a double.
        guard let seconds = value.doubleValue, seconds >= Double(Timestamp.firstSecond),
            seconds <= Double(Timestamp.lastSecond) + 1
        else { return nil }
        let whole = seconds.rounded(.down)
        // The difference is exact, so that what is read is written as the same double again.
        self.init(
            secondsSinceEpoch: Int64(whole),
            nanoseconds: Int(((seconds - whole) * 1e9).rounded())
        )
    }

    fileprivate var wireSeconds: JSONValue {
        self.nanoseconds == 0
            ? .integer(self.secondsSinceEpoch)
            : .number(Double(self.secondsSinceEpoch) + Double(self.nanoseconds) / 1e9)
    }
}

// MARK: Messages

extension AMBMessage {
    /// Creates the document of a message.
    ///
    /// The payload has to be JSON; a typed one is encoded. The timestamp is the publisher's, or that of acceptance; where
    /// it is finer than the document can say, it is in ``others`` too.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming all findings, such as headers that have the name
    ///   of one of the document's members, or begin with `omnibus_`; with the code `undecodable` or `unencodable` for a
    ///   payload that is no JSON.
    public init(_ message: Message) throws(OmnibusError) {
        let payload = try message.payload.json()
        let time = message.createdAt ?? message.acceptedAt
        var (plain, headers) = (message, message.headers)
        let text = WireTime.text(of: time, from: &headers)
        if !message.headers.isEmpty { plain.headers = headers }
        var (others, findings) = WireMap.members(of: plain, leaving: [.topic], isText: false)
        for member in others where Self.names.contains(member.name) {
            findings.append("the header '\(member.name)' has the name of one of the document's members; rename it")
        }
        try WireReader.check(findings, Self.document)
        if let time, text == nil, Timestamp(wire: time.wireSeconds) != time {
            others[Self.exactTime] = .string(time.description)
        }
        self.init(
            topic: message.topic.name,
            payload: payload,
            correlationID: message.storedCorrelationID,
            id: message.hasID ? message.id : nil,
            timestamp: time,
            others: others
        )
        self.timestampText = text
        try self.validate()
    }

    /// The member that holds a time which is finer than a double.
    fileprivate static let exactTime = "omnibus_timestamp"
}

extension Message {
    /// Creates a message of an AMB message.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidTopic`, `invalidMessage` or `invalidHeader`, naming what a
    ///   message cannot hold.
    public init(_ amb: AMBMessage) throws(OmnibusError) {
        self.init(topic: try Topic(validating: amb.topic), payload: Payload(json: amb.payload))
        if let id = amb.id { self.id = id }
        if let id = amb.correlationID { self.correlationID = id }
        var members = amb.others
        if let time = amb.timestamp { self.createdAt = time }
        if let value = members[AMBMessage.exactTime] {
            guard let time = value.stringValue.flatMap({ Timestamp($0) }) else {
                throw WireReader.error(["'\(AMBMessage.exactTime)' is not a time"], AMBMessage.document)
            }
            self.createdAt = time
            members[AMBMessage.exactTime] = nil
        }
        if let text = amb.timestampText, Timestamp(iso8601: text) == amb.timestamp {
            var headers = self.headers
            try headers.set(.text(text), for: WireTime.header)
            self.headers = headers
        }
        try WireReader.check(WireMap.read(members, into: &self, apart: [WireTime.header]), AMBMessage.document)
        try self.validate()
    }
}
