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

    /// Creates a description, for those who write a provider.
    public init(topic: Topic, configuration: TopicConfiguration, subscriptionCount: Int) {
        self.topic = topic
        self.configuration = configuration
        self.subscriptionCount = subscriptionCount
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
