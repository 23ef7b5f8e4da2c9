// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// Publishing several messages at once.
    static let batchScenarios: [Scenario] = [
        Scenario("A batch is published in order, with a result for each message") { run in
            let reader = try await run.subscribe("a")
            let result = try await run.publish(batch: try (0..<4).map { try run.message($0, to: "a") })
            try run.expect(result.successCount, 4, "messages that were accepted")
            try await run.publish(marker, to: "a")
            let deliveries = try await reader.deliveries(before: marker)
            try run.expect(deliveries.compactMap(\.message.number), [0, 1, 2, 3], "what came")
            try run.expect(deliveries.map(\.message.id), result.receipts.map(\.messageID), "the ids of what came")
        },
        Scenario("A message of a batch that is refused keeps none of the others back") { run in
            let reader = try await run.subscribe("a")
            var batch = try (0..<3).map { try run.message($0, to: "a") }
            batch[1].key = ""
            let result = try await run.publish(batch: batch)
            try run.expect(result.outcomes.map(\.isAccepted), [true, false, true], "which were accepted")
            try run.expect(result.errors.map(\.code), [.invalidMessage], "the errors of the others")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [0, 2], "what came")
        },
        Scenario("An empty batch is nothing") { run in
            try run.expect(try await run.publish(batch: []).outcomes.count, 0, "results")
        },
    ]

    /// Topics that are created, changed, deleted and described.
    static let topicScenarios: [Scenario] = [
        Scenario("A topic is created once", needs: [.topicAdministration]) { run in
            let (provider, topic) = (run.provider, try run.topic("a"))
            let settings = TopicConfiguration(maximumMessageSize: 1_000)
            try run.expect(try await provider.createTopic(topic, settings), true, "whether it was created")
            try run.expect(try await provider.createTopic(topic, settings), false, "whether it was created again")
        },
        Scenario("A topic is not created again with other settings", needs: [.topicAdministration]) { run in
            let (provider, topic) = (run.provider, try run.topic("a"))
            _ = try await provider.createTopic(topic, TopicConfiguration(maximumMessageSize: 1_000))
            try await run.expectError(.invalidSettings, from: "creating it with other settings") {
                _ = try await provider.createTopic(topic, TopicConfiguration(maximumMessageSize: 2_000))
            }
        },
        Scenario("A topic's settings can be changed", needs: [.topicAdministration]) { run in
            let (provider, topic) = (run.provider, try run.topic("a"))
            _ = try await provider.createTopic(topic, TopicConfiguration(maximumMessageSize: 1_000))
            try await provider.updateTopic(topic, TopicConfiguration(maximumMessageSize: 10))
            let message = Message(topic: topic, bytes: [UInt8](repeating: 0, count: 11))
            try await run.expectError(.tooLarge, from: "publishing more than the new limit") {
                try await run.publish(message)
            }
        },
        Scenario("A topic that there is not cannot be changed", needs: [.topicAdministration]) { run in
            try await run.expectError(.unknownTopic, from: "changing it") {
                try await run.provider.updateTopic(try run.topic("nowhere"), TopicConfiguration())
            }
        },
        Scenario("A topic that was deleted takes nothing until it is created", needs: [.topicAdministration]) { run in
            let (provider, topic) = (run.provider, try run.topic("a"))
            _ = try await provider.createTopic(topic, TopicConfiguration())
            try run.expect(try await provider.deleteTopic(topic), true, "whether it was deleted")
            try run.expect(try await provider.deleteTopic(topic), false, "whether it was deleted again")
            try await run.expectError(.unknownTopic, from: "publishing to it") { try await run.publish(1, to: "a") }
            try run.expect(try await provider.createTopic(topic, TopicConfiguration()), true, "whether it was created")
            let reader = try await run.subscribe("a")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came from before")
        },
        Scenario("A payload larger than its topic takes is refused", needs: [.topicAdministration]) { run in
            let topic = try run.topic("a")
            _ = try await run.provider.createTopic(topic, TopicConfiguration(maximumMessageSize: 100))
            let reader = try await run.subscribe("a")
            try await run.expectError(.tooLarge, from: "publishing 101 bytes") {
                try await run.publish(Message(topic: topic, bytes: [UInt8](repeating: 0, count: 101)))
            }
            try await run.publish(Message(topic: topic, bytes: [UInt8](repeating: 0, count: 100)))
            try run.expect(try await reader.next().message.payload.bytes().count, 100, "bytes that came")
        },
        Scenario("Settings of a topic that make no sense are refused", needs: [.topicAdministration]) { run in
            for settings in [
                TopicConfiguration(partitions: 0), TopicConfiguration(partitions: -1),
                TopicConfiguration(partitions: .max), TopicConfiguration(maximumMessageSize: 0),
            ] {
                try await run.expectError(.invalidSettings, from: "creating a topic with \(settings)") {
                    _ = try await run.provider.createTopic(try run.topic("a"), settings)
                }
            }
            let created = try await run.provider.createTopic(try run.topic("a"), TopicConfiguration())
            try run.expect(created, true, "whether it was created with settings that make sense")
        },
        Scenario("A topic keeps its number of partitions", needs: [.topicAdministration, .partitions]) { run in
            let (provider, topic) = (run.provider, try run.topic("a"))
            _ = try await provider.createTopic(topic, TopicConfiguration(partitions: 2))
            try await run.expectError(.invalidSettings, from: "changing the number of partitions") {
                try await provider.updateTopic(topic, TopicConfiguration(partitions: 3))
            }
        },
        Scenario("A topic of the system cannot be created", needs: [.topicAdministration]) { run in
            try await run.expectError(.invalidTopic, from: "creating 'omnibus.conformance'") {
                _ = try await run.provider.createTopic("omnibus.conformance", TopicConfiguration())
            }
        },
        Scenario("A topic is described with its settings and subscriptions", needs: [.topicInfo, .topicAdministration])
        {
            run in
            let settings = TopicConfiguration(maximumMessageSize: 1_000)
            _ = try await run.provider.createTopic(try run.topic("a"), settings)
            _ = try await run.subscribe("a")
            _ = try await run.subscribe("a")
            _ = try await run.subscribe("b")
            let found = try await run.provider.info(of: try run.topic("a"))
            let info = try run.require(found, "a description of the topic")
            try run.expect(info.configuration, settings, "its settings")
            try run.expect(info.subscriptionCount, 2, "its subscriptions")
        },
        Scenario("A topic that there is not has no description", needs: [.topicInfo]) { run in
            let info = try await run.provider.info(of: try run.topic("nowhere"))
            try run.expect(info == nil, "no description", found: "\(String(describing: info))")
        },
    ]

    /// What a provider tells about itself.
    static let countingScenarios: [Scenario] = [
        Scenario("A subscription is described with its pattern, and what waits", needs: [.subscriptionInfo]) { run in
            try run.expectsProvidersQueue()
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2, 3], to: "a")
            let delivery = try await reader.next()
            let info = try run.require(try await run.provider.info(of: reader.id), "a description of the subscription")
            try run.expect(info.pattern, try run.pattern("a"), "the pattern")
            try run.expect(info.isPaused, false, "whether it is paused")
            try run.expect(info.waiting, 2, "messages that wait")
            try run.expect(info.inFlight, 1, "messages in flight")
            try await delivery.ack()
            let after = try run.require(try await run.provider.info(of: reader.id), "a description of the subscription")
            try run.expect(after.inFlight, 0, "messages in flight after ack()")
        },
        Scenario("A subscription that has ended has no description", needs: [.subscriptionInfo]) { run in
            try run.expectsProvidersQueue()
            let reader = try await run.subscribe("a")
            await reader.cancel()
            let info = try await run.provider.info(of: reader.id)
            try run.expect(info == nil, "no description", found: "\(String(describing: info))")
        },
        Scenario("Every message that was offered to a queue is counted once", needs: [.metrics]) { run in
            try run.expectsProvidersCounts()
            let reader = try await run.subscribe("a", SubscriptionSettings(bounds: QueueBounds(count: 5)))
            try await run.publish(0..<4, to: "a")
            try await reader.next().ack()
            try await reader.next().reject(reason: "not wanted")
            _ = try await reader.next()
            let queues = try await run.metrics().queues
            try run.expect(
                queues.offered,
                queues.acknowledged + queues.deadLettered + queues.expired + queues.dropped + queues.coalesced
                    + queues.filtered + queues.missed + queues.refused + queues.abandoned + queues.pending,
                "the sum of what became of the messages, which were offered"
            )
            try run.expect(queues.acknowledged, 1, "acknowledged messages")
            try run.expect(queues.inFlight, 1, "messages in flight")
        },
        Scenario("Every publish call is counted once", needs: [.metrics]) { run in
            try run.expectsProvidersCounts()
            let before = try await run.metrics()
            _ = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a")
            try await run.publish(3, to: "nobody")
            let after = try await run.metrics()
            try run.expect(after.published - before.published, 3, "publish calls")
            // Who does not know how many match, does not know who listens.
            if run.capabilities.has(.matchCount) {
                try run.expect(after.routed - before.routed, 2, "calls that came to somebody")
                try run.expect(after.unrouted - before.unrouted, 1, "calls that nobody listened to")
            }
            try run.expect(after.published, after.routed + after.unrouted + after.refused, "the sum of all calls")
        },
        Scenario("What happens on one topic is counted", needs: [.topicMetrics]) { run in
            _ = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a")
            try await run.publish(3, to: "b")
            let metrics = try await run.provider.metrics(of: try run.topic("a"))
            try run.expect(metrics.published, 2, "publish calls on the topic")
            try run.expect(metrics.unrouted, 0, "calls that nobody listened to")
            try run.expect(metrics.subscriptions, 1, "subscriptions")
            let other = try await run.provider.metrics(of: try run.topic("b"))
            try run.expect(other.unrouted, 1, "calls on the other topic that nobody listened to")
        },
    ]
}

extension BatchPublishResult.Outcome {
    fileprivate var isAccepted: Bool {
        if case .accepted = self { return true }
        return false
    }
}
