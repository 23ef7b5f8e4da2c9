// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A payload that is decompressed when something asks for its bytes.
final class CompressedPayload: TypedPayload {
    let contentType: String?
    private let compressed: Payload
    private let codec: any CompressionCodec
    private let limit: Int
    /// The bytes once there are any; the mutex is held while they are made.
    private let decompressed = Mutex<[UInt8]?>(nil)

    init(_ payload: Payload, _ codec: any CompressionCodec, limit: Int, of contentType: String?) {
        self.compressed = payload
        self.codec = codec
        self.limit = limit
        self.contentType = contentType
    }

    var typeID: ObjectIdentifier { ObjectIdentifier(CompressedPayload.self) }

    /// What it takes as long as nobody has asked for more.
    var estimatedSize: Int { self.compressed.estimatedSize }

    /// It is no value of any type but bytes.
    func value<Value>(as type: Value.Type) -> Value? { nil }

    func bytes() throws -> [UInt8] {
        // A codec's code runs under this lock, which is the payload's own: see TypedBox.
        try self.decompressed.withLock { decompressed in
            if let bytes = decompressed { return bytes }
            let bytes = try self.codec.decompress(self.compressed.bytes(), limit: self.limit)
            decompressed = bytes
            return bytes
        }
    }
}
