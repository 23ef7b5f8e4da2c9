// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

/// What a bus compresses and decompresses payloads with.
///
/// ```swift
/// let bus = EventBus(settings: BusSettings(compression: .linked))        // of OmnibusCompression, with traits
/// try await bus.publish(message, compression: .zstd)
/// ```
///
/// A message with the header `content-encoding` is handed to handlers without it, and with the payload that it had: the
/// bytes are decompressed when somebody asks for them, at most once for each delivery.
public struct CompressionSettings: Sendable {
    /// The codecs that are there.
    public var codecs: [any CompressionCodec]
    /// How many bytes a payload may have once it is decompressed; from 1 up.
    public var limit: Int

    /// Creates settings.
    ///
    /// - Parameter limit: how many bytes a payload may have once it is decompressed: 16 MiB unless said otherwise.
    public init(codecs: [any CompressionCodec] = [], limit: Int = 16 << 20) {
        self.codecs = codecs
        self.limit = limit
    }

    /// The names of the codecs that are there.
    public var names: [Compression] { self.codecs.map(\.compression) }

    /// Returns a message with its payload compressed, the header `content-encoding` saying how; the message itself
    /// where that would not make it smaller.
    ///
    /// - Throws: ``OmnibusError`` with the code `unsupported` where no such codec is there (`details` is its name),
    ///   `tooLarge` for a payload that nobody with these settings could read again, `invalidMessage` for one that is
    ///   compressed already, or `unencodable`.
    public func compress(_ message: Message, with compression: Compression) throws(OmnibusError) -> Message {
        guard compression != .none else { return message }
        return try self.compressed(message, with: compression).message
    }

    /// The same, and the sizes of the payload.
    package func compressed(
        _ message: Message,
        with compression: Compression
    ) throws(OmnibusError) -> (message: Message, sizes: CompressedSizes) {
        try self.validate()
        guard compression != .none else {
            let count = try message.payload.bytes().count
            return (message, CompressedSizes(before: count, after: count))
        }
        let codec = try self.codec(compression, to: "compress", message.topic)
        if let encoding = message.contentEncoding {
            throw OmnibusError(
                .invalidMessage,
                """
                The message for '\(message.topic)' says that its payload is compressed already, by '\(encoding)'; \
                publish it as it is, or without the header '\(Compression.header)'.
                """
            )
        }
        let bytes = try message.payload.bytes()
        guard bytes.count <= self.limit else {
            throw OmnibusError(
                .tooLarge,
                """
                The payload for '\(message.topic)' has \(bytes.count) bytes, and what is decompressed may have \
                \(self.limit): nobody could read it. Raise the limit of 'compression' in the bus's settings, on both \
                sides, or send less.
                """
            )
        }
        let compressed = try codec.compress(bytes)
        guard compressed.count < bytes.count else {
            return (message, CompressedSizes(before: bytes.count, after: bytes.count))
        }
        var result = message
        // The payload has said it so far, and bytes do not.
        result.contentType = message.contentType
        result.payload = Payload(bytes: compressed)
        try result.headers.set(.text(compression.contentEncoding), for: Compression.header)
        return (result, CompressedSizes(before: bytes.count, after: compressed.count))
    }

    /// Returns a message as it was before it was compressed: without the header, and with a payload that is decompressed
    /// when its bytes are asked for; the message itself where it was not compressed, or no such codec is there.
    ///
    /// What is wrong with it is thrown where the payload is read: `tooLarge`, or `undecodable`.
    public func decompress(_ message: Message) -> Message {
        guard let encoding = message.contentEncoding else { return message }
        let compression = Compression(contentEncoding: encoding)
        var result = message
        result.headers.remove(Compression.header)
        guard compression != .none else { return result }
        // Somebody behind us may have the codec: the message goes on as it is.
        guard let codec = self.codecs.last(where: { $0.compression == compression }) else { return message }
        result.payload = Payload(
            storage: .typed(CompressedPayload(message.payload, codec, limit: self.limit, of: message.contentType))
        )
        return result
    }

    /// Decodes the payload of a message, decompressed where it is compressed.
    ///
    /// - Throws: `unsupported` where no such codec is there, `tooLarge`, `undecodable`, or `unencodable`.
    package func decode<Value: Decodable>(
        _ message: Message,
        as type: Value.Type = Value.self,
        codec: any PayloadCodec
    ) throws(OmnibusError) -> Value {
        let message = self.decompress(message)
        if let encoding = message.contentEncoding {
            throw self.missing(Compression(contentEncoding: encoding), to: "decompress", message.topic)
        }
        return try message.payload.decode(as: type, codec: codec)
    }

    /// Checks that there is a codec.
    ///
    /// - Throws: `unsupported` where there is none, or `invalidSettings` for a limit out of range, or a codec whose name
    ///   nobody would find again.
    package func check(_ compression: Compression) throws(OmnibusError) {
        try self.validate()
        if compression != .none { _ = try self.codec(compression, to: "compress", nil) }
    }

    private func codec(
        _ compression: Compression,
        to call: String,
        _ topic: Topic?
    ) throws(OmnibusError) -> any CompressionCodec {
        if let codec = self.codecs.last(where: { $0.compression == compression }) { return codec }
        throw self.missing(compression, to: call, topic)
    }

    private func missing(_ compression: Compression, to call: String, _ topic: Topic?) -> OmnibusError {
        let there = self.names.isEmpty ? "none is" : "there are: \(self.names.map(\.rawValue).joined(separator: ", "))"
        return OmnibusError(
            .unsupported,
            """
            Nothing here can \(call) a payload\(topic.map { " for '\($0)'" } ?? "") by '\(compression)'; \(there). Add a codec to \
            'compression' in the bus's settings: the product 'OmnibusCompression' has those of gzip, brotli, snappy, lz4 \
            and zstd, each behind a trait of the package swift-omnibus.
            """,
            advice: .deadLetter,
            details: compression.rawValue
        )
    }

    private func validate() throws(OmnibusError) {
        guard self.limit >= 1 else {
            throw OmnibusError(
                .invalidSettings,
                "The limit of 'compression' is \(self.limit); it must be 1 byte or more, as 16 MiB are by default."
            )
        }
        // The header has it in small letters, and some names mean others there.
        for name in self.names where name == .none || Compression(contentEncoding: name.contentEncoding) != name {
            throw OmnibusError(
                .invalidSettings,
                """
                A codec of 'compression' is called '\(name)', which the header '\(Compression.header)' cannot say; give it a \
                name of its own in small letters.
                """
            )
        }
    }
}

/// How many bytes a payload had, and has.
package struct CompressedSizes: Sendable {
    package var before = 0
    package var after = 0

    package init(before: Int = 0, after: Int = 0) {
        self.before = before
        self.after = after
    }
}

extension Message {
    /// The value of the header `content-encoding`, where there is one.
    package var contentEncoding: String? {
        guard let fields = self.extras?.fields, case .text(let text) = fields.headers[Compression.header] else {
            return nil
        }
        return text
    }
}
