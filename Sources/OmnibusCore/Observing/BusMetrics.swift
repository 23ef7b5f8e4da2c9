// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What has happened on a provider since it was made, and what is there now.
public struct BusMetrics: Sendable, Hashable {
    /// Publish calls: every one of them is in one of `routed`, `unrouted`, `refused`.
    public var published = 0
    /// Publish calls whose message was routed to at least one group or observer.
    public var routed = 0
    /// Publish calls that nobody listened to.
    public var unrouted = 0
    /// Publish calls that were refused, or cancelled, before any queue had accepted the message.
    public var refused = 0
    /// What the queues did, summed up.
    public var queues = QueueMetrics()
    /// How many topics there are that were created or have been published to.
    public var topics = 0
    /// How many subscriptions there are.
    public var subscriptions = 0

    /// Creates metrics in which nothing has happened.
    public init() {}
}

/// What became of the messages that were offered to a queue.
///
/// At any time `offered` is the sum of `acknowledged`, `deadLettered`, `dropped`, `refused`, `abandoned` and `pending`.
public struct QueueMetrics: Sendable, Hashable {
    /// Messages that were routed to the queue, or redriven to it.
    public var offered = 0
    /// Messages that were handled.
    public var acknowledged = 0
    /// Messages that were given up on, those whose time to live was over included.
    public var deadLettered = 0
    /// Messages that an overflow policy dropped.
    public var dropped = 0
    /// Messages that the queue did not take, because it was full.
    public var refused = 0
    /// Messages that were still there when the queue ended.
    public var abandoned = 0
    /// Messages that wait in the queue or are in flight now.
    public var pending = 0
    /// Messages in flight now, which `pending` includes.
    public var inFlight = 0
    /// Attempts that failed and were followed by another one.
    public var retried = 0

    /// Creates metrics in which nothing has happened.
    public init() {}

    /// Adds the counts of another queue.
    public static func += (left: inout QueueMetrics, right: QueueMetrics) {
        left.offered += right.offered
        left.acknowledged += right.acknowledged
        left.deadLettered += right.deadLettered
        left.dropped += right.dropped
        left.refused += right.refused
        left.abandoned += right.abandoned
        left.pending += right.pending
        left.inFlight += right.inFlight
        left.retried += right.retried
    }
}

/// What has happened on one topic.
public struct TopicMetrics: Sendable, Hashable {
    /// Publish calls to the topic.
    public var published = 0
    /// Publish calls that nobody listened to.
    public var unrouted = 0
    /// How many subscriptions would get a message that is published now.
    public var subscriptions = 0

    /// Creates metrics in which nothing has happened.
    public init() {}
}
