// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore

/// One member of a queue of the in-memory broker, seen as a provider's subscription.
package final class MemorySubscription: ProviderSubscription {
    package let id: SubscriptionID
    package let lane: Lane
    private let core: BrokerCore

    package init(core: BrokerCore, lane: Lane, id: SubscriptionID) {
        self.core = core
        self.lane = lane
        self.id = id
    }

    /// The handle that deliveries carry.
    package var handle: Subscription {
        Subscription(
            id: self.id,
            pattern: self.lane.pattern,
            group: self.lane.group,
            control: MemoryControl(core: self.core)
        )
    }

    package func receive(upTo count: Int) async throws(OmnibusError) -> [Delivery] {
        let buffer = EntryBuffer(layout: self.lane.layout)
        guard let isTaken = await self.lane.nextUnlessCancelled(buffer, upTo: max(count, 1), for: self.id) else {
            throw OmnibusError(
                .cancelled,
                "The task was cancelled while it waited for a message on '\(self.lane.pattern)'."
            )
        }
        guard isTaken else { return [] }
        var deliveries: [Delivery] = []
        deliveries.reserveCapacity(buffer.count)
        let handle = self.handle
        while !buffer.isEmpty {
            let entry = buffer.takeFirst(self.lane.defaults)
            if let delivery = self.delivery(of: entry, handle) { deliveries.append(delivery) }
        }
        // All of them had expired: ask again, for an empty answer means the end.
        return deliveries.isEmpty ? try await self.receive(upTo: count) : deliveries
    }

    /// Makes the delivery of an entry in flight; nil when its time to live is over, which gives up on it.
    package func delivery(of entry: HeldEntry, _ handle: Subscription) -> Delivery? {
        if let expiry = entry.message.expiresAt, expiry <= self.lane.clock.now {
            self.lane.settle(entry, .deadLetter(.expired, nil))
            return nil
        }
        let token = self.lane.hold(entry, for: self.id)
        var message = entry.message
        if entry.attempts > 0 { message.countRetries(entry.attempts) }
        return Delivery(
            message: message,
            attempt: entry.attempts + 1,
            position: entry.position,
            subscription: handle,
            token: token,
            settler: self
        )
    }

    package func settle(_ settlements: [Settlement]) throws(OmnibusError) {
        var first: OmnibusError?
        for settlement in settlements {
            do throws(OmnibusError) {
                try self.lane.settle(settlement)
            } catch {
                first = first ?? error
            }
        }
        if let first { throw first }
    }

    package func flush() async throws(OmnibusError) {}

    package func cancel() async {
        self.core.unsubscribe(self.id)
        self.lane.takeBack(from: self.id)
    }
}

/// What the handles of the in-memory broker ask of it.
package struct MemoryControl: SubscriptionControl {
    let core: BrokerCore

    package init(core: BrokerCore) {
        self.core = core
    }

    package func cancel(_ id: SubscriptionID) async {
        self.core.unsubscribe(id)
    }

    package func pause(_ id: SubscriptionID) async throws(OmnibusError) {
        try self.core.setPaused(true, id)
    }

    package func resume(_ id: SubscriptionID) async throws(OmnibusError) {
        try self.core.setPaused(false, id)
    }

    package func ack(_ message: MessageID, _ id: SubscriptionID) async throws(OmnibusError) {
        let lane = self.core.lanes.first { $0.token(of: message, member: id) != nil }
        guard let lane, let token = lane.token(of: message, member: id) else {
            throw OmnibusError(
                .alreadySettled,
                "No delivery of the message '\(message)' is in flight at '\(id)'; it was settled or taken back before."
            )
        }
        try lane.settle(Settlement(token, .ack))
    }
}
