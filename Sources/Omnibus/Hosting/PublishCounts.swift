// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts the publish calls of a bus whose provider does not.
final class PublishCounts: Sendable {
    private struct State {
        var topics: [Topic: TopicMetrics] = [:]
        /// The calls to topics that are not told apart, because there are too many of them.
        var others = TopicMetrics()
    }

    /// How many topics are told apart.
    private static let topicLimit = 4_096

    private let state = Mutex(State())

    /// Counts a call that was accepted; where the provider cannot tell who listens, somebody does.
    func accepted(_ topic: Topic, _ receipt: PublishReceipt) {
        self.count(topic) { metrics in
            if receipt.matched == 0 { metrics.unrouted += 1 }
        }
    }

    /// Counts a call that was refused, or cancelled.
    func failed(_ topic: Topic) {
        self.count(topic) { $0.refused += 1 }
    }

    private func count(_ topic: Topic, _ change: (inout TopicMetrics) -> Void) {
        self.state.withLock { state in
            if state.topics[topic] == nil, state.topics.count >= Self.topicLimit {
                state.others.published += 1
                change(&state.others)
            } else {
                state.topics[topic, default: TopicMetrics()].published += 1
                change(&state.topics[topic, default: TopicMetrics()])
            }
        }
    }

    /// The calls, by topic and all together.
    var standing: BusStanding {
        let (topics, others) = self.state.withLock { ($0.topics, $0.others) }
        var sum = others
        for metrics in topics.values { sum += metrics }
        var standing = BusStanding()
        standing.topics = topics
        standing.otherTopics = others
        standing.metrics.published = sum.published
        standing.metrics.unrouted = sum.unrouted
        standing.metrics.refused = sum.refused
        standing.metrics.routed = sum.routed
        return standing
    }
}
