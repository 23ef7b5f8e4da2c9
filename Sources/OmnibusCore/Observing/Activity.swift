// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// One thing that a bus has done with one message: for people who look for a fault, and for tools.
///
/// It says everything about the message but its payload and its headers.
public struct Activity: Sendable {
    /// What was done with the message, as a value that a program can compare.
    ///
    /// The set is open: minor releases add kinds.
    public struct Kind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The name of the kind, such as `EVENT_EMITTED`: the first word of the line.
        public let rawValue: String

        /// Creates a kind from its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The name of the kind, for people.
        public var description: String { self.rawValue }

        /// A message was published and accepted, be it that nobody listens.
        public static let emitted = Self(rawValue: "EVENT_EMITTED")
        /// A message was handed to a handler or a sequence.
        public static let delivered = Self(rawValue: "EVENT_DELIVERED")
        /// A delivery was settled: the message was handled.
        public static let acknowledged = Self(rawValue: "EVENT_ACKNOWLEDGED")
        /// A delivery was settled: the attempt has failed and the message comes again.
        public static let retried = Self(rawValue: "EVENT_RETRIED")
        /// A delivery was settled: the message was given up on.
        public static let deadLettered = Self(rawValue: "EVENT_DEAD_LETTERED")
        /// A delivery was settled: the message went back as it was, no attempt being counted.
        public static let returned = Self(rawValue: "EVENT_RETURNED")
        /// A delivery's deadline was set anew.
        public static let extended = Self(rawValue: "EVENT_EXTENDED")
    }

    /// What was done.
    public var kind: Kind
    /// When, by the bus's clock.
    public var time: Timestamp
    /// The message's id.
    public var messageID: MessageID
    /// Where the message was published.
    public var topic: Topic
    /// The message's type.
    public var type: EventType
    /// The message's key; nil where it has none.
    public var key: String?
    /// What all messages of one piece of work have in common; nil where nothing was set.
    public var correlationID: MessageID?
    /// The message that caused this one; nil where none has.
    public var causationID: MessageID?
    /// How many queues and observers have the message now, for one that was emitted; nil where that is not known.
    public var matched: Int?
    /// The subscription that the message was delivered to; nil for one that was emitted.
    public var subscription: SubscriptionID?
    /// What that subscription listens to.
    public var pattern: TopicPattern?
    /// The group of that subscription.
    public var group: String?
    /// Which attempt it is; the first is 1. Nil for a message that was emitted.
    public var attempt: Int?
    /// How long a message that comes again waits before that; nil is not at all.
    public var delay: Duration?
    /// Why a message comes again or was given up on: the reason's name, or the type of the error and its code.
    public var reason: String?
    /// How many activities before this one the reader has missed, because it was too slow.
    public var missed = 0

    /// Creates an activity of a message, for those who write a provider.
    public init(_ kind: Kind, _ message: Message, at time: Timestamp) {
        self.kind = kind
        self.time = time
        self.messageID = message.id
        self.topic = message.topic
        self.type = message.type
        self.key = message.key
        self.correlationID = message.storedCorrelationID
        self.causationID = message.causationID
    }
}

extension Activity: CustomStringConvertible {
    /// One line: the kind, and then names and values as in `topic=agent.task.created`.
    ///
    /// A value with a space, a quotation mark, an equals sign, a backslash or a character that cannot be seen is a string
    /// of JSON, in which what cannot be seen is escaped.
    public var description: String {
        var line = self.kind.rawValue
        func add(_ name: String, _ value: (some CustomStringConvertible)?) {
            guard let value else { return }
            line += " \(name)=\(LogText.word(value.description))"
        }
        add("time", self.time)
        add("topic", self.topic)
        add("id", self.messageID)
        if self.type.rawValue != self.topic.name { add("type", self.type.rawValue) }
        add("key", self.key)
        add("correlation", self.correlationID)
        add("cause", self.causationID)
        add("matched", self.matched)
        add("subscription", self.subscription?.rawValue)
        if let pattern = self.pattern, pattern.name != self.topic.name { add("pattern", pattern) }
        add("group", self.group)
        add("attempt", self.attempt)
        add("delay", self.delay)
        add("reason", self.reason)
        if self.missed > 0 { add("missed", self.missed) }
        return line
    }
}
