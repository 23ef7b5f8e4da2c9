// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Who owns a queue: the in-memory broker, or a bus that does for a provider what that cannot do itself.
package protocol LaneHost: Sendable {
    /// Takes a member out of its queue, and out of the host's tables; returns false when it is no member.
    ///
    /// Once it has returned, the queue hands nothing to the member any more.
    @discardableResult
    func leave(_ member: SubscriptionID) -> Bool

    /// Takes back everything that a member holds by handle.
    func takeBack(from member: SubscriptionID, _ lane: Lane)

    /// Is told that a member has taken entries, so that there is room in the queue.
    func entriesTaken()

    /// Settles a delivery of one of its queues.
    func settle(_ settlement: Settlement, _ lane: Lane) throws(OmnibusError)

    /// Waits until whoever the messages came from has every settlement.
    func flush() async throws(OmnibusError)
}

extension LaneHost {
    package func takeBack(from member: SubscriptionID, _ lane: Lane) { lane.takeBack(from: member) }

    package func entriesTaken() {}

    package func settle(_ settlement: Settlement, _ lane: Lane) throws(OmnibusError) { try lane.settle(settlement) }

    package func flush() async throws(OmnibusError) {}
}
