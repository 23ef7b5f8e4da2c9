// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something that whoever runs the bus should know about, although no call has failed because of it.
///
/// Signals go to the handlers of `bus.onSignal`, at once and in the thread where the thing happened.
public struct BusSignal: Sendable {
    /// What has happened, as a value that a program can compare.
    ///
    /// The set is open: minor releases add kinds.
    public struct Kind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The name of the kind, such as `slow`.
        public let rawValue: String

        /// Creates a kind from its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The name of the kind, for people.
        public var description: String { self.rawValue }
    }

    /// What has happened.
    public var kind: Kind
    /// The queue where it happened, with the call site of the subscription; nil where it is about no queue.
    public var queue: QueueIdentity?
    /// The topic that it is about; nil where it is about none.
    public var topic: Topic?
    /// The message that it is about; nil where it is about none, or about several.
    public var messageID: MessageID?
    /// How many messages it is about.
    public var count: Int
    /// A sentence for people: what has happened, and what can be done. It never quotes a payload.
    public var message: String

    /// Creates a signal, for those who write a provider.
    public init(
        _ kind: Kind,
        queue: QueueIdentity? = nil,
        topic: Topic? = nil,
        messageID: MessageID? = nil,
        count: Int = 1,
        message: String
    ) {
        self.kind = kind
        self.queue = queue
        self.topic = topic
        self.messageID = messageID
        self.count = count
        self.message = message
    }
}

extension BusSignal: CustomStringConvertible {
    /// The kind, the queue where there is one, and the sentence.
    public var description: String {
        guard let queue = self.queue else { return "\(self.kind): \(self.message)" }
        return "\(self.kind) \(queue): \(self.message)"
    }
}

extension BusSignal.Kind {
    /// A message was published that nobody listened to.
    public static let unrouted = Self(rawValue: "unrouted")
    /// A queue is three quarters full, in messages or in bytes, or no more may wait behind one of its keys, because its
    /// handlers are slower than its publishers.
    ///
    /// It is sent once, and again only after the queue has been down to a quarter; `count` is how many wait.
    public static let slow = Self(rawValue: "slow")
    /// An overflow policy has begun to drop messages; `count` is how many the queue has dropped in all.
    public static let dropping = Self(rawValue: "dropping")
    /// A dead letter had to make room for a newer one and is lost.
    public static let evicted = Self(rawValue: "evicted")
    /// Retention has removed messages that a reader had not seen yet; `count` is how many.
    public static let gap = Self(rawValue: "gap")
    /// A circuit breaker has opened: the queue hands nothing over for a while.
    public static let breakerOpened = Self(rawValue: "breakerOpened")
    /// A circuit breaker has closed again.
    public static let breakerClosed = Self(rawValue: "breakerClosed")
    /// A message that was enqueued has not been accepted, which its receipt says too.
    public static let unpublished = Self(rawValue: "unpublished")
    /// A message was given up on and is kept as a dead letter.
    public static let deadLettered = Self(rawValue: "deadLettered")
    /// A handler has not returned although its time is over and it was cancelled.
    public static let stuck = Self(rawValue: "stuck")
}

/// Which queue something is about: what it listens to, for whom, and who subscribed where.
public struct QueueIdentity: Sendable, Hashable, CustomStringConvertible {
    /// The pattern that the queue listens to.
    public var pattern: TopicPattern
    /// The group whose members share the queue; nil for a subscription of its own.
    public var group: String?
    /// The call that subscribed first.
    public var callSite: CallSite?

    /// Creates an identity, for those who write a provider.
    public init(pattern: TopicPattern, group: String?, callSite: CallSite?) {
        self.pattern = pattern
        self.group = group
        self.callSite = callSite
    }

    /// The queue's name in errors and reports.
    public var description: String {
        let group = self.group.map { "group '\($0)' of " } ?? ""
        let place = self.callSite.map { " (subscribed at \($0))" } ?? ""
        return "\(group)'\(self.pattern)'\(place)"
    }
}
