// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// The in-memory broker, declaring less than it can do.
final class ReducedBroker: EventBusProvider {
    static let capabilities = ProviderCapabilities(provider: "reduced", abilities: [])

    let capabilities: ProviderCapabilities
    let broker: InMemoryBroker

    init(_ abilities: Set<Capability>, keyExclusivity: KeyExclusivity = .global, environment: BusEnvironment) {
        self.broker = InMemoryBroker(environment: environment)
        self.capabilities = ProviderCapabilities(
            provider: "reduced",
            abilities: abilities,
            keyExclusivity: keyExclusivity
        )
    }

    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt {
        // A real broker knows nothing of the system's topics.
        switch try self.broker.core.offer(message, origin: 0, cause: nil, allowsSystem: true) {
        case .accepted(let receipt): return receipt
        case .wait(let token): return try await token.wait()
        case .refused(let error): throw error
        }
    }

    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        try await self.broker.subscribe(to: pattern, settings)
    }
}
