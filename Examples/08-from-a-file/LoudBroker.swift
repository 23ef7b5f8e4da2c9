// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// A back end of one's own: it moves messages as the in-memory broker does, and says so. The bus does the rest.
struct LoudBroker: EventBusProvider {
    static let capabilities = ProviderCapabilities(
        provider: "loud",
        abilities: [.wildcards, .groups, .acknowledgement]
    )

    /// What the program registers, so that configurations can ask for `loud`.
    static let factory = ProviderFactory("loud", honours: []) { _, environment in
        LoudBroker(broker: InMemoryBroker(environment: environment))
    }

    let broker: InMemoryBroker

    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt {
        print("loud: a message for \(message.topic)")
        return try await self.broker.publish(message)
    }

    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        try await self.broker.subscribe(to: pattern, settings)
    }
}
