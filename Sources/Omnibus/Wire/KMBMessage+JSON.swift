// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension KMBMessage {
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
        let id = MessageID(reader.text("id"))
        let timestamp = reader.time("timestamp") { $0.millisecondText }
        let topic = reader.text("topic")
        let payload = reader.value("payload")
        self.init(
            id: id,
            timestamp: timestamp.time,
            topic: topic,
            payload: payload,
            metadata: Metadata(&reader),
            type: reader.optionalText("type")
        )
        self.timestampText = timestamp.text
        reader.refuseOthers()
        try WireReader.check(reader.findings, Self.document)
    }

    /// The document as a JSON value, its members in the document's order; what is not set is left out.
    public var json: JSONValue {
        var members: JSONObject = [:]
        members["id"] = .string(self.id.description)
        members["timestamp"] = .string(self.timestamp.written(self.timestampText) { $0.millisecondText })
        members["topic"] = .string(self.topic)
        members["type"] = self.type.map { .string($0) }
        members["payload"] = self.payload
        members["metadata"] = .object(self.metadata.members)
        return .object(members)
    }

    /// Writes the document's JSON, in UTF-8.
    ///
    /// Times are written as JavaScript's `toISOString` does, with three digits of the second's fraction, and more where
    /// they are needed; one that was read is written as it was.
    ///
    /// - Throws: ``OmnibusError`` with the code `unencodable` for a number that JSON cannot say, or a value nested too
    ///   deep.
    public func bytes() throws(OmnibusError) -> [UInt8] {
        try self.json.wireBytes(Self.document)
    }
}

extension KMBMessage.Metadata {
    fileprivate init(_ document: inout WireReader) {
        guard var reader = document.nested("metadata") else {
            self.init(authentication: .missing)
            return
        }
        self.init(
            authentication: KMBMessage.Authentication(&reader),
            traceID: reader.optionalText("trace_id"),
            correlationID: reader.optionalText("correlation_id").map { MessageID($0) },
            replyTo: reader.optionalText("reply_to"),
            headers: reader.texts("headers"),
            priority: reader.optional("priority", "low, normal, high or critical") {
                $0.stringValue.flatMap { Priority(name: $0) }
            },
            timeToLive: reader.optional("ttl", "a number of seconds, up to 10,000 years") { $0.seconds }
        )
        reader.refuseOthers()
        document.take(reader.findings)
    }

    fileprivate var members: JSONObject {
        var members: JSONObject = [:]
        members["trace_id"] = self.traceID.map { .string($0) }
        members["correlation_id"] = self.correlationID.map { .string($0.description) }
        members["reply_to"] = self.replyTo.map { .string($0) }
        members["auth"] = .object(self.authentication.members)
        if !self.headers.isEmpty {
            let sorted = self.headers.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            members["headers"] = .object(JSONObject(sorted.map { ($0.key, .string($0.value)) }))
        }
        members["priority"] = self.priority.map { .string($0.name) }
        members["ttl"] = self.timeToLive.map { $0.json }
        return members
    }
}

extension KMBMessage.Authentication {
    /// What stands for one that is not there, in a document that is refused.
    static let missing = Self(issuer: "", clientID: "", timestamp: .epoch)

    fileprivate init(_ metadata: inout WireReader) {
        guard var reader = metadata.nested("auth") else {
            self = .missing
            return
        }
        let timestamp = reader.time("timestamp") { $0.millisecondText }
        self.init(
            issuer: reader.text("issuer"),
            clientID: reader.text("client_id"),
            signature: reader.optionalText("signature"),
            timestamp: timestamp.time
        )
        self.timestampText = timestamp.text
        reader.refuseOthers()
        metadata.take(reader.findings)
    }

    fileprivate var members: JSONObject {
        var members: JSONObject = [:]
        members["issuer"] = .string(self.issuer)
        members["client_id"] = .string(self.clientID)
        members["signature"] = self.signature.map { .string($0) }
        members["timestamp"] = .string(self.timestamp.written(self.timestampText) { $0.millisecondText })
        return members
    }
}

extension JSONValue {
    /// The duration of a number of seconds; nil where it is none, or beyond what a message can have.
    var seconds: Duration? {
        if case .integer(let seconds) = self, seconds.magnitude <= 315_576_000_000 { return .seconds(seconds) }
        guard let seconds = self.doubleValue, seconds.magnitude <= 315_576_000_000 else { return nil }
        return .seconds(seconds)
    }
}

extension Duration {
    /// The number of seconds, whole where it is.
    var json: JSONValue {
        let (seconds, attoseconds) = self.clamped(to: Message.maximumTimeToLive).components
        return attoseconds == 0 ? .integer(seconds) : .number(Double(seconds) + Double(attoseconds) / 1e18)
    }
}

extension Timestamp {
    /// The time as JavaScript writes it: with three digits of the fraction at least.
    var millisecondText: String {
        let text = self.description
        let digits = text.firstIndex(of: ".").map { text[$0...].count - 2 } ?? 0
        guard digits < 3 else { return text }
        return text.dropLast() + (digits == 0 ? "." : "") + String(repeating: "0", count: 3 - digits) + "Z"
    }
}
