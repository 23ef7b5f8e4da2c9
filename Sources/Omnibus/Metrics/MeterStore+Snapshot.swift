// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension MeterStore {
    /// Tells apart what may be, and adds up the rest.
    ///
    /// - Parameter subscriptionCount: how many subscriptions a topic has.
    func snapshot(
        of standing: BusStanding,
        now: Timestamp,
        subscriptionCount: (Topic) -> Int
    ) -> MetricsSnapshot {
        let subscriptions = self.subscriptionSeries(standing, now)
        var lag = MessageLag()
        var latency = LatencyMetrics()
        for series in subscriptions {
            lag += series.lag
            if let recorded = series.latency { latency += recorded }
        }
        return MetricsSnapshot(
            time: now,
            uptime: standing.age ?? self.clock.uptime() - self.start,
            bus: standing.metrics,
            lag: lag,
            latency: self.settings.measuresLatency ? latency : nil,
            topics: self.topicSeries(standing, subscriptionCount),
            subscriptions: subscriptions,
            operations: self.operations.series,
            values: self.values.series
        )
    }

    private func topicSeries(_ standing: BusStanding, _ subscriptionCount: (Topic) -> Int) -> [TopicSeries] {
        var other = TopicSeries(topic: nil, metrics: standing.otherTopics)
        let measures = self.settings.measuresLatency
        var series = self.topics.withLock { table -> [TopicSeries] in
            // In the order of their names: which come first does not hang on the order of a dictionary.
            for (topic, calls) in standing.topics.sorted(by: { $0.key.description < $1.key.description }) {
                // A topic may be called what all others are called.
                if topic.description == MetricsSnapshot.other || !table.isNamedForGood(topic) {
                    other.metrics += calls
                }
            }
            if measures { other.latency = table.other.metrics }
            return table.keys.map { topic in
                TopicSeries(
                    topic: topic,
                    metrics: standing.topics[topic] ?? TopicMetrics(),
                    latency: measures ? table.metrics(of: topic) : nil
                )
            }
        }
        for index in series.indices {
            guard let topic = series[index].topic else { continue }
            series[index].metrics.subscriptions = subscriptionCount(topic)
        }
        series.sort { ($0.topic?.description ?? "") < ($1.topic?.description ?? "") }
        let isEmpty = other.metrics == TopicMetrics() && other.latency ?? LatencyMetrics() == LatencyMetrics()
        return isEmpty ? series : series + [other]
    }

    private func subscriptionSeries(_ standing: BusStanding, _ now: Timestamp) -> [SubscriptionSeries] {
        let measures = self.settings.measuresLatency
        return self.subscriptions.withLock { table in
            let queues = standing.queues.map { (SubscriptionKey($0), $0) }
            table.keep(Set(queues.map(\.0)))
            var series: [SubscriptionSeries] = []
            var shown: Set<SubscriptionKey> = []
            var other = SubscriptionSeries(queue: nil, metrics: standing.ended)
            for (key, queue) in queues {
                guard table.isNamed(key), shown.insert(key).inserted else {
                    other.metrics += queue.metrics
                    other.lag += MessageLag(queue, now: now)
                    continue
                }
                series.append(
                    SubscriptionSeries(
                        queue: queue.identity,
                        subscription: key.subscription,
                        metrics: queue.metrics,
                        lag: MessageLag(queue, now: now),
                        latency: measures ? table.metrics(of: key) : nil
                    )
                )
            }
            // Where the provider has the queue, nothing is known of it but how long its deliveries take.
            for key in table.keys where !shown.contains(key) && measures {
                series.append(
                    SubscriptionSeries(
                        queue: QueueIdentity(pattern: key.pattern, group: key.group, callSite: nil),
                        subscription: key.subscription,
                        metrics: QueueMetrics(),
                        latency: table.metrics(of: key)
                    )
                )
            }
            if measures { other.latency = table.other.metrics }
            let isEmpty = other.metrics == QueueMetrics() && other.latency ?? LatencyMetrics() == LatencyMetrics()
            return isEmpty ? series : series + [other]
        }
    }
}

extension MeterStore.SubscriptionKey {
    fileprivate init(_ queue: QueueStanding) {
        self.init(queue.identity.pattern, group: queue.identity.group, subscription: queue.members.first)
    }
}
