// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

/// What has happened on a bus and how its queues stand, before anybody has decided which of it is shown on its own.
package struct BusStanding: Sendable {
    package var metrics = BusMetrics()
    /// For how long this has been counted; nil where whoever asks has to know.
    package var age: Duration?
    /// The queues that have not ended, the oldest first.
    package var queues: [QueueStanding] = []
    /// What became of the messages of all others: with those, it is `metrics.queues`.
    package var ended = QueueMetrics()
    /// What was published to each topic that is known.
    package var topics: [Topic: TopicMetrics] = [:]
    /// What was published to all others.
    package var otherTopics = TopicMetrics()

    package init() {}
}

/// How one queue stands.
package struct QueueStanding: Sendable {
    package var identity: QueueIdentity
    /// The subscriptions that share it, the first one to join first.
    package var members: [SubscriptionID]
    package var metrics: QueueMetrics
    /// How many messages wait.
    package var waiting: Int
    /// When the oldest of them was accepted.
    package var oldest: Timestamp?

    package init(
        identity: QueueIdentity,
        members: [SubscriptionID],
        metrics: QueueMetrics,
        waiting: Int,
        oldest: Timestamp?
    ) {
        self.identity = identity
        self.members = members
        self.metrics = metrics
        self.waiting = waiting
        self.oldest = oldest
    }

    /// Adds what the queue has not read of a history.
    package mutating func add(unread count: Int, oldest: Timestamp?) {
        self.waiting += count
        self.oldest = [self.oldest, oldest].compactMap { $0 }.min()
    }
}
