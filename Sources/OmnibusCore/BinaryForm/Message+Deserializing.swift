// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON

extension Message {
    /// Reads a message in the binary form, which ``serialize()`` writes.
    ///
    /// Fields that a newer minor version has added are skipped.
    ///
    /// - Throws: `.damagedMessage`, saying what is wrong at which byte: for bytes that are no message, are cut off,
    ///   changed or followed by others, for versions that this program does not know, and for what ``validate()``
    ///   refuses.
    public init(deserializing bytes: some Collection<UInt8>) throws(OmnibusError) {
        var fields = try Self.checkedFields(of: Array(bytes))
        var parts = BinaryParts()
        while !fields.isAtEnd {
            let start = fields.position
            let number = try fields.byte("a field's tag")
            var content = try fields.lengthAndPart("the field of tag \(number)")
            guard let tag = BinaryForm.Tag(rawValue: number) else { continue }
            guard tag == .header || parts.seen & tag.bit == 0 else {
                throw fields.damaged("the field \(tag) comes a second time", at: start)
            }
            parts.seen |= tag.bit
            try parts.read(tag, from: &content)
            try content.finish("the field \(tag)")
        }
        guard let topic = parts.topic else { throw fields.damaged("the field topic is missing") }
        guard let payload = parts.payload else { throw fields.damaged("the field payload is missing") }
        self.init(
            topic: topic,
            key: parts.key,
            payload: payload,
            id: parts.id,
            acceptedAt: parts.acceptedAt,
            priority: parts.priority,
            extras: try parts.extras(or: fields)
        )
        if let finding = self.finding { throw fields.damaged("what was read is not valid (\(finding))") }
    }

    /// Reads a message in the binary form, as ``init(deserializing:)`` does.
    public static func deserialize(_ bytes: some Collection<UInt8>) throws(OmnibusError) -> Message {
        try Message(deserializing: bytes)
    }

    /// Checks what surrounds the fields and returns a reader of the fields.
    private static func checkedFields(of bytes: [UInt8]) throws(OmnibusError) -> BinaryReader {
        var reader = BinaryReader(bytes)
        for (index, byte) in BinaryForm.magic.enumerated() where try reader.byte("the mark OMNB") != byte {
            throw reader.damaged("the mark OMNB is not there", at: index)
        }
        let major = try reader.byte("the version")
        guard major == BinaryForm.major else {
            throw reader.damaged("version \(major) is not known, only \(BinaryForm.major),", at: reader.position - 1)
        }
        _ = try reader.byte("the minor version")
        let flags: UInt16 = try reader.number("the flags")
        guard flags == 0 else { throw reader.damaged("unknown flags are set", at: reader.position - 2) }
        let length: UInt32 = try reader.number("the length")
        let fields = try reader.part(Int(length), "the part with the fields")
        let end = reader.position
        let checksum: UInt32 = try reader.number("the checksum")
        try reader.finish("the message")
        guard checksum == CRC32C.checksum(of: bytes[..<end]) else {
            throw reader.damaged("something before is damaged: the checksum differs", at: end)
        }
        return fields
    }
}

/// What was read of a message so far.
private struct BinaryParts {
    /// The fields that were there, by their bits.
    var seen: UInt32 = 0
    var topic: Topic?
    var key: String?
    var payload: Payload?
    var id = MessageID.unassigned
    var acceptedAt: Timestamp?
    var priority = Priority.normal
    private var fields = MessageFields()
    private var headers: [Header] = []
    private var hasFields = false
    private var traceParent: String?
    private var traceState: String?

    mutating func read(_ tag: BinaryForm.Tag, from content: inout BinaryReader) throws(OmnibusError) {
        switch tag {
        case .topic: self.topic = try Self.topic(&content, tag)
        case .key: self.key = try content.text("the field \(tag)")
        case .payload: self.payload = try Self.payload(&content, tag)
        case .id: self.id = try content.id("the field \(tag)")
        case .acceptedAt: self.acceptedAt = try content.time("the field \(tag)")
        case .priority:
            let number = try content.byte("the field \(tag)")
            guard let priority = Priority(rawValue: Int8(truncatingIfNeeded: number)) else {
                throw content.damaged("the priority \(number) is not known", at: content.position - 1)
            }
            self.priority = priority
        case .traceParent: self.traceParent = try content.text("the field \(tag)")
        case .traceState: self.traceState = try content.text("the field \(tag)")
        default:
            self.hasFields = true
            try self.readRare(tag, from: &content)
        }
    }

