// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What the handles of a bus ask of it.
///
/// It holds what they need rather than the bus: a reference from handle to bus would keep the bus alive, and a weak one
/// would make every use of the bus slower.
struct BusControl: SubscriptionControl {
    let subscriptions: SubscriptionTable
    let provider: any EventBusProvider
    let memory: BrokerCore?

    /// Ends a subscription; returns false when there is none.
    func end(_ id: SubscriptionID) async -> Bool {
        guard let record = self.subscriptions.record(id) else { return false }
        guard let memory = self.memory else {
            // Workers of a provider's subscription end when it has nothing more for them.
            self.subscriptions.remove(id)
            await record.provider?.cancel()
            return true
        }
        let wasThere = memory.unsubscribe(id)
        if record.workers.isEmpty { self.subscriptions.workEnded(id) }
        return wasThere
    }

    func cancel(_ id: SubscriptionID) async {
        _ = await self.end(id)
    }

    func pause(_ id: SubscriptionID) async throws(OmnibusError) {
        try await self.provider.pause(id)
    }

    func resume(_ id: SubscriptionID) async throws(OmnibusError) {
        try await self.provider.resume(id)
    }

    func ack(_ message: MessageID, _ id: SubscriptionID) async throws(OmnibusError) {
        guard let memory = self.memory else {
            throw OmnibusError(
                .unsupported,
                "Acknowledging by message id works on the in-memory broker; keep the delivery and call 'ack()' on it.",
                details: "ackByMessageID"
            )
        }
        try await MemoryControl(core: memory).ack(message, id)
    }
}
