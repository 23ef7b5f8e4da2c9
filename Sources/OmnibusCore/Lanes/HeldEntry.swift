// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A message that is outside its queue's columns: in flight with a handle to it, waiting for its retry, or given up on.
package struct HeldEntry: Sendable {
    package var message: Message
    /// How many attempts have been made.
    package var attempts: Int
    /// The attempts that failed, with what is known of why.
    package var failures: [FailedAttempt]
    package var position: Position?
    /// How it holds its key.
    package var hold: KeyHold
    /// What ties the message to the provider that it came from, where the queue is not the provider's own.
    package var claim: (any EntryClaim)?
    /// Where the message was read, for one that comes from a history.
    package var log: LogPlace?
    /// Since which change of its queue's gates it is in flight.
    package var epoch: UInt64 = 0

    package init(
        message: Message,
        attempts: Int = 0,
        failures: [FailedAttempt] = [],
        position: Position? = nil,
        hold: KeyHold = .none,
        claim: (any EntryClaim)? = nil,
        log: LogPlace? = nil
    ) {
        self.message = message
        self.attempts = attempts
        self.failures = failures
        self.position = position
        self.hold = hold
        self.claim = claim
        self.log = log
    }

    /// The header under which the message goes back into a queue.
    package var header: EntryHeader { EntryHeader(boxed: self) }
}

/// Something that goes with an entry wherever it goes, and ends with it: an entry that is let go of lets go of it.
package protocol EntryClaim: AnyObject, Sendable {
    /// How many messages the queue has missed before this one, where it comes from a history.
    var missed: Int { get }
}
