// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Synchronization

/// What one group of publishers shares: a cache of routes, a maker of ids, and counts.
///
/// Threads use different stripes, so that they hardly ever wait for each other. Everything in a stripe is plain state
/// under its lock, which makes exact counting as cheap as adding one.
final class PublishStripe: Sendable {
    /// A route as this stripe knows it, and what was published on it.
    final class Cached: @unchecked Sendable {
        // SAFETY: reached under the lock of its stripe alone.
        @exclusivity(unchecked) var route: Route
        @exclusivity(unchecked) var counts = CallCounts()

        init(_ route: Route) {
            self.route = route
        }
    }

    struct State {
        var ids: MessageIDGenerator
        /// The last event type that was published, which mostly is the next one too.
        var lastType: ObjectIdentifier?
        var lastTopic = Topic(unchecked: "")
        /// The same as bits, which can be compared without counting a reference; `lastTopic` keeps them valid.
        var lastTopicBits = Topic(unchecked: "").identityBits
        var lastGeneration: UInt64 = 0
        /// The only queue that wants events of the last type, which the route keeps alive.
        var lastLane: Unmanaged<Lane>?
        var lastRoute: Route?
        /// Where calls of the last type are counted.
        var lastCached: Cached?
        /// Whether the route leads to others as well, or to observers, who all take events of the last type as they are.
        var isShared = false
        /// How many were published on the shortest way since they were last counted to the topic.
        var lastPublished = 0
        /// Which of the routes is a topic's.
        var topics = TopicIndex()
        var routes: [Cached] = []
        /// Counts of routes that were dropped from the cache.
        var dropped: [Topic: CallCounts] = [:]
        /// Counts of topics that are not told apart any more, because there were too many of them.
        var forgotten = CallCounts()
    }

    /// More topics than this, and the cache starts anew: a program with that many has no use for one.
    static let capacity = 4_096

    let state: Mutex<State>

    init(seed: UInt64) {
        self.state = Mutex(State(ids: MessageIDGenerator(seed: seed)))
    }
}

extension PublishStripe.State {
    /// Returns the entry for a topic, asking for its route where there is none or it is out of date.
    mutating func entry(
        for topic: Topic,
        generation: UInt64,
        resolve: (Topic) -> Route
    ) -> PublishStripe.Cached {
        if let number = self.topics.number(of: topic) {
            let cached = self.routes[number]
            if cached.route.generation != generation { cached.route = resolve(topic) }
            return cached
        }
        if self.topics.count >= PublishStripe.capacity { self.forgetRoutes() }
        let cached = PublishStripe.Cached(resolve(topic))
        self.topics.insert(topic)
        self.routes.append(cached)
        return cached
    }

    /// Whether the shortest way of an event type is at hand, its topic being given by its bits.
    @inline(__always)
    func isTurned(to typeID: ObjectIdentifier, _ topic: (UInt64, UInt64), generation: UInt64) -> Bool {
        self.lastType == typeID && self.lastGeneration == generation && topic == self.lastTopicBits
    }

    /// Has the shortest way of an event type at hand, which mostly is that of the last one.
    @inline(__always)
    mutating func turn(
        to typeID: ObjectIdentifier,
        _ topic: Topic,
        generation: UInt64,
        resolve: (Topic) -> Route
    ) {
        if self.isTurned(to: typeID, topic.identityBits, generation: generation) { return }
        self.remember(typeID, topic, generation: generation, resolve: resolve)
    }

    /// Looks up the shortest way of an event type; there may be none.
    private mutating func remember(
        _ typeID: ObjectIdentifier,
        _ topic: Topic,
        generation: UInt64,
        resolve: (Topic) -> Route
    ) {
        self.countDirect()
        let cached = self.entry(for: topic, generation: generation, resolve: resolve)
        let route = cached.route
        self.lastType = typeID
        self.lastTopic = topic
        self.lastTopicBits = topic.identityBits
        // A route from a table that has changed meanwhile is looked up again the next time.
        self.lastGeneration = route.generation
        self.lastRoute = route
        self.lastCached = cached
        let isDirect = route.valueType == typeID
        self.lastLane = isDirect ? route.onlyLane.map { Unmanaged.passUnretained($0) } : nil
        self.isShared = isDirect && self.lastLane == nil
    }

    /// Gives an event that goes the shortest way its id, and counts the call.
    @inline(__always)
    mutating func accept(_ event: inout OfferedEvent, _ milliseconds: Int64) {
        self.lastPublished &+= 1
        (event.idHigh, event.idLow) = self.ids.nextBits(milliseconds: milliseconds)
    }

    /// Counts a publish call whose only queue has ended meanwhile.
    mutating func countUnrouted(_ topic: Topic) {
        self.dropped[topic, default: CallCounts()] += CallCounts(published: 1, unrouted: 1)
    }

    /// Brings the count of the shortest way to its topic.
    mutating func countDirect() {
        guard self.lastPublished > 0 else { return }
        self.lastCached?.counts.published += self.lastPublished
        self.lastPublished = 0
    }

    /// Empties the cache and keeps the counts.
    ///
    /// - Returns: what was in it, with which many queues may end, for a caller that is to hold no lock by then.
    @discardableResult
    mutating func forgetRoutes() -> [PublishStripe.Cached] {
        self.countDirect()
        let forgotten = self.routes
        for cached in self.routes { self.dropped[cached.route.topic, default: CallCounts()] += cached.counts }
        if self.dropped.count > 4 * PublishStripe.capacity {
            for (topic, counts) in self.dropped where !topic.isSystem { self.forgotten += counts }
            self.dropped = [:]
        }
        self.topics.removeAll()
        self.routes = []
        self.lastType = nil
        self.lastLane = nil
        self.lastRoute = nil
        self.lastCached = nil
        self.isShared = false
        return forgotten
    }

    /// Takes the counts of all topics out of the stripe.
    mutating func takeCounts() -> (topics: [Topic: CallCounts], forgotten: CallCounts) {
        self.countDirect()
        for cached in self.routes where !cached.counts.isZero {
            self.dropped[cached.route.topic, default: CallCounts()] += cached.counts
            cached.counts = CallCounts()
        }
        defer {
            self.dropped = [:]
            self.forgotten = CallCounts()
        }
        return (self.dropped, self.forgotten)
    }
}
