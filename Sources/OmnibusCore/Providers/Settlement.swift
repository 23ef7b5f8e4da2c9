// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What becomes of one delivery.
public struct Settlement: Sendable {
    /// The four settlements of a delivery, and what the bus adds for its own use.
    public enum Action: Sendable {
        /// The message was handled.
        case ack
        /// The attempt has failed; the message comes again, not before the delay is over.
        case nack(after: Duration?, FailedAttempt?)
        /// The handler needs more time: the deadline is set anew, counted from now.
        case extend(by: Duration)
        /// The message is given up on and kept as a dead letter.
        case deadLetter(DeadLetter.Reason, FailedAttempt?)
        /// The message was not handled and goes back, without counting an attempt.
        case release
    }

    /// The token of the delivery that is settled.
    public var delivery: DeliveryToken
    /// What becomes of the delivery: handled, tried again or given up on.
    public var action: Action

    /// Creates a settlement of a delivery.
    public init(_ delivery: DeliveryToken, _ action: Action) {
        self.delivery = delivery
        self.action = action
    }
}

/// Where a delivery is settled: a slot of its subscription, and the slot's generation.
///
/// A slot is used again after the settlement, with another generation; that is how a second settlement is noticed.
public struct DeliveryToken: Hashable, Sendable {
    /// The number of the slot that the delivery has in its subscription.
    public var slot: UInt32
    /// How often the slot had been used when the delivery was made.
    public var generation: UInt32

    /// Creates a token, for those who write a provider.
    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }
}
