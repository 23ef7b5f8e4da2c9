// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents
import Synchronization

/// A payload that travels as a Swift value and is encoded when something asks for its bytes.
///
/// Providers may have types of their own for it; users make one with ``Payload/init(_:codec:)``.
public protocol TypedPayload: AnyObject, Sendable {
    /// Identifies the value's type.
    var typeID: ObjectIdentifier { get }
    /// The media type of the bytes, such as `application/json`; nil where nobody knows.
    var contentType: String? { get }
    /// The size that the value counts with while it is not encoded, in bytes.
    var estimatedSize: Int { get }
    /// Returns the value, if it is of this very type.
    func value<Value>(as type: Value.Type) -> Value?
    /// Returns the value's bytes; the same ones at every call, made at the first one.
    ///
    /// Several threads may call it; what a caller throws, the next one may do better.
    func bytes() throws -> [UInt8]
}

/// The box of a typed payload.
package final class TypedBox<Value: Encodable & Sendable>: TypedPayload {
    package let value: Value
    package let estimatedSize: Int
    private let codec: any PayloadCodec
    /// The bytes once there are any; the mutex is held while they are made, and they are never taken back.
    private let encoded: Mutex<[UInt8]?>

    package init(_ value: Value, codec: any PayloadCodec, estimatedSize: Int = Payload.estimatedSize(of: Value.self)) {
        self.value = value
        self.estimatedSize = estimatedSize
        self.codec = codec
        self.encoded = Mutex(nil)
    }

    package var typeID: ObjectIdentifier { ObjectIdentifier(Value.self) }

    package var contentType: String? { self.codec.contentType }

    package func value<Other>(as type: Other.Type) -> Other? {
        // Compared first, so that an optional or a protocol does not match by conversion.
        guard ObjectIdentifier(type) == self.typeID else { return nil }
        return self.value as? Other
    }

    package func bytes() throws -> [UInt8] {
        // The one place where the user's code runs under a lock of ours: threads that come first together wait for the
        // one that encodes, so that a value is encoded once. The mutex is this box's own and nothing else takes it, and
        // the box does not hand itself to the codec: a value, made before its box, does not know it. So encoding can
        // neither come back here nor hold up anything but those who want these very bytes. A failure is not kept: the
        // next caller tries again.
        try self.encoded.withLock { encoded in
            if let bytes = encoded { return bytes }
            let bytes = try self.codec.encode(self.value)
            encoded = bytes
            return bytes
        }
    }
}
