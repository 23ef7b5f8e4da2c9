// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore

/// Who listens to what, which topics there are, and what became of those who are gone: the broker's table.
struct Routing: Sendable {
    /// Those of one name and one pattern share a queue.
    struct GroupKey: Hashable {
        var group: String
        var pattern: TopicPattern
    }

    /// What a subscription is: a member of a queue, or an observer; and the token by which topics lead to it, so that
    /// nobody has to look for it among all of them.
    enum Listener: Sendable {
        case member(of: Lane, PatternTrie.Token, OwnSettings?)
        case observer(Observer, PatternTrie.Token)
        /// Somebody who sees what is accepted and does not count as listening.
        case tap(Observer, PatternTrie.Token)

        var pattern: TopicPattern {
            switch self {
            case .member(let lane, _, _): lane.pattern
            case .observer(let observer, _), .tap(let observer, _): observer.pattern
            }
        }
    }

    /// The settings of somebody who has joined a queue that another one has made; who has made it has the queue's.
    ///
    /// They stand by themselves, because a table has up to three places for each that is taken, and keeps them when all
    /// are gone.
    final class OwnSettings: Sendable {
        let value: SubscriptionSettings

        init(_ value: SubscriptionSettings) {
            self.value = value
        }
    }

    struct TopicRecord: Sendable {
        var configuration: TopicConfiguration
        var partitions: PartitionCounters?
        /// The topic's own window.
        var deduplication: DeduplicationStore?
        /// The place of the topic's history, where it keeps one.
        var logSlot: Int?
    }

    /// Topics that came into being by themselves are forgotten beyond this many, their counts staying in the totals.
    static let implicitTopicLimit = 65_536

    static let smallestEndingLimit = 64
    /// How many subscriptions may end before the routes are forgotten that still lead to them.
    static let rememberedEnds = 1_024

    var trie = PatternTrie()
    var lanes: [UInt32: Lane] = [:]
    var observers: [UInt32: Observer] = [:]
    var taps: [UInt32: Observer] = [:]
    var groups: [GroupKey: UInt32] = [:]
    var subscriptions: [SubscriptionID: Listener] = [:]
    var created: [Topic: TopicRecord] = [:]
    var implicit: [Topic: CallCounts] = [:]
    var deleted: Set<Topic> = []
    /// Counts of topics that were forgotten.
    var forgotten = CallCounts()
    /// Queues that have ended and whose last messages are still being handled.
    var ending: [Lane] = []
    /// How many of them there may be before it is looked which of them are done.
    var endingLimit = Self.smallestEndingLimit
    /// How many subscriptions have ended since the routes were last forgotten.
    var endedSinceForgetting = 0
    /// The counts of queues that are gone.
    var ended = QueueMetrics()
    var lastToken: UInt32 = 0
    var lastLane: UInt64 = 0
    var lastSubscription: UInt64 = 0
    var isClosed = false
    /// The stripes of publishers that have one of their own.
    var ownStripes: [ObjectIdentifier: PublishStripe] = [:]

    /// The names of publishers' defaults; index 0 has none.
    var origins: [MessageExtras?] = [nil]

    mutating func nextToken() -> UInt32 {
        repeat {
            self.lastToken &+= 1
        } while self.lanes[self.lastToken] != nil || self.observers[self.lastToken] != nil
            || self.taps[self.lastToken] != nil
        return self.lastToken
    }

    mutating func nextSubscriptionID() -> SubscriptionID {
        self.lastSubscription += 1
        return SubscriptionID(rawValue: "sub-\(self.lastSubscription)")
    }

    /// Makes the route of a topic.
    func route(
        for topic: Topic,
        generation: UInt64,
        maximumMessageSize: Int,
        deduplication: DeduplicationStore?
    ) -> Route {
        var lanes: [Lane] = []
        var observers: [Observer] = []
        var taps: [Observer] = []
        var direct = 0
        var tokens: [UInt32] = []
        self.trie.match(topic, into: &tokens)
        for token in tokens {
            if let lane = self.lanes[token] {
                lanes.append(lane)
                if lane.pattern.isLiteral { direct += 1 }
            } else if let observer = self.observers[token] {
                observers.append(observer)
            } else if let tap = self.taps[token] {
                taps.append(tap)
            }
        }
        // The order in which they came: it makes a run with one seed the same each time.
        lanes.sort { $0.id < $1.id }
        let record = self.created[topic]
        return Route(
            topic: topic,
            generation: generation,
            lanes: lanes,
            observers: observers,
            taps: taps,
            directCount: direct,
            refusal: self.refusal(for: topic),
            partitions: record?.partitions,
            deduplication: topic.isSystem ? nil : record?.deduplication ?? deduplication,
            maximumMessageSize: record?.configuration.maximumMessageSize ?? maximumMessageSize,
            logSlot: record?.logSlot
        )
    }

    private func refusal(for topic: Topic) -> OmnibusError? {
        if self.isClosed {
            return OmnibusError(.busClosed, "The in-memory broker was disconnected; publish to another one.")
        }
        if self.deleted.contains(topic) {
            return OmnibusError(
                .unknownTopic,
                "The topic '\(topic)' was deleted; create it again with 'createTopic' to publish to it."
            )
        }
        return nil
    }

    /// Adds counts of publish calls.
    mutating func add(_ counts: [Topic: CallCounts]) {
        for (topic, calls) in counts {
            if self.implicit[topic] == nil, self.implicit.count >= Self.implicitTopicLimit {
                if !topic.isSystem { self.forgotten += calls }
                continue
            }
            self.implicit[topic, default: CallCounts()] += calls
        }
    }
}
