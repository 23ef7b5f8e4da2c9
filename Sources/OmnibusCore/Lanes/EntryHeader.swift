// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a queue knows about one waiting message beside its payload.
///
/// Design note: a queue is columns, these headers and the payloads, and one of keys where events have any. An event of
/// the queue's own type lies in the payload column as it is: nothing is boxed, nothing that other threads use too is
/// retained or released, and the message is only made when somebody asks for it. Every byte here is carried from one
/// core to another, so the header holds what nearly every message has; the time of acceptance is read from the id, and
/// everything unusual (another type, a position, a retry, the fields that a handler's messages inherit) is in one
/// reference. It cannot be copied, so that its reference is not counted twice by accident.
package struct EntryHeader: ~Copyable, Sendable {
    /// What is unusual about an entry, and its priority.
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The message is in `rare.box`, and the payload column has nothing.
        package static let isBoxed = Flags(rawValue: 1)
        /// The message has a time to live.
        package static let expires = Flags(rawValue: 2)
        /// The entry holds its key: others with that key wait until it is settled for good.
        package static let ownsKey = Flags(rawValue: 16)
        /// The entry runs while the one that holds its key waits for a retry, being more urgent.
        package static let overtakes = Flags(rawValue: 32)

        /// The entry is being merged with a newer one, and handed to nobody meanwhile.
        package static let isBusy = Flags(rawValue: 64)
        /// The column of keys has the event's key.
        package static let hasKey = Flags(rawValue: 128)

        /// The flags of a priority; none for a normal one.
        package init(_ priority: Priority) {
            let raw = UInt16(truncatingIfNeeded: Int(priority.rawValue) - Int(Priority.normal.rawValue)) & 3
            self.init(rawValue: raw << 2)
        }

        /// The priority that the flags tell.
        package var priority: Priority {
            Priority(rawValue: Int8((self.rawValue >> 2 + 1) & 3)) ?? .normal
        }

        /// How the entry holds its key.
        package var hold: KeyHold {
            if self.contains(.ownsKey) { return .owner }
            return self.contains(.overtakes) ? .overtaker : .none
        }

        /// Whether the entry's key has to be let go when it is settled.
        @inline(__always)
        package var holdsKey: Bool { self.rawValue & 48 != 0 }
    }

    /// The upper half of the message's id.
    package var idHigh: UInt64
    /// The lower half of the message's id.
    package var idLow: UInt64
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
        rare: RareEntry? = nil,
        flags: Flags = []
    ) {
        self.idHigh = idHigh
        self.idLow = idLow
        self.origin = origin
        self.size = size
        self.rare = rare
        self.flags = flags
    }

    /// The header of a message that is boxed.
    package init(boxed entry: HeldEntry) {
        let message = entry.message
        var flags: Flags = [.isBoxed, Flags(message.priority)]
        if message.timeToLive != nil { flags.insert(.expires) }
        switch entry.hold {
        case .none: break
        case .owner: flags.insert(.ownsKey)
        case .overtaker: flags.insert(.overtakes)
        }
        self.init(
            idHigh: 0,
            idLow: 0,
            origin: 0,
            size: UInt32(clamping: message.payload.estimatedSize),
            rare: RareEntry(
                box: message,
                attempts: entry.attempts,
                failures: entry.failures,
                position: entry.position,
                claim: entry.claim,
                log: entry.log
            ),
            flags: flags
        )
    }

    /// How many attempts have been made before.
    package var attempts: Int { self.rare?.attempts ?? 0 }

    /// Whether the message is not in the payload column.
    @inline(__always)
    package var isBoxed: Bool { self.flags.rawValue & Flags.isBoxed.rawValue != 0 }

    /// Whether the column of keys has its key.
    @inline(__always)
    var hasKey: Bool { self.flags.rawValue & Flags.hasKey.rawValue != 0 }

    /// Takes over all but the reference.
    @inline(__always)
    mutating func takePlainFields(_ other: borrowing EntryHeader) {
        self.idHigh = other.idHigh
        self.idLow = other.idLow
        self.size = other.size
        self.origin = other.origin
        self.flags = other.flags
    }

    /// Whether the payload column has the value, and it does not expire.
    @inline(__always)
    package var isPlain: Bool { self.flags.rawValue & 3 == 0 }
}

/// How an entry holds its key.
package enum KeyHold: Sendable, Hashable {
    /// It does not: it has none, has not been handed over yet, or its lane has one worker that takes it in order.
    case none
    /// Others with the key wait until the entry is settled for good.
    case owner
    /// It overtakes the owner, which waits for its retry.
    case overtaker
}

/// What hardly any waiting message has.
@usableFromInline
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
    /// What ties the message to where it came from.
    package let claim: (any EntryClaim)?
    /// Where the message was read, for one that comes from a history.
    package let log: LogPlace?

    package init(
        box: Message? = nil,
        extras: MessageExtras? = nil,
        attempts: Int = 0,
        failures: [FailedAttempt] = [],
        position: Position? = nil,
        claim: (any EntryClaim)? = nil,
        log: LogPlace? = nil
    ) {
        self.box = box
        self.extras = extras
        self.attempts = attempts
        self.failures = failures
        self.position = position
        self.claim = claim
        self.log = log
    }
}
