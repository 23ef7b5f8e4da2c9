// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents
public import FoundationEssentials
import OmnibusJSON

/// The JSON codec for `Codable` payloads.
///
/// Dates are ISO 8601 texts in the form of RFC 3339, with as many fraction digits as the date has, and come back equal;
/// members keep the order in which the encoder writes them. Both can be configured. A `JSONValue` as the payload is
/// read and written by its own strict parser, which is faster and keeps the order of members.
///
/// A codec is used by many tasks at once and shares no coder between them: a `JSONEncoder` or `JSONDecoder` can be
/// configured by whoever holds it, so one is made for every value. That was measured to cost 50 to 70 nanoseconds,
/// where coding a value of three members takes 1,500 to 2,200.
public struct JSONCodec: PayloadCodec {
    /// The media type of what the codec writes, `application/json`.
    public let contentType: String = "application/json"

    private let makeEncoder: (@Sendable () -> JSONEncoder)?
    private let makeDecoder: (@Sendable () -> JSONDecoder)?

    /// Creates a codec with ISO 8601 dates.
    public init() {
        self.makeEncoder = nil
        self.makeDecoder = nil
    }

    /// Creates a codec that uses coders made by the given functions, one for every value.
    ///
    /// The functions are called by many tasks at once and return a new coder each time. One that is not given makes
    /// a coder with ISO 8601 dates.
    ///
    ///     JSONCodec(makeEncoder: {
    ///         let encoder = JSONEncoder()
    ///         encoder.keyEncodingStrategy = .convertToSnakeCase
    ///         return encoder
    ///     })
    public init(
        makeEncoder: (@Sendable () -> JSONEncoder)? = nil,
        makeDecoder: (@Sendable () -> JSONDecoder)? = nil
    ) {
        self.makeEncoder = makeEncoder
        self.makeDecoder = makeDecoder
    }

    /// Writes a value as JSON.
    ///
    /// - Throws: what `JSONEncoder`, or the value itself, throws.
    public func encode(_ value: some Encodable) throws -> [UInt8] {
        if let value = value as? JSONValue { return try value.bytes() }
        let encoder: JSONEncoder
        if let makeEncoder = self.makeEncoder {
            encoder = makeEncoder()
        } else {
            encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .custom { date, encoder in try Timestamp(date).encode(to: encoder) }
        }
        return [UInt8](try encoder.encode(value))
    }

    /// Reads a value from JSON.
    ///
    /// - Throws: what `JSONDecoder`, or the value itself, throws.
    public func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        if type == JSONValue.self {
            // As deep as `JSONDecoder` reads.
            let value = try JSONValue(parsing: Array(bytes), limits: JSONLimits(depth: 512))
            if let value = value as? Value { return value }
        }
        let decoder: JSONDecoder
        if let makeDecoder = self.makeDecoder {
            decoder = makeDecoder()
        } else {
            decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .custom { decoder in try Timestamp(from: decoder).date }
        }
        return try decoder.decode(type, from: Data(bytes))
    }
}
