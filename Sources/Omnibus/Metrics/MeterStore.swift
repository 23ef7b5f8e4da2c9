// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a bus has measured, and whom it tells apart.
final class MeterStore: Sendable {
    /// What tells one subscription or group from all others.
    struct SubscriptionKey: Hashable, Sendable {
        var pattern: TopicPattern
        var group: String?
        /// The subscription, where it is in no group.
        var subscription: SubscriptionID?

        init(_ pattern: TopicPattern, group: String?, subscription: SubscriptionID?) {
            self.pattern = pattern
            self.group = group
            self.subscription = group == nil ? subscription : nil
        }
    }

    /// The place where one subscription records, as long as somebody has it.
    final class Place: Sendable {
        let recorder: LatencyRecorder
        private let store: MeterStore
        private let key: SubscriptionKey

        fileprivate init(_ recorder: LatencyRecorder, _ store: MeterStore, _ key: SubscriptionKey) {
            self.recorder = recorder
            self.store = store
            self.key = key
        }

        deinit {
            self.store.subscriptions.withLock { $0.end(self.key) }
        }
    }

    let settings: MetricsSettings
    let clock: any BusClock
    let start: Duration
    let topics: Mutex<SeriesTable<Topic>>
    let subscriptions: Mutex<SeriesTable<SubscriptionKey>>
    let operations: OperationTable
    let values: ValueTable
    /// Where the deliveries of topics are recorded that no snapshot lists: the system's.
    let unlisted = LatencyRecorder()
    private let otherTopics: LatencyRecorder

    init(_ settings: MetricsSettings, clock: any BusClock) {
        self.settings = settings
        self.clock = clock
        self.start = clock.uptime()
        let topics = SeriesTable<Topic>(limit: settings.seriesLimit)
        self.otherTopics = topics.other
        self.topics = Mutex(topics)
        self.subscriptions = Mutex(SeriesTable(limit: settings.seriesLimit))
        self.operations = OperationTable(limit: settings.seriesLimit)
        self.values = ValueTable(limit: settings.seriesLimit)
    }

    /// Where the deliveries of a topic are recorded.
    func recorder(for topic: Topic) -> LatencyRecorder {
        guard !topic.isSystem else { return self.unlisted }
        // It is called what all others are called.
        guard topic.description != MetricsSnapshot.other else { return self.otherTopics }
        return self.topics.withLock { $0.recorder(for: topic) }
    }

    /// The meter of a subscription; nil where nothing is measured, which costs nothing.
    func meter(_ pattern: TopicPattern, group: String?, subscription: SubscriptionID) -> HandlingMeter? {
        guard self.settings.measuresLatency else { return nil }
        let key = SubscriptionKey(pattern, group: group, subscription: subscription)
        let recorder = self.subscriptions.withLock { $0.begin(key) }
        return HandlingMeter(self, Place(recorder, self, key), topic: pattern.literalTopic)
    }
}
