// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    /// What has come of an offer on the shortest way; plain bits, so that handing it back costs nothing.
    package struct SimpleOffer: Sendable {
        /// Whether the queue has the event; where it has not, nothing has happened.
        package var isStored: Bool
        /// Who is to be woken once the caller holds no lock any more.
        package var worker: Waker?
    }

    /// Offers an event of the queue's own type, and moves it, where the queue has room and nothing unusual is going on.
    ///
    /// Design note: this is ``offer(copying:key:_:)`` without all that it has to be ready for: what that hands back has
    /// references in it, and making and ending them costs more than the rest of this.
    package func offerSimply(moving event: inout OfferedEvent, key: String?) -> SimpleOffer {
        let offer = self.offerSimply(event) { $0.append(moving: event, key: key) }
        event.hasMoved = offer.isStored
        return offer
    }

    /// The same with an event that is copied.
    package func offerSimply(copying event: OfferedEvent, key: String?) -> SimpleOffer {
        self.offerSimply(event) { $0.append(copying: event, key: key) }
    }

    @inline(__always)
    private func offerSimply(
        _ event: OfferedEvent,
        append: (EntryBuffer) -> Bool
    ) -> SimpleOffer {
        self.state.withLock { state in
            guard state.machine.offersSimply(size: Int(event.size), priority: event.priority),
                append(state.machine.own.ready)
            else { return SimpleOffer(isStored: false) }
            return SimpleOffer(isStored: true, worker: state.machine.workerForOffer()?.waker)
        }
    }
}
