// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents
public import OmnibusJSON

extension Payload {
    /// Returns the payload's bytes, encoding a JSON or typed value first.
    ///
    /// A typed value is encoded once, and later calls return the same bytes; a JSON value is written at every call.
    ///
    /// The bytes of a compressed payload are decompressed.
    ///
    /// - Throws: `.unencodable`, whose cause is the codec's error; for a compressed payload `.tooLarge`, or
    ///   `.undecodable`.
    public func bytes() throws(OmnibusError) -> [UInt8] {
        do {
            switch self.storage {
            case .bytes(let bytes): return bytes
            case .json(let value): return try value.bytes()
            case .typed(let payload): return try payload.bytes()
            }
        } catch let error as OmnibusError {
            throw error  // it says itself what to do
        } catch {
            throw OmnibusError(
                .unencodable,
                "the payload cannot be encoded as \(self.contentType ?? "bytes"); see the cause",
                advice: .deadLetter,
                cause: error
            )
        }
    }

    /// Returns the payload as a JSON value, parsing its bytes if it is not one already.
    ///
    /// - Throws: `.undecodable`, whose cause says where the bytes are no JSON, or as ``bytes()`` does.
    public func json() throws(OmnibusError) -> JSONValue {
        if case .json(let value) = self.storage { return value }
        let bytes = try self.bytes()
        do {
            return try JSONValue(parsing: bytes, limits: .payload)
        } catch {
            throw OmnibusError(
                .undecodable,
                "the payload is not JSON; see the cause",
                advice: .deadLetter,
                cause: error
            )
        }
    }

    /// The member of that name, if the payload is a JSON object that has one; bytes are parsed at every call.
    ///
    /// Whoever reads several members takes ``json()`` once.
    public subscript(name: String) -> JSONValue? {
        guard let value = try? self.json() else { return nil }
        return value[name]
    }

    /// Returns the value as it was published, without coding, if it is a typed payload of this very type.
    public func value<Value>(as type: Value.Type = Value.self) -> Value? {
        guard case .typed(let payload) = self.storage else { return nil }
        return payload.value(as: type)
    }

    /// Returns the payload as a value of this type: the published value itself where it is of this type, else decoded.
    ///
    /// - Throws: `.undecodable`, whose cause is the codec's error, or as ``bytes()`` does.
    public func decode<Value: Decodable>(
        as type: Value.Type = Value.self,
        codec: any PayloadCodec
    ) throws(OmnibusError) -> Value {
        switch self.storage {
        case .typed(let payload):
            if let value = payload.value(as: type) { return value }
        case .json(let json):
            if let value = json as? Value { return value }
        case .bytes:
            break
        }
        let bytes = try self.bytes()
        do {
            return try codec.decode(type, from: bytes)
        } catch {
            throw OmnibusError(
                .undecodable,
                "the payload (\(bytes.count) bytes) cannot be decoded as \(Value.self) by the codec for "
                    + "\(codec.contentType); see the cause",
                advice: .deadLetter,
                cause: error
            )
        }
    }
}

extension Payload: Equatable {
    /// Compares JSON values with each other as values, and everything else by bytes.
    ///
    /// A typed value is encoded for that; one that cannot be encoded is equal only to itself.
    public static func == (left: Payload, right: Payload) -> Bool {
        switch (left.storage, right.storage) {
        case (.bytes(let left), .bytes(let right)): return left == right
        case (.json(let left), .json(let right)): return left == right
        case (.typed(let left), .typed(let right)) where left === right: return true
        default: break
        }
        guard let leftBytes = try? left.bytes(), let rightBytes = try? right.bytes() else { return false }
        return leftBytes == rightBytes
    }
}

extension Payload: CustomStringConvertible {
    /// The kind of the payload; never what it holds.
    public var description: String {
        switch self.storage {
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .json: "JSON"
        case .typed(let payload): "value, \(payload.contentType ?? "bytes")"
        }
    }
}

extension JSONLimits {
    /// What a payload may be: nested as deep as the toolchain's own decoder takes it.
    package static let payload: JSONLimits = JSONLimits(depth: 512)
}
