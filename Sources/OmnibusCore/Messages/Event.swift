// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A value that can be published as it is, because its type says where to.
///
/// Conforming takes one line, `static let topic: Topic = "agent.task.created"`; everything else has a default. The
/// instance requirements serve events whose topic, type, key or subject depends on what they hold. A `TopicPublisher`
/// does not take those with a topic of their own, because it looks up its route once.
public protocol Event: Codable, Sendable {
    /// The topic that events of this type are published to and subscribed at.
    static var topic: Topic { get }
    /// The kind of event; the topic's text unless said otherwise.
    static var type: EventType { get }
    /// The priority of events of this type; normal unless said otherwise.
    static var priority: Priority { get }

    /// The topic of this event; that of its type unless said otherwise.
    var eventTopic: Topic { get }
    /// The kind of this event; that of its type unless said otherwise.
    var eventType: EventType { get }
    /// The key by which this event is ordered and partitioned; none unless said otherwise.
    var eventKey: String? { get }
    /// What this event is about; none unless said otherwise. It serves as key where there is no key.
    var eventSubject: String? { get }
    /// A rough size in bytes, which bounds in bytes count while the event has not been encoded.
    var estimatedSize: Int { get }
}

extension Event {
    /// The kind of event where a type names none: the text of its topic.
    public static var type: EventType { EventType(rawValue: Self.topic.name) }

    /// The priority where a type names none: normal.
    @inlinable public static var priority: Priority { .normal }

    /// The topic where an event names none of its own: that of its type.
    @inlinable public var eventTopic: Topic { Self.topic }

    /// The kind where an event names none of its own: that of its type.
    @inlinable public var eventType: EventType { Self.type }

    /// No key, so that the subject serves as one where there is a subject.
    @inlinable public var eventKey: String? { nil }

    /// The subject where an event names none: nil.
    @inlinable public var eventSubject: String? { nil }

    /// The stride of the type, and 64 bytes for what it points to.
    @inlinable public var estimatedSize: Int { MemoryLayout<Self>.stride + 64 }
}
