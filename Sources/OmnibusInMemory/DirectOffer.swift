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

    @usableFromInline package var idHigh: UInt64
    @usableFromInline package var idLow: UInt64
    @usableFromInline package var outcome: Outcome
    /// Whether the value has been moved out of its place into a queue; where not, it is still the caller's.
    @usableFromInline package var hasMoved = false
    /// How many queues and observers have it, where all have.
    @usableFromInline package var matched: Int32
    /// What the queues have answered, where there are several and one is full; whoever goes on takes it.
    ///
    /// Unmanaged, so that this is plain bits: nothing is counted where there is none, which is nearly always.
    private var rest: Unmanaged<PartialOffer>?

    @usableFromInline package static var elsewhere: DirectOffer {
        DirectOffer(outcome: .elsewhere, idHigh: 0, idLow: 0)
    }

    package init(
        outcome: Outcome,
        idHigh: UInt64,
        idLow: UInt64,
        matched: Int32 = 1,
        hasMoved: Bool = false
    ) {
        self.outcome = outcome
        self.hasMoved = hasMoved
        self.idHigh = idHigh
        self.idLow = idLow
        self.matched = matched
    }

    /// Offers a copy of a value that a queue may take as it is, and ends its life where none has.
    ///
    /// Inlined into the module that knows the type, so that the copy is made there.
    @inlinable
    @inline(__always)
    package static func moving<Value>(
        _ value: Value,
        _ offer: (UnsafeMutableRawPointer) -> DirectOffer
    ) -> DirectOffer {
        withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { places in
            guard let place = places.baseAddress else { return .elsewhere }
            place.initialize(to: value)
            let result = offer(place)
            if !result.hasMoved { place.deinitialize(count: 1) }
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
