// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A message handed to a subscriber: what it is, which attempt this is, and how to settle it.
public struct Delivery: Sendable {
    /// The message that is delivered.
    public let message: Message
    /// How often the message has been handed to this subscription or its group, this time included; the first is 1.
    public let attempt: Int
    /// Where the message stands in its topic's history; nil where the topic keeps none.
    public let position: Position?
    /// How many messages retention removed unread just before this one; 0 where the reader has kept up.
    public let missed: Int
    /// The subscription that the message was delivered to.
    public let subscription: Subscription
    /// What middleware has found out about this delivery, by name.
    public var context: [String: any Sendable] = [:]

    /// Where the delivery can publish and answer; nil when it comes from a provider directly.
    package var publisher: (any EventPublishing)?
    /// Where the worker finds the handle that it settles with once the handler's own is void; nil where it cannot be.
    package var renewal: TokenRenewal?
    package let token: DeliveryToken
    package let settler: any DeliverySettler

    /// Creates a delivery, for those who write a provider.
    public init(
        message: Message,
        attempt: Int,
        position: Position? = nil,
        missed: Int = 0,
        subscription: Subscription,
        token: DeliveryToken,
        settler: any DeliverySettler
    ) {
        self.message = message
        self.attempt = attempt
        self.position = position
        self.missed = missed
        self.subscription = subscription
        self.token = token
        self.settler = settler
    }

    /// The same delivery with a message that was made of its own.
    package func with(_ message: Message) -> Delivery {
        var copy = Delivery(
            message: message,
            attempt: self.attempt,
            position: self.position,
            missed: self.missed,
            subscription: self.subscription,
            token: self.token,
            settler: self.settler
        )
        copy.context = self.context
        copy.publisher = self.publisher
        copy.renewal = self.renewal
        return copy
    }

    /// Settles the delivery: the message was handled.
    ///
    /// - Throws: ``OmnibusError`` with the code `alreadySettled`, or `leaseLost` when it was taken back.
    public func ack() async throws(OmnibusError) {
        try await self.settle(.ack)
    }

    /// Settles the delivery: the attempt has failed and the message comes again.
    ///
    /// - Parameter delay: how long to wait before; nil comes again at once.
    /// - Throws: ``OmnibusError`` with the code `alreadySettled`, `leaseLost`, or `invalidSettings` for a negative
    ///   delay.
    public func nack(after delay: Duration? = nil) async throws(OmnibusError) {
        if let delay, delay < .zero {
            throw OmnibusError(
                .invalidSettings,
                """
                The delay of nack(after:) is \(delay); it must not be negative. \
                Leave it out to have the message at once.
                """
            )
        }
        try await self.settle(.nack(after: delay, nil))
    }

    /// Sets the delivery's deadline anew, counted from now.
    ///
    /// - Throws: ``OmnibusError`` with the code `alreadySettled`, `leaseLost`, or `invalidSettings` for a duration that
    ///   is not positive.
    public func extend(by duration: Duration) async throws(OmnibusError) {
        guard duration > .zero else {
            throw OmnibusError(
                .invalidSettings,
                "The duration of extend(by:) is \(duration); it must be positive, counted from now."
            )
        }
        try await self.settle(.extend(by: duration))
    }

    /// Settles the delivery: the message is given up on, and kept as a dead letter with this reason.
    ///
    /// - Throws: ``OmnibusError`` with the code `alreadySettled`, or `leaseLost`.
    public func reject(reason: String) async throws(OmnibusError) {
        try await self.settle(.deadLetter(.rejected(reason), nil))
    }

    private func settle(_ action: Settlement.Action) async throws(OmnibusError) {
        try self.settler.settle([Settlement(self.token, action)])
        try await self.settler.flush()
    }
}

/// The handle of a delivery whose handler has run out of time, and whose own handle is void since.
package final class TokenRenewal: Sendable {
    private let renewed = Mutex<DeliveryToken?>(nil)

    package init() {}

    package var token: DeliveryToken? { self.renewed.withLock { $0 } }

    package func renew(_ token: DeliveryToken?) {
        self.renewed.withLock { $0 = token }
    }
}

/// Where a message stands in its topic: a partition, and an offset within it.
public struct Position: Hashable, Sendable, CustomStringConvertible {
    /// The partition; the first is 0.
    public var partition: Int
    /// How many messages the partition had before.
    public var offset: Int64

    /// Creates a position from a partition and an offset in it.
    public init(partition: Int = 0, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }

    /// The partition and the offset, as `2:17`.
    public var description: String { "\(self.partition):\(self.offset)" }
}
