// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusCore

/// What became of a value on the shortest way.
@usableFromInline
package struct DirectOffer: Sendable {
    @usableFromInline
    package enum Outcome: Sendable {
        /// All who want it have it.
        case accepted
        /// They have ended meanwhile.
        case unrouted
        /// A queue is full; the call goes on with the message, under the id.
        case full
        /// The way does not lead there; nothing has happened.
        case elsewhere
    }

    @usableFromInline package let idHigh: UInt64
    @usableFromInline package let idLow: UInt64
    @usableFromInline package var outcome: Outcome
    /// How many queues and observers have it, where all have.
    @usableFromInline package var matched: Int32 = 1
    /// What the queues have answered, where there are several and one is full; whoever goes on takes it.
    ///
    /// Unmanaged, so that this is plain bits: nothing is counted where there is none, which is nearly always.
    private var rest: Unmanaged<PartialOffer>?

    init(_ outcome: Outcome, _ event: OfferedEvent) {
        self.outcome = outcome
        self.idHigh = event.idHigh
        self.idLow = event.idLow
    }

    private init() {
        self.outcome = .elsewhere
        self.idHigh = 0
        self.idLow = 0
    }

    @usableFromInline package static let elsewhere = DirectOffer()

    /// Offers an event that a queue may take as it is, and ends its life where none has.
    ///
    /// Inlined into the module that knows the type, so that the event is copied to its place there.
    @inlinable
    @inline(__always)
    package static func of<Value>(
        _ value: Value,
        size: Int,
        priority: Priority,
        _ offer: (inout OfferedEvent) -> DirectOffer
    ) -> DirectOffer {
        withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { places in
            guard let place = places.baseAddress else { return .elsewhere }
            place.initialize(to: value)
            var event = OfferedEvent(
                at: place,
                of: ObjectIdentifier(Value.self),
                size: size,
                priority: priority
            )
            let result = offer(&event)
            if !event.hasMoved { place.deinitialize(count: 1) }
            return result
        }
    }

    /// Notes that not all have accepted.
    mutating func leave(_ rest: PartialOffer) {
        self.outcome = .full
        self.rest = .passRetained(rest)
    }

    /// What the queues have answered, where there are several and one is full; it is to be taken once.
    package func takeRest() -> PartialOffer? { self.rest?.takeRetainedValue() }

    @inlinable package var id: MessageID { MessageID(high: self.idHigh, low: self.idLow) }

    /// The receipt of a call that all have accepted; inlined, because ending one that nobody looks at costs as much as a
    /// lock where it is not known what it holds.
    @inlinable package var receipt: PublishReceipt {
        PublishReceipt(messageID: self.id, matched: Int(self.matched))
    }
}

/// What the queues of a route have answered to a value that not all of them have accepted.
package final class PartialOffer: Sendable {
    let answers: QueueAnswers
    let route: Route

    init(_ answers: QueueAnswers, _ route: Route) {
        self.answers = answers
        self.route = route
    }
}
