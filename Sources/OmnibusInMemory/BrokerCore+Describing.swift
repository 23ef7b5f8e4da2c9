// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore {
    /// Brings the counts of the stripes into the table.
    package func collectCounts() {
        // Never both locks at once: a publisher holds its stripe's while it waits for the table's.
        for stripe in self.stripes + self.table.withLock({ Array($0.ownStripes.values) }) {
            self.collectCounts(of: stripe)
        }
    }

    func collectCounts(of stripe: PublishStripe) {
        let (topics, forgotten) = stripe.state.withLock { $0.takeCounts() }
        self.table.withLock { table in
            table.add(topics)
            table.forgotten += forgotten
        }
    }

    package var metrics: BusMetrics {
        self.withCounts { table, waiting in
            var metrics = table.metrics(waiting: waiting)
            for lane in table.lanes.values { metrics.queues += lane.metrics }
            return metrics
        }
    }

    /// What has happened on the broker and how its queues stand, all of it at one time; O(topics and queues).
    package var standing: BusStanding {
        self.withCounts { table, waiting in
            var standing = BusStanding()
            standing.metrics = table.metrics(waiting: waiting)
            standing.age = self.environment.clock.uptime() - self.birth
            standing.ended = standing.metrics.queues
            // The order in which they came.
            for lane in table.lanes.values.sorted(by: { $0.id < $1.id }) {
                var queue = lane.standing
                if let unread = self.logs.lag(of: lane.id) { queue.add(unread: unread.count, oldest: unread.oldest) }
                standing.metrics.queues += queue.metrics
                standing.queues.append(queue)
            }
            for (topic, calls) in table.implicit where !topic.isSystem { standing.topics[topic] = calls.metrics }
            standing.otherTopics = table.forgotten.metrics
            return standing
        }
    }

    /// How many subscriptions would get a message that is published to a topic now.
    package func subscriptionCount(of topic: Topic) -> Int {
        let route = self.resolve(topic)
        return self.table.withLock { $0.subscriptionCount(route) }
    }

    /// Calls a function with the table, all counts brought into it, and the number of messages that wait for their time.
    private func withCounts<Result: Sendable>(_ body: (inout Routing, Int) -> Result) -> Result {
        // What waits for its time is counted together with the calls, so that no message is in both or in neither.
        let waiting = self.scheduler.withCount { count in
            self.collectCounts()
            return count
        }
        return self.table.withLock { table in body(&table, waiting) }
    }

    package func metrics(of topic: Topic) -> TopicMetrics? {
        self.collectCounts()
        let route = self.resolve(topic)
        return self.table.withLock { table in
            guard table.implicit[topic] != nil || table.created[topic] != nil else { return nil }
            var metrics = (table.implicit[topic] ?? CallCounts()).metrics
            metrics.subscriptions = table.subscriptionCount(route)
            return metrics
        }
    }

    /// The topics that were created or published to, with what is known of each; those of the system aside.
    package var topics: [BusTopology.TopicNode] {
        self.collectCounts()
        return self.table.withLock { table in
            let names = Set(table.created.keys).union(table.implicit.keys).subtracting(table.deleted)
            return names.filter { !$0.isSystem }.map { topic in
                let calls = table.implicit[topic] ?? CallCounts()
                return BusTopology.TopicNode(
                    topic,
                    durability: table.created[topic]?.configuration.durability ?? .ephemeral,
                    published: calls.published,
                    unrouted: calls.unrouted
                )
            }
        }
    }

    /// Why nothing may be published to a topic; nil where it may.
    package func refusal(of topic: Topic) -> String? { self.resolve(topic).refusal?.message }

    /// What is known of every message that a topic's history keeps, without its payload; O(messages kept).
    package var keptFacts: [MessageFacts] { self.logs.state.withLock { $0.log.messages.map { MessageFacts($0) } } }

    /// How many queues and observers a message to a topic goes to, predicates aside.
    package func matchCount(of topic: Topic) -> Int { self.resolve(topic).matched }

    package func info(of topic: Topic) -> TopicInfo? {
        self.collectCounts()
        let route = self.resolve(topic)
        let history = self.logs.history(of: topic)
        return self.table.withLock { table in
            guard !table.deleted.contains(topic) else { return nil }
            let count = table.subscriptionCount(route)
            guard let record = table.created[topic] else {
                guard table.implicit[topic] != nil || count > 0 else { return nil }
                return TopicInfo(topic: topic, configuration: TopicConfiguration(), subscriptionCount: count)
            }
            return TopicInfo(
                topic: topic,
                configuration: record.configuration,
                subscriptionCount: count,
                history: history
            )
        }
    }

    package func info(of id: SubscriptionID) -> SubscriptionInfo? {
        guard let listener = self.table.withLock({ $0.subscriptions[id] }) else { return nil }
        switch listener {
        case .observer(let observer, _), .tap(let observer, _):
            return SubscriptionInfo(
                id: id,
                pattern: observer.pattern,
                settings: SubscriptionSettings(),
                isPaused: false,
                waiting: 0,
                inFlight: 0
            )
        case .member(let lane, _, let settings):
            let metrics = lane.metrics
            return SubscriptionInfo(
                id: id,
                pattern: lane.pattern,
                settings: settings?.value ?? lane.settings,
                isPaused: lane.isPaused(id),
                waiting: metrics.pending - metrics.inFlight + (self.logs.unread(by: lane.id) ?? 0),
                inFlight: metrics.inFlight
            )
        }
    }
}

extension Routing {
    /// The counts of the whole broker, without the queues that have not ended.
    fileprivate mutating func metrics(waiting: Int) -> BusMetrics {
        self.foldEnded()
        var calls = self.forgotten
        for (topic, counts) in self.implicit where !topic.isSystem { calls += counts }
        var metrics = BusMetrics()
        metrics.published = calls.published + waiting
        metrics.unrouted = calls.unrouted
        metrics.refused = calls.refused
        metrics.duplicate = calls.duplicate
        metrics.cancelled = calls.cancelled
        metrics.scheduled = waiting
        metrics.routed = calls.metrics.routed
        metrics.queues = self.ended
        for lane in self.ending { metrics.queues += lane.metrics }
        let implicit = self.implicit.keys.filter { !$0.isSystem && !self.deleted.contains($0) }
        metrics.topics = Set(self.created.keys).union(implicit).count
        metrics.subscriptions = self.subscriptions.count - self.taps.count
        return metrics
    }

    /// How many subscriptions a route leads to, every member of a group counted.
    fileprivate func subscriptionCount(_ route: Route) -> Int {
        let lanes = Set(route.lanes.map(\.id))
        let members = self.subscriptions.values.count { listener in
            if case .member(let lane, _, _) = listener { lanes.contains(lane.id) } else { false }
        }
        return members + route.observers.count
    }
}
