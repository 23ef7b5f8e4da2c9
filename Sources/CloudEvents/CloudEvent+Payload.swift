// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON

extension CloudEvent {
    /// Creates an event whose data is a value, encoded by a codec.
    ///
    /// Data of a codec that writes JSON is a JSON value, any other bytes; the content type is the codec's. Throws what
    /// the codec throws, or a `CloudEventError` as the other initialiser does.
    public init(
        id: String,
        source: String,
        type: String,
        subject: String? = nil,
        time: Timestamp? = nil,
        dataSchema: String? = nil,
        extensions: [String: CloudEventAttributeValue] = [:],
        payload: some Encodable,
        codec: some PayloadCodec
    ) throws {
        let bytes = try codec.encode(payload)
        let isJSON = MediaType(codec.contentType)?.isJSON == true
        try self.init(
            id: id,
            source: source,
            type: type,
            subject: subject,
            time: time,
            dataContentType: codec.contentType,
            dataSchema: dataSchema,
            data: isJSON ? .json(JSONValue(parsing: bytes, limits: Self.payloadLimits)) : .bytes(bytes),
            extensions: extensions
        )
    }

    /// Returns the data as a value, decoded by a codec.
    ///
    /// Throws what the codec throws, also for an event without data, which is no bytes.
    public func payload<Value: Decodable>(_ type: Value.Type, codec: some PayloadCodec) throws -> Value {
        switch self.data {
        case .json(let value): try codec.decode(type, from: value.bytes())
        case .text(let text): try codec.decode(type, from: Array(text.utf8))
        case .bytes(let bytes): try codec.decode(type, from: bytes)
        case nil: try codec.decode(type, from: [])
        }
    }

    /// As deep as the toolchain's own encoder writes.
    private static let payloadLimits = JSONLimits(depth: 512, size: .max)
}
