// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension KMBMessage {
    /// The header of a message that holds the document's type.
    static let typeHeader = "kmb-type"
    /// The header of a message that holds a trace id of another form than W3C Trace Context has.
    static let traceHeader = "kmb-trace-id"
    /// The header of a message that says how the signature is written; without it, in Base64.
    static let signatureHeader = "kmb-signature"
    /// The header of a message that says that the document names the normal priority.
    static let priorityHeader = "kmb-priority"
    /// The header of a message that holds the text of the authentication's time.
    static let authenticationTimeHeader = "kmb-auth-timestamp"
    /// The headers that stand for members of the document; members of these names in its own headers are none of them.
    static let ownHeaders: Set<String> = [
        Self.typeHeader, Self.traceHeader, Self.signatureHeader, Self.priorityHeader, Self.authenticationTimeHeader,
        WireTime.header,
    ]

    /// Creates the document of a message.
    ///
    /// The payload has to be JSON; a typed one is encoded. The timestamp is the publisher's, or that of acceptance where
    /// there is none.
    ///
    /// - Parameter authentication: what is written where the message has none, because the document has to have it.
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming all findings: no id or one that is no UUID, no
    ///   time, no authentication, headers whose names begin with `omnibus_`, that stand for the document's members and say nothing
    ///   that these can be, or that cannot be texts; with the code `undecodable` or `unencodable` for a payload that is no JSON.
    public init(_ message: Message, authentication: Authentication? = nil) throws(OmnibusError) {
        let payload = try message.payload.json()
        var plain = message
        var own: [String: String] = [:]
        var headers = plain.headers
        var misused: [String] = []
        for name in [Self.typeHeader, Self.traceHeader, Self.signatureHeader, Self.priorityHeader] {
            guard let value = headers.remove(name) else { continue }
            if let text = value.text, Self.fixedTexts[name].map({ $0 == text }) ?? true {
                own[name] = text
            } else {
                misused.append("the header '\(name)' does not say what the bus writes there; remove it")
            }
        }
        let time = message.createdAt ?? message.acceptedAt
        let timeText = WireTime.text(of: time, from: &headers)
        let authenticationTime = message.authentication?.timestamp ?? authentication?.timestamp
        let authenticationText = WireTime.text(of: authenticationTime, from: &headers, Self.authenticationTimeHeader)
        if !message.headers.isEmpty { plain.headers = headers }
        let covered: Set<WireField> = [.topic, .replyTo, .priority, .authentication]
        var (members, findings) = WireMap.members(of: plain, leaving: covered, isText: true)
        if let context = message.storedTraceContext, own[Self.traceHeader] == nil,
            context == Message.traceContext(traceID: context.traceID, spanID: nil)
        {
            members[WireField.traceParent.rawValue] = nil
        }
        if let timeToLive = message.timeToLive, timeToLive.json.seconds == timeToLive {
            members[WireField.timeToLive.rawValue] = nil
        }
        findings += misused + WireRules.findings(message)
        let isText = own[Self.signatureHeader] == "text"
        var written = message.authentication.map { Authentication($0, isText: isText) } ?? authentication
        if let authenticationText { written?.timestampText = authenticationText }
        if written == nil {
            findings.append("the message has no authentication, which the document has to have; hand one in")
        }
        try WireReader.check(findings, Self.document)
        let namesPriority = message.priority != .normal || own[Self.priorityHeader] != nil
        self.init(
            id: message.id,
            timestamp: time ?? .epoch,
            topic: message.topic.name,
            payload: payload,
            metadata: Metadata(
                authentication: written ?? .missing,
                traceID: own[Self.traceHeader] ?? message.storedTraceContext?.traceID,
                correlationID: message.storedCorrelationID,
                replyTo: message.replyTo?.name,
                headers: Dictionary(
                    members.map { ($0.name, $0.value.stringValue ?? "") },
                    uniquingKeysWith: { $1 }
                ),
                priority: namesPriority ? message.priority : nil,
                // To the precision that the document has; the exact one is in the headers where that is finer.
                timeToLive: message.timeToLive.flatMap { $0.json.seconds }
            ),
            type: own[Self.typeHeader]
        )
        self.timestampText = timeText
        try self.validate()
    }

    /// What some of the bus's own headers say, and nothing else.
    private static let fixedTexts = [Self.signatureHeader: "text", Self.priorityHeader: Priority.normal.name]
}

extension Message {
    /// Creates a message of a KMB message.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidTopic`, `invalidMessage` or `invalidHeader`, naming what a
    ///   message cannot hold.
    public init(_ kmb: KMBMessage) throws(OmnibusError) {
        self.init(topic: try Topic(validating: kmb.topic), payload: Payload(json: kmb.payload))
        self.id = kmb.id
        self.createdAt = kmb.timestamp
        let metadata = kmb.metadata
        if let id = metadata.correlationID { self.correlationID = id }
        if let name = metadata.replyTo { self.replyTo = try Topic(validating: name) }
        if let priority = metadata.priority { self.priority = priority }
        if let timeToLive = metadata.timeToLive { self.timeToLive = timeToLive }
        var headers = MessageHeaders()
        if let type = kmb.type { try headers.set(.text(type), for: KMBMessage.typeHeader) }
        if metadata.priority == .normal { try headers.set("normal", for: KMBMessage.priorityHeader) }
        if let id = metadata.traceID {
            if let context = Message.traceContext(traceID: id, spanID: nil) {
                self.traceContext = context
            } else {
                try headers.set(.text(id), for: KMBMessage.traceHeader)
            }
        }
        let signature = metadata.authentication.signature ?? ""
        let decoded = Base64.decode(signature)
        if decoded == nil { try headers.set("text", for: KMBMessage.signatureHeader) }
        self.authentication = AuthMetadata(
            issuer: metadata.authentication.issuer,
            clientID: metadata.authentication.clientID,
            signature: decoded ?? Array(signature.utf8),
            timestamp: metadata.authentication.timestamp
        )
        if let text = kmb.timestampText, Timestamp(iso8601: text) == kmb.timestamp {
            try headers.set(.text(text), for: WireTime.header)
        }
        if let text = metadata.authentication.timestampText,
            Timestamp(iso8601: text) == metadata.authentication.timestamp
        {
            try headers.set(.text(text), for: KMBMessage.authenticationTimeHeader)
        }
        self.headers = headers
        let members = JSONObject(metadata.headers.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
        try WireReader.check(WireMap.read(members, into: &self, apart: KMBMessage.ownHeaders), KMBMessage.document)
        try self.validate()
    }
}

extension KMBMessage.Authentication {
    /// The document's form of a message's authentication.
    fileprivate init(_ authentication: AuthMetadata, isText: Bool) {
        let signature = authentication.signature
        // What is no text after all is written as bytes are.
        let text = isText ? String(validating: signature, as: UTF8.self) : nil
        self.init(
            issuer: authentication.issuer,
            clientID: authentication.clientID,
            signature: signature.isEmpty ? nil : text ?? Base64.encode(signature),
            timestamp: authentication.timestamp
        )
    }
}
