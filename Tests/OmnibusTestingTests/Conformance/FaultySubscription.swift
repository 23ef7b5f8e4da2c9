// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Synchronization

/// A subscription of the in-memory broker with its provider's fault.
final class FaultySubscription: ProviderSubscription {
    private let subscription: any ProviderSubscription
    private let provider: FaultyProvider
    /// What is handed out although the subscription has ended.
    private let leftover = Mutex<[Delivery]>([])
    /// Whether something waits that is not ready, for which nobody should wait.
    private let hasDelayed = Atomic<Bool>(false)

    init(_ subscription: any ProviderSubscription, _ provider: FaultyProvider) {
        self.subscription = subscription
        self.provider = provider
    }

    var id: SubscriptionID { self.subscription.id }

    func receive(upTo count: Int) async throws(OmnibusError) -> [Delivery] {
        let leftover = self.leftover.withLock { leftover in
            defer { leftover = [] }
            return leftover
        }
        if !leftover.isEmpty { return leftover }
        let isGenerous = self.provider.fault == .handsOutMoreThanAskedFor && count > 1
        let deliveries = try await self.subscription.receive(upTo: isGenerous ? count + 1 : count)
        if self.provider.lacking == .acknowledgement {
            // What was handed out counts as handled.
            try self.subscription.settle(deliveries.map { Settlement($0.token, .ack) })
        }
        return deliveries.map(self.changed)
    }

    private func changed(_ delivery: Delivery) -> Delivery {
        var message = delivery.message
        if let hidden = self.provider.hidden.withLock({ $0[message.id] }) {
            message.timeToLive = hidden.timeToLive
            message.priority = hidden.priority
        }
        return Delivery(
            message: message,
            attempt: self.provider.fault == .countsAttemptsFromZero ? delivery.attempt - 1 : delivery.attempt,
            position: delivery.position,
            missed: delivery.missed,
            subscription: delivery.subscription,
            token: delivery.token,
            settler: self
        )
    }

    func settle(_ settlements: [Settlement]) throws(OmnibusError) {
        let settlements = settlements.compactMap(self.changed)
        for settlement in settlements {
            if case .nack(.some, _) = settlement.action { self.hasDelayed.store(true, ordering: .relaxed) }
        }
        do throws(OmnibusError) {
            try self.subscription.settle(settlements)
        } catch {
            let isAccepted = self.provider.fault == .acceptsASecondSettlement && settlements.count == 1
            guard isAccepted, error.code == .alreadySettled else { throw error }
        }
    }

    private func changed(_ settlement: Settlement) -> Settlement? {
        switch (self.provider.fault, settlement.action) {
        case (.ignoresTheDelay, .nack(_, let failure)):
            Settlement(settlement.delivery, .nack(after: nil, failure))
        case (.waitsHalfTheDelay, .nack(let delay?, let failure)):
            Settlement(settlement.delivery, .nack(after: delay / 2, failure))
        case (.countsWhatWasNotHandled, .release):
            Settlement(settlement.delivery, .nack(after: nil, nil))
        case (.ignoresExtensions, .extend):
            nil
        default:
            settlement
        }
    }

    func flush() async throws(OmnibusError) { try await self.subscription.flush() }

    func cancel() async {
        if self.provider.fault == .deliversAfterTheEnd, !self.hasDelayed.load(ordering: .relaxed),
            let info = try? await self.provider.broker.info(of: self.id),
            info.waiting > 0, let late = try? await self.subscription.receive(upTo: 1)
        {
            self.leftover.withLock { $0 = late.map(self.changed) }
        }
        await self.subscription.cancel()
    }
}
