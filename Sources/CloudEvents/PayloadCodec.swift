// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Turns typed payloads into bytes and back.
///
/// A codec is shared by all publishers and subscribers of a bus, so its two methods are called at the same time from
/// many tasks. They throw whatever error describes the problem best; a bus wraps it.
public protocol PayloadCodec: Sendable {
    /// The media type of the bytes, such as `application/json`.
    var contentType: String { get }

    /// Returns the bytes of a value.
    func encode(_ value: some Encodable) throws -> [UInt8]

    /// Returns the value that the bytes say.
    func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value
}