    private mutating func readRare(
        _ tag: BinaryForm.Tag,
        from content: inout BinaryReader
    ) throws(OmnibusError) {
        switch tag {
        case .type: self.fields.type = EventType(try content.text("the field \(tag)"))
        case .source: self.fields.source = try content.text("the field \(tag)")
        case .subject: self.fields.subject = try content.text("the field \(tag)")
        case .contentType: self.fields.contentType = try content.text("the field \(tag)")
        case .dataSchema: self.fields.dataSchema = try content.text("the field \(tag)")
        case .sequence: self.fields.sequence = try content.text("the field \(tag)")
        case .header: try self.readHeader(from: &content)
        case .retryCount:
            let count: Int64 = try content.number("the field \(tag)")
            guard count > 0, let count = Int(exactly: count) else {
                throw content.damaged("the retry count is negative")
            }
            self.fields.headers.setRetryCount(count)
        case .createdAt: self.fields.createdAt = try content.time("the field \(tag)")
        case .correlationID: self.fields.correlationID = try content.id("the field \(tag)")
        case .causationID: self.fields.causationID = try content.id("the field \(tag)")
        case .replyTo: self.fields.replyTo = try Self.topic(&content, tag)
        case .parentSpanID: self.fields.parentSpanID = try content.text("the field \(tag)")
        case .timeToLive: self.fields.timeToLive = try content.duration("the field \(tag)")
        case .authentication: self.fields.authentication = try Self.authentication(&content)
        case .topic, .key, .payload, .id, .acceptedAt, .priority, .traceParent, .traceState: break
        }
    }

    private mutating func readHeader(from content: inout BinaryReader) throws(OmnibusError) {
        let start = content.position
        guard let kind = BinaryForm.HeaderKind(rawValue: try content.byte("a header")) else {
            throw content.damaged("a header is of an unknown kind", at: start)
        }
        var nameContent = try content.lengthAndPart("a header's name")
        let name = try nameContent.text("a header's name")
        let value: HeaderValue
        switch kind {
        case .text: value = .text(try content.text("a header's value"))
        case .integer: value = .integer(try content.number("a header's value"))
        case .double: value = .double(Double(bitPattern: try content.number("a header's value")))
        case .no: value = .boolean(false)
        case .yes: value = .boolean(true)
        case .bytes: value = .bytes(Array(content.rest()))
        }
        // Counted before they are put, so that a flood of them is refused at its 1,025th.
        guard self.headers.count < MessageHeaders.maximumCount else {
            throw content.damaged("there are more than \(MessageHeaders.maximumCount) headers", at: start)
        }
        self.headers.append(Header(name: name, value: value))
    }

    /// Returns the box of the rare fields that were there, or nil if there were none.
    func extras(or reader: BinaryReader) throws(OmnibusError) -> MessageExtras? {
        var fields = self.fields
        let retryCount = fields.headers.retryCount
        fields.headers = MessageHeaders(unchecked: self.headers)
        fields.headers.setRetryCount(retryCount)
        if let traceParent = self.traceParent {
            do {
                fields.traceContext = try TraceContext(traceparent: traceParent, tracestate: self.traceState ?? "")
            } catch {
                throw reader.damaged("the trace context is not valid", cause: error)
            }
        } else if self.traceState != nil {
            throw reader.damaged("the field traceParent is missing")
        } else if !self.hasFields {
            return nil
        }
        return MessageExtras(fields)
    }

    /// As much as ``Message/serialize()`` writes.
    private static let limits = JSONLimits(depth: JSONLimits.greatestDepth, size: .max)

    private static func topic(_ content: inout BinaryReader, _ tag: BinaryForm.Tag) throws(OmnibusError) -> Topic {
        let start = content.position
        let name = try content.text("the field \(tag)")
        do {
            return try Topic(validating: name)
        } catch {
            throw content.damaged("the field \(tag) is not valid", at: start, cause: error)
        }
    }

    private static func payload(_ content: inout BinaryReader, _ tag: BinaryForm.Tag) throws(OmnibusError) -> Payload {
        let start = content.position
        switch try content.byte("the field \(tag)") {
        case BinaryForm.Kind.bytes:
            return Payload(bytes: content.rest())
        case BinaryForm.Kind.text:
            do {
                return Payload(json: try JSONValue(parsing: content.rest(), limits: self.limits))
            } catch {
                throw content.damaged("the field \(tag) is not JSON", at: start, cause: error)
            }
        default:
            throw content.damaged("the field \(tag) is of an unknown kind", at: start)
        }
    }

    private static func authentication(_ content: inout BinaryReader) throws(OmnibusError) -> AuthMetadata {
        var issuer = try content.lengthAndPart("the issuer")
        var clientID = try content.lengthAndPart("the client id")
        var signature = try content.lengthAndPart("the signature")
        return AuthMetadata(
            issuer: try issuer.text("the issuer"),
            clientID: try clientID.text("the client id"),
            signature: Array(signature.rest()),
            timestamp: try content.time("the time of signing")
        )
    }
}
