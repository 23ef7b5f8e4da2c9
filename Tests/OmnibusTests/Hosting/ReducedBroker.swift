// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// The in-memory broker, declaring less than it can do.
final class ReducedBroker: EventBusProvider {
    static let capabilities = ProviderCapabilities(provider: "reduced", abilities: [])

    let capabilities: ProviderCapabilities
    let broker: InMemoryBroker
    /// Whether it takes messages for topics of the system, as it should.
    private let takesNotices: Bool

    init(
        _ abilities: Set<Capability>,
        keyExclusivity: KeyExclusivity = .global,
        takesNotices: Bool = true,
        environment: BusEnvironment
    ) {
        self.takesNotices = takesNotices
        self.broker = InMemoryBroker(environment: environment)
        self.capabilities = ProviderCapabilities(
            provider: "reduced",
            abilities: abilities,
            keyExclusivity: keyExclusivity
        )
    }

    /// The in-memory broker, declaring all that it can do but one ability.
    convenience init(without ability: Capability, takesNotices: Bool = true, environment: BusEnvironment) {
        self.init(
            InMemoryBroker.capabilities.abilities.subtracting([ability]),
            takesNotices: takesNotices,
            environment: environment
        )
    }

    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt {
        // A real broker knows nothing of the system's topics.
        let cause = DeliveryScope.active?.rareEntry
        switch try self.broker.core.offer(message, origin: 0, cause: cause, allowsSystem: self.takesNotices) {
        case .accepted(let receipt): return receipt
        case .wait(let token): return try await token.wait()
        case .refused(let error): throw error
        }
    }

    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        let subscription = try await self.broker.subscribe(to: pattern, settings)
        return self.capabilities.has(.acknowledgement) ? subscription : ForgettingSubscription(base: subscription)
    }
}
