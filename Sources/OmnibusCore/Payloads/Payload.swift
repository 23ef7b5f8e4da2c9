// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents
public import OmnibusJSON

/// What a message carries: bytes, a JSON value, or a Swift value that is encoded only when its bytes are asked for.
///
/// ```swift
/// let message = Message(topic: "tasks", payload: ["action": "analyze", "pages": 12])
/// message.payload["action"]          // "analyze"
/// ```
///
/// A typed value that is published and handled in one process is never encoded. Otherwise it is encoded once, however
/// many ask for its bytes together, and later calls return the same bytes.
public struct Payload: Sendable {
    /// The form in which a payload is held: bytes, a JSON value or a Swift value.
    public enum Storage: Sendable {
        /// Bytes whose meaning the message's content type tells.
        case bytes([UInt8])
        /// A JSON value, written as bytes where these are asked for.
        case json(JSONValue)
        /// A Swift value and the codec for it.
        case typed(any TypedPayload)
    }

    /// The form in which the payload is held: bytes, a JSON value or a Swift value.
    public let storage: Storage

    /// A payload of no bytes at all.
    public static let empty = Payload(bytes: [])

    /// Creates a payload held in this way.
    public init(storage: Storage) {
        self.storage = storage
    }

    /// Creates a payload of bytes.
    public init(bytes: some Sequence<UInt8>) {
        self.storage = .bytes(Array(bytes))
    }

    /// Creates a payload of a JSON value.
    public init(json: JSONValue) {
        self.storage = .json(json)
    }

    /// Creates a payload of a Swift value, which the codec encodes when its bytes are asked for.
    public init<Value: Encodable & Sendable>(_ value: Value, codec: any PayloadCodec) {
        self.storage = .typed(TypedBox(value, codec: codec))
    }

    /// The media type that the payload knows of itself: that of its codec, `application/json`, or nil for bytes.
    public var contentType: String? {
        switch self.storage {
        case .bytes: nil
        case .json: Self.jsonContentType
        case .typed(let payload): payload.contentType
        }
    }

    package static let jsonContentType = "application/json"

    /// The size in bytes, exact for bytes and a guess otherwise; encodes nothing.
    ///
    /// Complexity: constant, except for JSON values, which are walked through.
    public var estimatedSize: Int {
        switch self.storage {
        case .bytes(let bytes): bytes.count
        case .json(let value): Self.estimatedSize(of: value)
        case .typed(let payload): Self.bounded(payload.estimatedSize)
        }
    }

    /// A size that a type of the user's has estimated, within what sums of sizes can hold.
    package static func bounded(_ size: Int) -> Int { min(max(0, size), Int(UInt32.max)) }

    /// What a value of this type counts with while it is not encoded: its stride, and a constant for what it points to.
    package static func estimatedSize<Value>(of type: Value.Type) -> Int {
        MemoryLayout<Value>.stride + 64
    }

    /// Down to this depth a JSON value is walked by recursion, which is fast; deeper ones go on a list, as any depth may
    /// come and the stack is short.
    private static let recursionLimit = 64

    private static func estimatedSize(of value: JSONValue) -> Int {
        var deeper: [JSONValue] = []
        var size = self.estimatedSize(of: value, depth: 0, &deeper)
        while let value = deeper.popLast() { size += self.estimatedSize(of: value, depth: 0, &deeper) }
        return size
    }

    private static func estimatedSize(of value: JSONValue, depth: Int, _ deeper: inout [JSONValue]) -> Int {
        switch value {
        case .null, .bool: return 5
        case .integer, .number: return 8
        case .decimal(let decimal): return decimal.text.utf8.count
        case .string(let text): return text.utf8.count + 2
        case .array, .object: break
        }
        guard depth < self.recursionLimit else {
            deeper.append(value)
            return 0
        }
        var size = 2
        if case .array(let elements) = value {
            for element in elements { size += self.estimatedSize(of: element, depth: depth + 1, &deeper) + 1 }
        } else if case .object(let members) = value {
            for member in members {
                size += member.name.utf8.count + 4 + self.estimatedSize(of: member.value, depth: depth + 1, &deeper)
            }
        }
        return size
    }
}
