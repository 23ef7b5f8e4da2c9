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
        // What waits for its time is counted together with the calls, so that no message is in both or in neither.
        let waiting = self.scheduler.withCount { count in
            self.collectCounts()
            return count
        }
        return self.table.withLock { table in
            table.foldEnded()
            var calls = table.forgotten
            for (topic, counts) in table.implicit where !topic.isSystem { calls += counts }
            var metrics = BusMetrics()
            metrics.published = calls.published + waiting
            metrics.unrouted = calls.unrouted
            metrics.refused = calls.refused
            metrics.duplicate = calls.duplicate
            metrics.cancelled = calls.cancelled
            metrics.scheduled = waiting
            metrics.routed =
                calls.published - calls.unrouted - calls.refused - calls.duplicate - calls.cancelled
            metrics.queues = table.ended
            for lane in table.lanes.values { metrics.queues += lane.metrics }
            for lane in table.ending { metrics.queues += lane.metrics }
            let implicit = table.implicit.keys.filter { !$0.isSystem && !table.deleted.contains($0) }
            metrics.topics = Set(table.created.keys).union(implicit).count
            metrics.subscriptions = table.subscriptions.count - table.taps.count
            return metrics
        }
    }

    package func metrics(of topic: Topic) -> TopicMetrics? {
        self.collectCounts()
        let route = self.resolve(topic)
        return self.table.withLock { table in
            guard table.implicit[topic] != nil || table.created[topic] != nil else { return nil }
            let calls = table.implicit[topic] ?? CallCounts()
            var metrics = TopicMetrics()
            metrics.published = calls.published
            metrics.unrouted = calls.unrouted
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
    package var keptTraces: [MessageTrace] { self.logs.state.withLock { $0.log.messages.map { MessageTrace($0) } } }

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
        case .observer(let observer), .tap(let observer):
            return SubscriptionInfo(
                id: id,
                pattern: observer.pattern,
                settings: SubscriptionSettings(),
                isPaused: false,
                waiting: 0,
                inFlight: 0
            )
        case .member(let lane, let settings):
            let metrics = lane.metrics
            return SubscriptionInfo(
                id: id,
                pattern: lane.pattern,
                settings: settings,
                isPaused: lane.isPaused(id),
                waiting: metrics.pending - metrics.inFlight + (self.logs.unread(by: lane.id) ?? 0),
                inFlight: metrics.inFlight
            )
        }
    }
}

extension Routing {
    /// How many subscriptions a route leads to, every member of a group counted.
    fileprivate func subscriptionCount(_ route: Route) -> Int {
        let lanes = Set(route.lanes.map(\.id))
        let members = self.subscriptions.values.count { listener in
            if case .member(let lane, _) = listener { lanes.contains(lane.id) } else { false }
        }
        return members + route.observers.count
    }
}
