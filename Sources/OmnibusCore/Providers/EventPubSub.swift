// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something to publish to and to subscribe at, and no more: what code needs that is indifferent to which bus it has.
public protocol EventPubSub: EventPublishing, AsyncEventPublishing {
    /// The bus's name in logs and reports: unique, and the same as long as the bus lives.
    var busID: String { get }

    /// Who the bus is for its back end; nil where it does not have to be anybody. Nothing in it is ever shown.
    var credentials: EventBusCredentials? { get }

    /// Subscribes a handler to a pattern.
    ///
    /// - Returns: the handle by which the subscription is ended; functions are not compared.
    @discardableResult
    func subscribe(_ handler: any MessageHandler, to pattern: TopicPattern) async throws -> Subscription

    /// Ends a subscription; once it has returned, no handler of the subscription starts.
    func unsubscribe(_ id: SubscriptionID) async throws(OmnibusError)

    /// Ends all subscriptions, and returns how many there were.
    @discardableResult
    func clear() async -> Int
}
