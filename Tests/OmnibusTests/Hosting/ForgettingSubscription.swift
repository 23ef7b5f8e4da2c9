// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// A subscription of a provider without acknowledgement: what was handed out is done.
struct ForgettingSubscription: ProviderSubscription {
    let base: any ProviderSubscription

    var id: SubscriptionID { self.base.id }

    func receive(upTo count: Int) async throws(OmnibusError) -> [Delivery] {
        let deliveries = try await self.base.receive(upTo: count)
        try self.base.settle(deliveries.map { Settlement($0.token, .ack) })
        return deliveries
    }

    func settle(_ settlements: [Settlement]) throws(OmnibusError) {}

    func flush() async throws(OmnibusError) {}

    func cancel() async { await self.base.cancel() }

    func hasMore(received: Int, unsettled: Int) -> Bool? {
        self.base.hasMore(received: received, unsettled: 0)
    }
}
