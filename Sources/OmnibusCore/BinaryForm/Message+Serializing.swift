// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

extension Message {
    /// Returns the message in the binary form, which ``init(deserializing:)`` reads.
    ///
    /// Everything is kept: ids as text, the kinds of header values, a JSON payload as JSON. A typed payload is written
    /// as bytes, with its content type. Damage is found by a checksum (CRC-32C).
    ///
    /// - Throws: `.unencodable` if the payload cannot be encoded; `.tooLarge` above 4 GiB.
    public func serialize() throws(OmnibusError) -> [UInt8] {
        let payload: (kind: UInt8, bytes: [UInt8])
        if case .json = self.payload.storage {
            payload = (BinaryForm.Kind.text, try self.payload.bytes())
        } else {
            payload = (BinaryForm.Kind.bytes, try self.payload.bytes())
        }

        var fields = BinaryWriter()
        fields.reserve(payload.bytes.count + 128)
        fields.field(.topic, self.topic.name)
        fields.field(.key, self.key)
        fields.field(.id, self.id)
        fields.field(.acceptedAt, self.acceptedAt)
        if self.priority != .normal { fields.field(.priority, [UInt8(self.priority.rawValue)]) }
        fields.field(.contentType, self.writtenContentType)
        if let extras = self.extras { Self.write(extras.fields, to: &fields) }
        fields.byte(BinaryForm.Tag.payload.rawValue)
        fields.varint(payload.bytes.count + 1)
        fields.byte(payload.kind)
        fields.append(payload.bytes)

        guard let length = UInt32(exactly: fields.bytes.count) else {
            throw OmnibusError(
                .tooLarge,
                "the message for \(self.topic) takes \(fields.bytes.count) bytes; the binary form holds \(UInt32.max)",
                advice: .deadLetter
            )
        }
        var message = BinaryWriter()
        message.reserve(fields.bytes.count + BinaryForm.prefixLength + BinaryForm.suffixLength)
        message.append(BinaryForm.magic)
        message.byte(BinaryForm.major)
        message.byte(BinaryForm.minor)
        message.number(0 as UInt16)
        message.number(length)
        message.append(fields.bytes)
        message.number(CRC32C.checksum(of: message.bytes))
        return message.bytes
    }

    /// The content type to write: one that was set, or that of a typed payload, which is bytes from here on.
    private var writtenContentType: String? {
        if let contentType = self.extras?.fields.contentType { return contentType }
        guard case .typed(let payload) = self.payload.storage else { return nil }
        return payload.contentType
    }

    private static func write(_ fields: MessageFields, to writer: inout BinaryWriter) {
        writer.field(.type, fields.type?.rawValue)
        writer.field(.source, fields.source)
        writer.field(.subject, fields.subject)
        writer.field(.dataSchema, fields.dataSchema)
        writer.field(.sequence, fields.sequence)
        for header in fields.headers {
            writer.field(.header) { self.write(header, to: &$0) }
        }
        if fields.headers.retryCount > 0 {
            writer.field(.retryCount) { $0.number(Int64(fields.headers.retryCount)) }
        }
        writer.field(.createdAt, fields.createdAt)
        writer.field(.correlationID, fields.correlationID)
        writer.field(.causationID, fields.causationID)
        writer.field(.replyTo, fields.replyTo?.name)
        writer.field(.traceParent, fields.traceContext?.traceparent)
        if let state = fields.traceContext?.tracestate, !state.isEmpty { writer.field(.traceState, state) }
        writer.field(.parentSpanID, fields.parentSpanID)
        if let timeToLive = fields.timeToLive {
            let (seconds, attoseconds) = timeToLive.clamped(to: self.maximumTimeToLive).components
            writer.field(.timeToLive) {
                $0.number(seconds)
                $0.number(attoseconds)
            }
        }
        if let authentication = fields.authentication {
            writer.field(.authentication) {
                $0.lengthAndBytes(authentication.issuer.utf8)
                $0.lengthAndBytes(authentication.clientID.utf8)
                $0.lengthAndBytes(authentication.signature)
                $0.time(authentication.timestamp)
            }
        }
    }

    private static func write(_ header: Header, to writer: inout BinaryWriter) {
        func start(_ kind: BinaryForm.HeaderKind) {
            writer.byte(kind.rawValue)
            writer.lengthAndBytes(header.name.utf8)
        }
        switch header.value {
        case .text(let text):
            start(.text)
            writer.append(text.utf8)
        case .integer(let integer):
            start(.integer)
            writer.number(integer)
        case .double(let double):
            start(.double)
            writer.number(double.bitPattern)
        case .boolean(let boolean):
            start(boolean ? .yes : .no)
        case .bytes(let bytes):
            start(.bytes)
            writer.append(bytes)
        }
    }
}
