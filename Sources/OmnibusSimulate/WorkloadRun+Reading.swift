// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Synchronization

extension WorkloadRun {
    /// The topics that have a history.
    private var logs: [Topic] {
        self.workload.histories.indices.compactMap { try? Topic(validating: "log.\($0)") }
    }

    func createHistories() async {
        for (topic, count) in zip(self.logs, self.workload.histories) {
            do {
                _ = try await self.broker.createTopic(topic, .retained(Retention(maximumCount: count)))
                self.record(.keeps(topic))
            } catch {
                self.failed("a topic could not be created: \(error)")
            }
        }
    }

    /// Publishes to a topic that has a history.
    func append(_ name: String, to number: Int, _ key: Int?, by publisher: String) async {
        guard self.logs.indices.contains(number) else { return }
        let topic = self.logs[number]
        let key = key.map { "k\($0)" }
        await self.publish(name, by: publisher, to: topic.name, key: key) {
            let payload = Payload(Alpha(name: name, key: key), codec: self.codec)
            return try await self.bus.publish(Message(topic: topic, key: key, payload: payload))
        }
    }

    /// The next offset of each history that a pattern matches.
    func nextOffsets(of pattern: TopicPattern) -> [Topic: Int64] {
        var offsets: [Topic: Int64] = [:]
        for topic in self.logs where pattern.matches(topic) {
            offsets[topic] = self.broker.core.info(of: topic)?.history?.nextOffsets.first ?? 0
        }
        return offsets
    }

    /// Where a group starts to read, given how much there is.
    func startPosition(_ start: GroupPlan.Start?, _ next: [Topic: Int64]) -> StartPosition? {
        switch start {
        case nil: nil
        case .earliest?: .earliest
        case .latest?: .latest
        case .last?: .lastPerTopic
        case .offset(let percent)?: .offset((next.values.first ?? 0) * Int64(percent) / 100)
        }
    }

    /// Records where a group has started: somewhere between what there was before the call and after it.
    func recordReading(_ group: Int, from start: StartPosition?, _ before: [Topic: Int64], _ after: [Topic: Int64]) {
        guard self.isDeterministic || !self.workload.groups[group].isVagueOnThreads else { return }
        for (topic, count) in zip(self.logs, self.workload.histories) {
            guard let before = before[topic], let after = after[topic] else { continue }
            let range: ClosedRange<Int64>
            switch start {
            case .earliest?: range = max(0, before - Int64(count))...max(0, after - Int64(count))
            case .lastPerTopic?: range = max(0, before - 1)...max(0, after - 1)
            case .offset(let offset)?: range = offset...max(offset, after - Int64(count))
            case .latest?, .time?, nil: range = before...after
            }
            self.record(.reading(group: self.groupName(group), topic, from: range))
        }
    }

    /// Records what a reader has been handed for the first time.
    func recordRead(_ name: String, _ delivery: Delivery?, _ group: String) {
        guard let delivery, let position = delivery.position, self.logs.contains(delivery.message.topic) else { return }
        self.record(.read(name, at: group, offset: position.offset, missed: delivery.missed))
    }

    /// How much of the histories is still to be read.
    var unread: Int {
        let (subscriptions, leaving) = self.state.withLock { ($0.subscriptions, $0.leaving) }
        return subscriptions.reduce(0) { sum, element in
            guard !leaving.contains(element.key) else { return sum }
            switch element.value {
            case .handler(let subscription): return sum + (self.broker.core.info(of: subscription.id)?.waiting ?? 0)
            case .sequence: return sum
            }
        }
    }
}
