// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// What has happened on a bus until now: the whole, by topic, by subscription, and what the program itself has measured.
///
/// Only so many topics and subscriptions are told apart; what belongs to the others is in one entry, whose topic or
/// queue is nil, and which comes last. So the entries of a list always add up to the whole.
public struct MetricsSnapshot: Sendable {
    /// When the snapshot was taken.
    public var time: Timestamp
    /// For how long the counts had been counted then: since the in-memory broker was made, which buses may share, and since
    /// the bus was made over another provider.
    public var uptime: Duration
    /// The counts of the whole bus, exact.
    public var bus: BusMetrics
    /// What waited on the whole bus: all messages, and the age of the oldest.
    public var lag: MessageLag
    /// How long deliveries took on the whole bus; nil where latency is not measured.
    public var latency: LatencyMetrics?
    /// What was published to each topic, by the topic's name; those of the system are left out.
    public var topics: [TopicSeries]
    /// What became of the messages of each queue, the oldest queue first; queues that have ended are in the last entry.
    public var subscriptions: [SubscriptionSeries]
    /// What was measured by `track`, by name.
    public var operations: [OperationSeries]
    /// The program's own counters and gauges, by name.
    public var values: [ValueSeries]

    /// Creates a snapshot, for those who keep one of their own.
    public init(
        time: Timestamp,
        uptime: Duration,
        bus: BusMetrics,
        lag: MessageLag = MessageLag(),
        latency: LatencyMetrics? = nil,
        topics: [TopicSeries] = [],
        subscriptions: [SubscriptionSeries] = [],
        operations: [OperationSeries] = [],
        values: [ValueSeries] = []
    ) {
        self.time = time
        self.uptime = uptime
        self.bus = bus
        self.lag = lag
        self.latency = latency
        self.topics = topics
        self.subscriptions = subscriptions
        self.operations = operations
        self.values = values
    }

    /// The whole bus in the five numbers of A2A-ACP's event system.
    public var events: EventMetrics { EventMetrics(self.bus, delivery: self.latency?.delivery) }

    /// How much was published and handled in each second of ``uptime``.
    public var throughput: Throughput {
        Throughput(
            published: self.bus.published,
            delivered: self.bus.queues.acknowledged,
            failed: self.bus.queues.failed,
            over: self.uptime
        )
    }

    /// How much was published and handled in each second since an earlier snapshot of the same bus.
    public func throughput(since earlier: MetricsSnapshot) -> Throughput {
        Throughput(
            published: self.bus.published - earlier.bus.published,
            delivered: self.bus.queues.acknowledged - earlier.bus.queues.acknowledged,
            failed: self.bus.queues.failed - earlier.bus.queues.failed,
            over: self.uptime - earlier.uptime
        )
    }
}

/// Messages in a second.
public struct Throughput: Sendable, Hashable {
    /// Publish calls.
    public var published: Double
    /// Messages that were handled.
    public var delivered: Double
    /// Messages that were not handled and will not be.
    public var failed: Double

    /// Divides counts by a time; no time at all makes zeros.
    public init(published: Int, delivered: Int, failed: Int, over time: Duration) {
        let seconds = time.inSeconds
        self.published = seconds > 0 ? Double(published) / seconds : 0
        self.delivered = seconds > 0 ? Double(delivered) / seconds : 0
        self.failed = seconds > 0 ? Double(failed) / seconds : 0
    }
}

/// What waits for somebody to handle it.
public struct MessageLag: Sendable, Hashable {
    /// How many messages wait, those that wait for their retry and those that a reader has not read included.
    public var messages: Int
    /// How long ago the oldest of them was accepted; zero where nothing waits.
    public var age: Duration

    /// Creates a lag from its values; there is none unless said otherwise.
    public init(messages: Int = 0, age: Duration = .zero) {
        self.messages = messages
        self.age = age
    }

    package init(_ queue: QueueStanding, now: Timestamp) {
        self.init(
            messages: queue.waiting,
            // The wall clock may have been set back meanwhile.
            age: queue.oldest.map { max($0.duration(to: now), .zero) } ?? .zero
        )
    }

    /// Adds messages that wait elsewhere; the older age counts.
    public static func += (left: inout MessageLag, right: MessageLag) {
        left.messages += right.messages
        left.age = max(left.age, right.age)
    }
}

/// How long deliveries took.
public struct LatencyMetrics: Sendable, Hashable {
    /// From a message's acceptance to its acknowledgement, for each message that was handled.
    public var delivery = LatencyHistogram()
    /// From a handler's start to its end, for each attempt, whether it failed or not.
    public var handling = LatencyHistogram()

    /// Creates metrics in which nothing is recorded.
    public init() {}

    /// Adds what was recorded elsewhere.
    public static func += (left: inout LatencyMetrics, right: LatencyMetrics) {
        left.delivery += right.delivery
        left.handling += right.handling
    }
}

/// What has happened on one topic, or on all those that are not told apart.
public struct TopicSeries: Sendable, Hashable {
    /// The topic; nil for all those that have no entry of their own.
    public var topic: Topic?
    /// What was published to it.
    public var metrics: TopicMetrics
    /// How long its deliveries took; nil where latency is not measured.
    public var latency: LatencyMetrics?

    /// Creates an entry from its values.
    public init(topic: Topic?, metrics: TopicMetrics, latency: LatencyMetrics? = nil) {
        self.topic = topic
        self.metrics = metrics
        self.latency = latency
    }
}

/// What became of the messages of one queue: of a subscription or a group, or of all those that are not told apart.
public struct SubscriptionSeries: Sendable, Hashable {
    /// The queue; nil for all those that have no entry of their own.
    public var queue: QueueIdentity?
    /// The subscription, where it has the queue for itself; nil for a group.
    public var subscription: SubscriptionID?
    /// What became of the messages that were offered to the queue.
    public var metrics: QueueMetrics
    /// What waits there.
    public var lag: MessageLag
    /// How long its deliveries took; nil where latency is not measured.
    public var latency: LatencyMetrics?

    /// Creates an entry from its values.
    public init(
        queue: QueueIdentity?,
        subscription: SubscriptionID? = nil,
        metrics: QueueMetrics,
        lag: MessageLag = MessageLag(),
        latency: LatencyMetrics? = nil
    ) {
        self.queue = queue
        self.subscription = subscription
        self.metrics = metrics
        self.lag = lag
        self.latency = latency
    }
}

/// What was measured of one operation of the program's.
public struct OperationSeries: Sendable, Hashable {
    /// What the program calls it; `other` for all those that have no entry of their own.
    public var name: String
    /// How long it took, whether it failed or not.
    public var duration: LatencyHistogram
    /// How often it has thrown an error.
    public var failures: Int

    /// Creates an entry from its values.
    public init(name: String, duration: LatencyHistogram, failures: Int) {
        self.name = name
        self.duration = duration
        self.failures = failures
    }
}

/// The value of one counter or gauge of the program's.
public struct ValueSeries: Sendable, Hashable {
    /// What a value is.
    public enum Value: Sendable, Hashable {
        /// How often something has happened; it never goes down.
        case counter(UInt64)
        /// How much of something there is.
        case gauge(Double)
    }

    /// The name of the metric, without the `_total` of a counter.
    public var name: String
    /// What the metric says.
    public var help: String
    /// What tells the series of one metric apart; `other` in all of them for those that have no entry of their own.
    public var labels: [String: String]
    /// The value now.
    public var value: Value

    /// Creates an entry from its values.
    public init(name: String, help: String, labels: [String: String], value: Value) {
        self.name = name
        self.help = help
        self.labels = labels
        self.value = value
    }
}
