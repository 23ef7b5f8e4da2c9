// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

// A message is copied at every step of its path, so what every message has is inline and the rest is in one box that
// copies share. An ordinary message has no box, hence costs no allocation:
//
//    topic │ key │ payload │ id │ acceptedAt │ priority │ extras ──► type, source, subject, headers, …  (or nil)

/// What a broker routes: a payload on a topic, and what is known about it.
///
/// ```swift
/// var message = Message(topic: "tasks", payload: ["action": "analyze"])
/// message.priority = .high
/// try await bus.publish(message)
/// ```
///
/// A message is a value: changing a copy changes nothing else. It is not `Codable`, so that it cannot be published as
/// a payload by mistake; ``serialize()`` writes it and ``init(deserializing:)`` reads it.
public struct Message: Sendable {
    /// The topic that the message is published to.
    public var topic: Topic
    /// What chooses the message's partition, where one key's messages keep their order; nil means ``subject``, if any.
    public var key: String?
    /// What the message carries: bytes, a JSON value or a Swift value.
    public var payload: Payload
    /// The message's identity; the empty id until the message is accepted, unless the publisher gives it one.
    public var id: MessageID
    /// The time at which a broker accepted the message; nil before.
    public var acceptedAt: Timestamp?
    /// How urgent the message is, against others in the same queue.
    public var priority: Priority
    /// The rare fields; nil if none was set.
    package var extras: MessageExtras?

    /// Creates a message that carries a payload to a topic.
    public init(topic: Topic, key: String? = nil, payload: Payload) {
        self.topic = topic
        self.key = key
        self.payload = payload
        self.id = .unassigned
        self.acceptedAt = nil
        self.priority = .normal
        self.extras = nil
    }

    /// Creates a message that carries bytes.
    public init(topic: Topic, key: String? = nil, bytes: some Sequence<UInt8>) {
        self.init(topic: topic, key: key, payload: Payload(bytes: bytes))
    }

    /// Creates a message that carries a Swift value, which the codec encodes when its bytes are asked for.
    public init<Value: Encodable & Sendable>(
        topic: Topic,
        key: String? = nil,
        value: Value,
        codec: any PayloadCodec
    ) {
        self.init(topic: topic, key: key, payload: Payload(value, codec: codec))
    }

    /// Puts a message together from its parts; several messages may share a box of rare fields.
    package init(
        topic: Topic,
        key: String?,
        payload: Payload,
        id: MessageID,
        acceptedAt: Timestamp?,
        priority: Priority,
        extras: MessageExtras?
    ) {
        self.topic = topic
        self.key = key
        self.payload = payload
        self.id = id
        self.acceptedAt = acceptedAt
        self.priority = priority
        self.extras = extras
    }

    /// Whether the message has an id already.
    package var hasID: Bool { self.id.isAssigned }

    /// What decides about order and partition: the key, or the subject where there is no key.
    package var routingKey: String? { self.key ?? self.extras?.fields.subject }

    /// A guess at the size of the message in bytes, exact in the payload if that is bytes; encodes nothing.
    public var estimatedSize: Int {
        var size = self.payload.estimatedSize + self.topic.name.utf8.count + (self.key?.utf8.count ?? 0)
        if let fields = self.extras?.fields {
            for header in fields.headers { size += header.estimatedSize }
            for text in [fields.type?.rawValue, fields.source, fields.subject, fields.contentType] {
                size += text?.utf8.count ?? 0
            }
        }
        return size
    }
}

extension Header {
    /// A guess at the size of the header in bytes.
    fileprivate var estimatedSize: Int {
        switch self.value {
        case .text(let text): self.name.utf8.count + text.utf8.count
        case .bytes(let bytes): self.name.utf8.count + bytes.count
        case .integer, .double, .boolean: self.name.utf8.count + 8
        }
    }
}

extension Message: CustomStringConvertible {
    /// The topic, the id and the kind of the payload; never what it holds.
    public var description: String {
        let id = self.hasID ? self.id.description : "no id"
        return "\(self.topic) (\(id), \(self.payload))"
    }
}
