// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a provider knows about a topic.
public struct TopicInfo: Sendable, Hashable {
    /// The topic that is described.
    public var topic: Topic
    /// The settings that the topic has.
    public var configuration: TopicConfiguration
    /// How many subscriptions would get a message that is published to it.
    public var subscriptionCount: Int
    /// What there is of the topic's history; nil for a topic that keeps none.
    public var history: History?

    /// What there is of a topic's history.
    public struct History: Sendable, Hashable {
        /// How many messages are kept.
        public var count: Int
        /// How many bytes are kept, as ``Retention/maximumBytes`` counts them.
        public var bytes: Int
        /// The offset of the oldest message that is kept, by partition; that of the next message where none is.
        public var earliestOffsets: [Int64]
        /// The offset that the next message gets, by partition.
        public var nextOffsets: [Int64]

        /// Creates a description, for those who write a provider.
        public init(count: Int, bytes: Int, earliestOffsets: [Int64], nextOffsets: [Int64]) {
            self.count = count
            self.bytes = bytes
            self.earliestOffsets = earliestOffsets
            self.nextOffsets = nextOffsets
        }
    }

    /// Creates a description, for those who write a provider.
    public init(topic: Topic, configuration: TopicConfiguration, subscriptionCount: Int, history: History? = nil) {
        self.topic = topic
        self.configuration = configuration
        self.subscriptionCount = subscriptionCount
        self.history = history
    }
}

/// What a provider knows about a subscription.
public struct SubscriptionInfo: Sendable, Hashable {
    /// The id of the subscription that is described.
    public var id: SubscriptionID
    /// The pattern that is listened to.
    public var pattern: TopicPattern
    /// What the subscription asked for.
    public var settings: SubscriptionSettings
    /// Whether the subscription is paused.
    public var isPaused: Bool
    /// How many messages wait for the subscription or its group, those that wait for their retry included.
    public var waiting: Int
    /// How many messages the subscription or its group has and has not settled.
    public var inFlight: Int

    /// Creates a description, for those who write a provider.
    public init(
        id: SubscriptionID,
        pattern: TopicPattern,
        settings: SubscriptionSettings,
        isPaused: Bool,
        waiting: Int,
        inFlight: Int
    ) {
        self.id = id
        self.pattern = pattern
        self.settings = settings
        self.isPaused = isPaused
        self.waiting = waiting
        self.inFlight = inFlight
    }
}
