// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Who publishes and listens on a bus, as it was when it was asked: topics, subscriptions, and what is between them.
///
/// It can be shown as text, JSON, Mermaid and Graphviz.
public struct BusTopology: Sendable, Hashable {
    /// A topic that was published to, created, or is listened to by its name.
    public struct TopicNode: Sendable, Hashable {
        /// The topic.
        public var topic: Topic
        /// How long its messages are kept.
        public var durability: TopicConfiguration.Durability
        /// How many publish calls there were; nil where nobody has counted.
        public var published: Int?
        /// How many of them nobody listened to; nil where nobody has counted.
        public var unrouted: Int?

        /// Creates a node.
        public init(
            _ topic: Topic,
            durability: TopicConfiguration.Durability = .ephemeral,
            published: Int? = nil,
            unrouted: Int? = nil
        ) {
            self.topic = topic
            self.durability = durability
            self.published = published
            self.unrouted = unrouted
        }
    }

    /// A subscription of the bus.
    public struct SubscriptionNode: Sendable, Hashable {
        /// The subscription.
        public var id: SubscriptionID
        /// What takes its messages.
        public var kind: SubscriptionKind
        /// What it listens to.
        public var pattern: TopicPattern
        /// The group whose members share the messages; nil for a subscription of its own.
        public var group: String?
        /// The name of what messages are forwarded to; nil for anything but a sink.
        public var name: String?
        /// The call that subscribed.
        public var callSite: CallSite?
        /// How many messages are handled at once.
        public var concurrency: Int
        /// Whether it is paused.
        public var isPaused: Bool
        /// What has become of the messages of its queue, which a group shares; nil where the queue is elsewhere.
        public var metrics: QueueMetrics?

        /// Creates a node.
        public init(
            _ id: SubscriptionID,
            kind: SubscriptionKind,
            pattern: TopicPattern,
            group: String? = nil,
            name: String? = nil,
            callSite: CallSite? = nil,
            concurrency: Int = 1,
            isPaused: Bool = false,
            metrics: QueueMetrics? = nil
        ) {
            self.id = id
            self.kind = kind
            self.pattern = pattern
            self.group = group
            self.name = name
            self.callSite = callSite
            self.concurrency = concurrency
            self.isPaused = isPaused
            self.metrics = metrics
        }
    }

    /// Where the bus's messages come from.
    public var source: String
    /// The name of the provider.
    public var provider: String
    /// The topics, by name.
    public var topics: [TopicNode]
    /// How many topics there are beyond those.
    public var otherTopics: Int
    /// The subscriptions, in the order in which they came.
    public var subscriptions: [SubscriptionNode]
    /// The names of what every publish runs through, the outermost first.
    public var publishTransforms: [String]
    /// The names of what every attempt at handling runs through, the outermost first.
    public var handleTransforms: [String]

    /// Creates a snapshot.
    public init(
        source: String,
        provider: String,
        topics: [TopicNode] = [],
        otherTopics: Int = 0,
        subscriptions: [SubscriptionNode] = [],
        publishTransforms: [String] = [],
        handleTransforms: [String] = []
    ) {
        self.source = source
        self.provider = provider
        self.topics = topics
        self.otherTopics = otherTopics
        self.subscriptions = subscriptions
        self.publishTransforms = publishTransforms
        self.handleTransforms = handleTransforms
    }

    /// Which subscriptions would get a message of a topic, predicates aside.
    public func subscriptions(of topic: Topic) -> [SubscriptionNode] {
        self.subscriptions.filter { $0.pattern.matches(topic) }
    }
}

extension BusTopology.SubscriptionNode {
    /// What the subscription is called in a picture: its kind, its group or name, and its call site.
    var label: String {
        var label = self.kind.rawValue
        // Names are a user's texts: nothing in them may end a line, or look like another one.
        if let name = self.name { label += " \(LogText.sentence(name))" }
        if let group = self.group { label += " of group \(LogText.sentence(group))" }
        if let callSite = self.callSite { label += " at \(LogText.sentence(callSite.description))" }
        return label
    }

    /// The counts that say most.
    var counts: String? {
        guard let metrics = self.metrics else { return nil }
        var counts = ["\(metrics.acknowledged) handled"]
        if metrics.pending > 0 { counts.append("\(metrics.pending) waiting") }
        if metrics.inFlight > 0 { counts.append("\(metrics.inFlight) in flight") }
        if metrics.retried > 0 { counts.append("\(metrics.retried) retried") }
        if metrics.deadLettered > 0 { counts.append("\(metrics.deadLettered) dead-lettered") }
        if metrics.dropped > 0 { counts.append("\(metrics.dropped) dropped") }
        return counts.joined(separator: ", ")
    }
}
