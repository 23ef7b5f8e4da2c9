// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What has happened on a provider since it was made, and what is there now.
public struct BusMetrics: Sendable, Hashable {
    /// Publish calls: every one of them is in one of `routed`, `unrouted`, `duplicate`, `scheduled`, `refused` and
    /// `cancelled`.
    ///
    /// A call that waits for room, and that nobody has accepted yet, is counted when its outcome is known.
    public var published = 0
    /// Publish calls whose message was routed to at least one group or observer.
    public var routed = 0
    /// Publish calls that nobody listened to.
    public var unrouted = 0
    /// Publish calls that were refused before any queue had accepted the message.
    public var refused = 0
    /// Publish calls that were cancelled before any queue had accepted the message.
    ///
    /// Messages that waited for their time are among them, where they were cancelled or the bus ended before that.
    public var cancelled = 0
    /// Publish calls with a message that a deduplication window knew already.
    public var duplicate = 0
    /// Publish calls whose message waits for its time now; each of them is in another count later.
    public var scheduled = 0
    /// What the queues did, summed up.
    public var queues = QueueMetrics()
    /// How many topics there are that were created or have been published to and are remembered: of very many, the
    /// provider forgets those that came into being by themselves.
    public var topics = 0
    /// How many subscriptions there are.
    public var subscriptions = 0

    /// Creates metrics in which nothing has happened.
    public init() {}
}

/// What became of the messages that were offered to a queue.
///
/// At any time `offered` is the sum of `acknowledged`, `deadLettered`, `dropped`, `coalesced`, `refused`, `expired`,
/// `filtered`, `missed`, `abandoned` and `pending`; each message is in one of them.
public struct QueueMetrics: Sendable, Hashable {
    /// Messages that were routed to the queue, or redriven to it.
    public var offered = 0
    /// Messages that were handled.
    public var acknowledged = 0
    /// Messages that were given up on; those whose time to live was over are counted as `expired`.
    public var deadLettered = 0
    /// Messages whose time to live was over before they were handled.
    public var expired = 0
    /// Messages that an overflow policy dropped.
    public var dropped = 0
    /// Messages that were merged with a newer one, or into an older one, by an overflow policy.
    public var coalesced = 0
    /// Messages that the subscription's predicate did not want.
    public var filtered = 0
    /// Messages that retention removed before the reader had got to them.
    public var missed = 0
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

    /// What is offered and in none of the other counts: always 0.
    package var balance: Int {
        self.offered - self.acknowledged - self.deadLettered - self.expired - self.dropped - self.coalesced
            - self.filtered - self.missed - self.refused - self.abandoned - self.pending
    }

    /// Adds the counts of another queue.
    public static func += (left: inout QueueMetrics, right: QueueMetrics) {
        left.offered += right.offered
        left.acknowledged += right.acknowledged
        left.deadLettered += right.deadLettered
        left.expired += right.expired
        left.dropped += right.dropped
        left.coalesced += right.coalesced
        left.filtered += right.filtered
        left.missed += right.missed
        left.refused += right.refused
        left.abandoned += right.abandoned
        left.pending += right.pending
        left.inFlight += right.inFlight
        left.retried += right.retried
    }
}

/// What has happened on one topic: publish calls, but for those whose message waits for its time now.
public struct TopicMetrics: Sendable, Hashable {
    /// Publish calls to the topic.
    public var published = 0
    /// Publish calls that nobody listened to.
    public var unrouted = 0
    /// Publish calls that were refused before any queue had accepted the message.
    public var refused = 0
    /// Publish calls with a message that a deduplication window knew already.
    public var duplicate = 0
    /// Publish calls that were cancelled before any queue had accepted the message.
    public var cancelled = 0
    /// How many subscriptions would get a message that is published now.
    public var subscriptions = 0

    /// Creates metrics in which nothing has happened.
    public init() {}

    /// Publish calls whose message was routed to at least one group or observer.
    public var routed: Int { self.published - self.unrouted - self.refused - self.duplicate - self.cancelled }

    /// Adds the calls of another topic.
    public static func += (left: inout TopicMetrics, right: TopicMetrics) {
        left.published += right.published
        left.unrouted += right.unrouted
        left.refused += right.refused
        left.duplicate += right.duplicate
        left.cancelled += right.cancelled
        left.subscriptions += right.subscriptions
    }
}
