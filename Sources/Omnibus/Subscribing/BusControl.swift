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
    let clock: any BusClock

    /// Ends a subscription; returns false when there is none.
    func end(_ id: SubscriptionID) async -> Bool {
        guard let record = self.subscriptions.record(id) else { return false }
        if let hosted = record.hosted {
            let wasThere = hosted.leave(id)
            if record.workers.isEmpty { self.subscriptions.workEnded(id) }
            // With nothing in flight, the provider can be done with it at once, so that the group's name is free.
            await hosted.endedIfIdle()
            return wasThere
        }
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
        try await self.setPaused(true, id)
    }

    func resume(_ id: SubscriptionID) async throws(OmnibusError) {
        try await self.setPaused(false, id)
    }

    private func setPaused(_ isPaused: Bool, _ id: SubscriptionID) async throws(OmnibusError) {
        if self.memory == nil {
            let record = self.subscriptions.record(id)
            if let hosted = record?.hosted, hosted.lane.setPaused(isPaused, id) {
                self.subscriptions.setPaused(since: isPaused ? self.clock.now : nil, id)
                return
            }
            guard let record, record.hosted == nil else {
                throw OmnibusError(
                    .unknownSubscription,
                    "There is no subscription '\(id)' that could be changed; it has ended."
                )
            }
        }
        if isPaused { try await self.provider.pause(id) } else { try await self.provider.resume(id) }
        self.subscriptions.setPaused(since: isPaused ? self.clock.now : nil, id)
    }

    func seek(_ id: SubscriptionID, to start: StartPosition) async throws(OmnibusError) {
        try await self.provider.seek(id, to: start)
    }

    func ack(_ message: MessageID, _ id: SubscriptionID) async throws(OmnibusError) {
        if let hosted = self.subscriptions.record(id)?.hosted {
            guard let token = hosted.lane.token(of: message, member: id) else { throw id.noDelivery(of: message) }
            try hosted.settle(Settlement(token, .ack), hosted.lane)
            return try await hosted.flush()
        }
        guard let memory = self.memory else {
            throw OmnibusError(
                .unsupported,
                "Acknowledging by message id works where the queue is here; keep the delivery and call 'ack()' on it.",
                details: "ackByMessageID"
            )
        }
        try await MemoryControl(core: memory).ack(message, id)
    }
}
