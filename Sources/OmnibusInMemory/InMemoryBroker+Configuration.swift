// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusCore

extension InMemoryBroker {
    /// Makes brokers from configurations that name `in_memory`, or no back end at all.
    public static let factory = ProviderFactory(
        .inMemory,
        honours: [.deadLetters, .scheduling, .deduplication, .maximumMessageSize, .defaultRetention]
    ) { configuration, environment throws(OmnibusError) in
        let defaults = Limits()
        let broker = configuration.broker
        return InMemoryBroker(
            environment: environment,
            limits: Limits(
                maximumMessageSize: configuration.durability?.retentionPolicy?.maximumMessageSize
                    ?? defaults.maximumMessageSize,
                deadLetters: broker.deadLetters?.maximumCount ?? defaults.deadLetters,
                deadLetterBytes: broker.deadLetters?.maximumBytes ?? defaults.deadLetterBytes,
                scheduledMessages: broker.scheduling?.maximumCount ?? defaults.scheduledMessages,
                scheduledBytes: broker.scheduling?.maximumBytes ?? defaults.scheduledBytes,
                deduplication: broker.deduplication,
                maximumAge: configuration.durability?.retentionPolicy?.defaultMaximumAge
            ),
            deadLetterTopic: broker.deadLetters?.topic.map { .fixed($0) } ?? .perTopic
        )
    }
}

extension ProviderRegistry {
    /// What is linked by itself: the in-memory broker.
    public static let standard: ProviderRegistry = {
        var registry = ProviderRegistry()
        // The name is a valid one and the first of all, so that registering it cannot fail.
        try? registry.register(InMemoryBroker.factory)
        return registry
    }()
}
