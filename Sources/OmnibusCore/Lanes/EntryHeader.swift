// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a queue knows about one waiting message beside its payload.
///
/// Design note: a queue is two columns, these headers and the payloads. An event of the queue's own type lies in the
/// payload column as it is: nothing is boxed, nothing that other threads use too is retained or released, and the
/// message is only made when somebody asks for it. Every byte here is carried from one core to another, so the header
/// holds what nearly every message has; the time of acceptance is read from the id, and everything unusual (another
/// type, a position, a retry, the fields that a handler's messages inherit) is in one reference. It cannot be copied,
/// so that none of its references is counted twice by accident.
package struct EntryHeader: ~Copyable, Sendable {
    /// What makes an entry leave the shortest path through a worker.
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The message is in `rare.box`, and the payload column has nothing.
        package static let isBoxed = Flags(rawValue: 1)
        /// The message has a time to live.
        package static let expires = Flags(rawValue: 2)
    }

    /// The upper half of the message's id.
    package var idHigh: UInt64
    /// The lower half of the message's id.
    package var idLow: UInt64
    /// The key, where the event has one.
    package var key: String?
    /// What hardly any message has.
    package var rare: RareEntry?
    /// What the message counts against bounds in bytes.
    package var size: UInt32
    /// Which publisher's defaults (its source) apply.
    package var origin: UInt16
    package var flags: Flags

    package init(
        idHigh: UInt64,
        idLow: UInt64,
        origin: UInt16,
        size: UInt32,
        key: String? = nil,
        rare: RareEntry? = nil,
        flags: Flags = []
    ) {
        self.idHigh = idHigh
        self.idLow = idLow
        self.origin = origin
        self.size = size
        self.key = key
        self.rare = rare
        self.flags = flags
    }

    /// The header of a message that is boxed.
    package init(boxed message: Message, attempts: Int = 0, failures: [FailedAttempt] = [], position: Position? = nil) {
        self.init(
            idHigh: 0,
            idLow: 0,
            origin: 0,
            size: UInt32(clamping: message.payload.estimatedSize),
            rare: RareEntry(box: message, attempts: attempts, failures: failures, position: position),
            flags: message.timeToLive == nil ? .isBoxed : [.isBoxed, .expires]
        )
    }

    /// How many attempts have been made before.
    package var attempts: Int { self.rare?.attempts ?? 0 }

    /// Whether the message is not in the payload column.
    @inline(__always)
    package var isBoxed: Bool { self.flags.rawValue & Flags.isBoxed.rawValue != 0 }

    /// Whether nothing about the entry is unusual.
    @inline(__always)
    package var isPlain: Bool { self.flags.rawValue == 0 }
}

/// What hardly any waiting message has.
package final class RareEntry: Sendable {
    /// The whole message, where it is not in the payload column.
    package let box: Message?
    /// The rare fields, shared by what one handler publishes.
    package let extras: MessageExtras?
    /// How many attempts have been made before.
    package let attempts: Int
    /// The attempts that failed by throwing.
    package let failures: [FailedAttempt]
    /// Where the message stands in its topic.
    package let position: Position?

    package init(
        box: Message? = nil,
        extras: MessageExtras? = nil,
        attempts: Int = 0,
        failures: [FailedAttempt] = [],
        position: Position? = nil
    ) {
        self.box = box
        self.extras = extras
        self.attempts = attempts
        self.failures = failures
        self.position = position
    }
}
