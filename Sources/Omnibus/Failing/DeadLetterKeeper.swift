// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Who keeps dead letters, and can bring one back to the queue that gave up on it: the in-memory broker, or the bus.
protocol DeadLetterKeeper: Sendable {
    var deadLetters: DeadLetterStore { get }

    /// Puts a dead letter into the queue where it failed, with its attempts counted anew.
    func redrive(_ id: MessageID) throws(OmnibusError)
}

extension BrokerCore: DeadLetterKeeper {}
