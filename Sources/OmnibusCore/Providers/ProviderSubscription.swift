// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// One subscription at a provider: deliveries are pulled with credit, and settled in batches.
public protocol ProviderSubscription: DeliverySettler {
    /// The subscription's id, unique for the provider.
    var id: SubscriptionID { get }

    /// Waits for at least one delivery and returns up to a number of them; empty means that the subscription has ended.
    ///
    /// - Throws: ``OmnibusError`` with the code `cancelled` when the calling task is cancelled; nothing is taken then.
    func receive(upTo count: Int) async throws(OmnibusError) -> [Delivery]

    /// Ends the subscription. What it has not settled goes back to its group.
    ///
    /// After it has returned, nothing more is delivered. Ending it again changes nothing.
    func cancel() async

    /// Whether there is something that was not received yet; nil where that cannot be known, which is the default.
    ///
    /// It is what lets `settled()` of a bus wait for messages that are on their way. A provider in the same process can
    /// tell by either number.
    ///
    /// - Parameters:
    ///   - received: how many deliveries the receiver has received so far.
    ///   - unsettled: how many of them it has not settled.
    func hasMore(received: Int, unsettled: Int) -> Bool?
}

extension ProviderSubscription {
    /// Returns nil: nothing is known.
    public func hasMore(received: Int, unsettled: Int) -> Bool? { nil }
}

/// Where deliveries are settled.
public protocol DeliverySettler: Sendable {
    /// Hands over settlements, in order, without waiting for the back end.
    ///
    /// - Throws: ``OmnibusError`` with the code `alreadySettled` or `leaseLost` for the first one that is stale; those
    ///   after it are handed over all the same.
    func settle(_ settlements: [Settlement]) throws(OmnibusError)

    /// Waits until the back end has every settlement that was handed over.
    func flush() async throws(OmnibusError)
}
