// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A message as the Kind Message Bus writes it: a JSON object with payload and metadata.
///
/// ```json
/// {"id":"0a1b…","timestamp":"2024-12-19T10:00:00.000Z","topic":"kmb.agent.lifecycle","payload":{"state":"up"},
///  "metadata":{"auth":{"issuer":"kos","client_id":"agent-7","timestamp":"2024-12-19T10:00:00.000Z"}}}
/// ```
///
/// It is no payload: `Message(kmb)` is what a bus publishes, and `KMBMessage(message)` what becomes of a message. What
/// a message has and the document has no member for is in the metadata's headers, which hold nothing but texts, under
/// names that begin with `omnibus_`; what the document has and a message no place for is in headers of the message
/// that begin with `kmb-`, in `wire-timestamp` and in `wire-members`. So a way through the other and back changes
/// neither. What a document says in two ways comes back in one: members that are null and an empty object `headers` are
/// left out, and a `ttl` of whole seconds has no point.
public struct KMBMessage: Sendable, Hashable {
    /// The message's own id, a UUID.
    public var id: MessageID
    /// When the message was made.
    public var timestamp: Timestamp
    /// The time as the document wrote it, where it would be written in another way; it counts as long as it says the
    /// same.
    public var timestampText: String?
    /// Where the message goes.
    public var topic: String
    /// What the message carries: any JSON value.
    public var payload: JSONValue
    /// What is known about the message.
    public var metadata: Metadata
    /// What the message is for: `event`, `command`, `query` or `transactional`; nil where it does not say.
    public var type: String?

    /// What is known about a message.
    public struct Metadata: Sendable, Hashable {
        /// The trace that the message belongs to.
        public var traceID: String?
        /// What all messages of one piece of work have in common.
        public var correlationID: MessageID?
        /// The topic on which an answer is expected.
        public var replyTo: String?
        /// Who vouches for the message.
        public var authentication: Authentication
        /// Names and texts for whoever reads the message.
        public var headers: [String: String]
        /// How urgent the message is; nil where it does not say.
        public var priority: Priority?
        /// How long the message is worth handling; in the document, a number of seconds.
        public var timeToLive: Duration?

        /// Creates metadata; what is left out is not written.
        public init(
            authentication: Authentication,
            traceID: String? = nil,
            correlationID: MessageID? = nil,
            replyTo: String? = nil,
            headers: [String: String] = [:],
            priority: Priority? = nil,
            timeToLive: Duration? = nil
        ) {
            self.authentication = authentication
            self.traceID = traceID
            self.correlationID = correlationID
            self.replyTo = replyTo
            self.headers = headers
            self.priority = priority
            self.timeToLive = timeToLive
        }
    }

    /// Who vouches for a message; nothing here checks it.
    public struct Authentication: Sendable, Hashable {
        /// The name of whoever issued the identity.
        public var issuer: String
        /// The name of the client whose identity it is.
        public var clientID: String
        /// The signature as text, where the message is signed.
        public var signature: String?
        /// When the client was authenticated, or the message signed.
        public var timestamp: Timestamp
        /// That time as the document wrote it, where it would be written in another way; it counts as long as it says the
        /// same.
        public var timestampText: String?

        /// Creates authentication data.
        public init(issuer: String, clientID: String, signature: String? = nil, timestamp: Timestamp) {
            self.issuer = issuer
            self.clientID = clientID
            self.signature = signature
            self.timestamp = timestamp
        }
    }

    /// Creates a message from its parts, unchecked until ``validate()``.
    public init(
        id: MessageID,
        timestamp: Timestamp,
        topic: String,
        payload: JSONValue,
        metadata: Metadata,
        type: String? = nil
    ) {
        self.id = id
        self.timestamp = timestamp
        self.topic = topic
        self.payload = payload
        self.metadata = metadata
        self.type = type
    }

    static let document = "KMB message"
    static let types: Set<String> = ["event", "command", "query", "transactional"]

    /// Checks what the document asks of its values.
    ///
    /// The id is a UUID (the document asks for version 4, ids made here are of version 7), the topic is one, texts are
    /// not empty and hold no control characters, the type is one of the four, the time to live is above zero.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming all findings.
    public func validate() throws(OmnibusError) {
        var findings = WireRules.findings(uuid: self.id, "id")
        findings += WireRules.findings(topic: self.topic, "topic")
        findings += WireRules.findings(text: self.metadata.authentication.issuer, "metadata.auth.issuer")
        findings += WireRules.findings(text: self.metadata.authentication.clientID, "metadata.auth.client_id")
        let texts = [
            ("metadata.trace_id", self.metadata.traceID),
            ("metadata.correlation_id", self.metadata.correlationID?.description),
            ("metadata.auth.signature", self.metadata.authentication.signature),
        ]
        for (name, text) in texts { findings += text.map { WireRules.findings(text: $0, name) } ?? [] }
        if let topic = self.metadata.replyTo { findings += WireRules.findings(topic: topic, "metadata.reply_to") }
        if let type = self.type, !Self.types.contains(type) {
            findings.append("'type' is not event, command, query or transactional")
        }
        if let timeToLive = self.metadata.timeToLive {
            if timeToLive <= .zero { findings.append("'metadata.ttl' is not above zero") }
            if timeToLive > Message.maximumTimeToLive { findings.append("'metadata.ttl' is more than 10,000 years") }
        }
        try WireReader.check(findings, Self.document)
    }
}
