// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// One member of a queue, seen as a provider's subscription.
///
/// It is the same for every host of queues; what the host does beside is in ``LaneHost``.
package final class LaneSubscription: ProviderSubscription {
    package let id: SubscriptionID
    package let lane: Lane
    /// The handle that deliveries carry.
    package let handle: Subscription
    private let host: any LaneHost

    /// Creates the view of a member.
    ///
    /// - Parameters:
    ///   - control: what the handles in its deliveries ask.
    ///   - host: who owns the queue.
    package init(lane: Lane, id: SubscriptionID, control: any SubscriptionControl, host: any LaneHost) {
        self.lane = lane
        self.id = id
        self.handle = Subscription(id: id, pattern: lane.pattern, group: lane.group, control: control)
        self.host = host
    }

    /// Whether the subscription has not ended.
    package var isMember: Bool { self.lane.hasMember(self.id) }

    package func receive(upTo count: Int) async throws(OmnibusError) -> [Delivery] {
        let buffer = EntryBuffer(layout: self.lane.layout)
        guard let isTaken = await self.lane.nextUnlessCancelled(buffer, upTo: max(count, 1), for: self.id) else {
            throw OmnibusError(
                .cancelled,
                "The task was cancelled while it waited for a message on '\(self.lane.pattern)'."
            )
        }
        guard isTaken else { return [] }
        self.host.entriesTaken()
        var deliveries: [Delivery] = []
        deliveries.reserveCapacity(buffer.count)
        while !buffer.isEmpty {
            let entry = buffer.takeFirst(self.lane.defaults)
            if let delivery = self.delivery(of: entry) { deliveries.append(delivery) }
        }
        // All of them had expired: ask again, for an empty answer means the end.
        return deliveries.isEmpty ? try await self.receive(upTo: count) : deliveries
    }

    /// Makes the delivery of an entry in flight; nil when its time to live is over, which gives up on it.
    package func delivery(of entry: HeldEntry) -> Delivery? {
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
            missed: entry.log?.missed ?? entry.claim?.missed ?? 0,
            subscription: self.handle,
            token: token,
            settler: self
        )
    }

    package func settle(_ settlements: [Settlement]) throws(OmnibusError) {
        var first: OmnibusError?
        for settlement in settlements {
            do throws(OmnibusError) {
                try self.host.settle(settlement, self.lane)
            } catch {
                first = first ?? error
            }
        }
        if let first { throw first }
    }

    package func flush() async throws(OmnibusError) {
        try await self.host.flush()
    }

    package func cancel() async {
        self.host.leave(self.id)
        self.takeBack()
    }

    /// Takes back everything that the member holds by handle.
    package func takeBack() {
        self.host.takeBack(from: self.id, self.lane)
    }

    package func hasMore(received: Int, unsettled: Int) -> Bool? {
        self.lane.hasMore(than: unsettled, for: self.id)
    }
}

extension SubscriptionID {
    /// The error of settling a message that the subscription does not have in flight.
    package func noDelivery(of message: MessageID) -> OmnibusError {
        OmnibusError(
            .alreadySettled,
            "No delivery of the message '\(message)' is in flight at '\(self)'; it was settled or taken back before."
        )
    }
}
