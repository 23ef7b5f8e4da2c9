// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a provider promises: the abilities that it has, and how far some of them go.
public struct ProviderCapabilities: Sendable, Hashable {
    /// The provider's name, as used in configurations and errors.
    public var provider: String
    /// The abilities that the provider has.
    public var abilities: Set<Capability>
    /// How far it keeps messages of one key apart.
    public var keyExclusivity: KeyExclusivity

    /// Creates a declaration of what a provider can do.
    public init(provider: String, abilities: Set<Capability>, keyExclusivity: KeyExclusivity = .none) {
        self.provider = provider
        self.abilities = abilities
        self.keyExclusivity = keyExclusivity
    }

    /// Whether the provider has an ability.
    public func has(_ capability: Capability) -> Bool {
        self.abilities.contains(capability)
    }

    /// Whether dead letters can be left to the provider: it has to be told of them.
    package var isKeepingDeadLetters: Bool { self.has(.deadLetters) && self.has(.acknowledgement) }

    /// The same, without what a provider cannot do that is never told what became of a message.
    ///
    /// Keys it can keep apart only by sending each of them to one member.
    package var withoutWhatNeedsAcknowledgement: Self {
        guard !self.has(.acknowledgement) else { return self }
        var capabilities = self
        capabilities.abilities.subtract([.deadLetters, .strictOrder])
        capabilities.keyExclusivity = min(self.keyExclusivity, .byStableAssignment)
        return capabilities
    }
}

/// The name of one ability of a provider.
///
/// Adapters may add names of their own.
public struct Capability: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The name of the ability, such as `wildcards`.
    public let rawValue: String

    /// Creates an ability from its name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The name of the ability, for people.
    public var description: String { self.rawValue }

    /// The ability to subscribe with the wildcards `*` and `#`.
    public static let wildcards = Self(rawValue: "wildcards")
    /// The ability to subscribe to a topic and all below it, with `#` as the last word and no other wildcard.
    public static let prefixWildcards = Self(rawValue: "prefixWildcards")
    /// The ability to subscribe to every topic, with `#` alone.
    public static let everyTopic = Self(rawValue: "everyTopic")
    /// Subscriptions that share one stream of messages.
    public static let groups = Self(rawValue: "groups")
    /// The ability to publish without suspending the caller.
    public static let synchronousPublish = Self(rawValue: "synchronousPublish")
    /// The ability to create, change and delete topics.
    public static let topicAdministration = Self(rawValue: "topicAdministration")
    /// The ability to have topics with several partitions.
    public static let partitions = Self(rawValue: "partitions")
    /// The ability to describe topics: settings and counts.
    public static let topicInfo = Self(rawValue: "topicInfo")
    /// The ability to describe subscriptions: settings and state.
    public static let subscriptionInfo = Self(rawValue: "subscriptionInfo")
    /// Ending a subscription by its id.
    public static let unsubscribeByID = Self(rawValue: "unsubscribeByID")
    /// The ability to pause and resume a subscription.
    public static let pause = Self(rawValue: "pause")
    /// Counting what happens on the provider.
    public static let metrics = Self(rawValue: "metrics")
    /// Counting what happens on one topic.
    public static let topicMetrics = Self(rawValue: "topicMetrics")
    /// Keeping what was handed out until it is acknowledged, and handing it out again where its receiver is gone.
    ///
    /// A provider without it takes a message as handled when it has handed it out.
    public static let acknowledgement = Self(rawValue: "acknowledgement")
    /// Counting how often a message was handed out, and telling with each delivery.
    public static let attemptCount = Self(rawValue: "attemptCount")
    /// The ability to deliver a message again after a delay.
    public static let delayedRedelivery = Self(rawValue: "delayedRedelivery")
    /// Taking back deliveries that are not settled in time.
    public static let ackDeadline = Self(rawValue: "ackDeadline")
    /// Giving up on messages whose time to live is over.
    public static let timeToLive = Self(rawValue: "timeToLive")
    /// Letting critical messages overtake a backlog.
    public static let priority = Self(rawValue: "priority")
    /// Keeping the messages that were given up on.
    public static let deadLetters = Self(rawValue: "deadLetters")
    /// Keeping messages of one key apart, the name under which too little of it is reported.
    public static let keyExclusivity = Self(rawValue: "keyExclusivity")
    /// Knowing at publish how many subscriptions a message goes to.
    public static let matchCount = Self(rawValue: "matchCount")
    /// Bounds on queues, with the overflow policies.
    public static let overflow = Self(rawValue: "overflow")
    /// Groups that handle one message after the other, each to its end, whichever member has it.
    public static let strictOrder = Self(rawValue: "strictOrder")
    /// Throttles and circuit breakers of groups.
    public static let throttle = Self(rawValue: "throttle")
    /// Topics that keep a history in memory.
    public static let retainedTopics = Self(rawValue: "retainedTopics")
    /// Topics that keep a history in a journal.
    public static let persistentTopics = Self(rawValue: "persistentTopics")
    /// Starting to read elsewhere than at the latest message.
    public static let startPositions = Self(rawValue: "startPositions")
    /// Noticing that a message with an id of its own is published again, within a window.
    public static let deduplication = Self(rawValue: "deduplication")
    /// Asking a subscription's predicate before a message takes room in its queue.
    public static let predicates = Self(rawValue: "predicates")
    /// Delivering a message after or at a time, which can be cancelled until then.
    public static let scheduling = Self(rawValue: "scheduling")
    /// Refusing a publish when the topic is not at the offset that the publisher expects.
    public static let expectedSequence = Self(rawValue: "expectedSequence")
    /// Refusing publishers and subscribers that a topic does not name.
    public static let accessControl = Self(rawValue: "accessControl")
}

/// How far a provider goes in handling messages of one key one at a time.
public enum KeyExclusivity: Int, Sendable, Hashable, Comparable {
    /// Two members of a group may handle the same key at once.
    case none
    /// Members in one process never do.
    case perProcess
    /// Each key is assigned to one member while the membership does not change.
    case byStableAssignment
    /// No two members anywhere ever do.
    case global

    /// Tells whether one goes less far than another.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
