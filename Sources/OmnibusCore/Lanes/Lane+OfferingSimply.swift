// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    /// What has come of an offer on the shortest way; plain bits, so that handing it back costs nothing.
    package struct SimpleOffer: Sendable {
        /// Whether the queue has the value; where it has not, nothing has happened.
        package var isStored: Bool
        /// Who is to be woken once the caller holds no lock any more.
        package var worker: Waker?
    }

    /// Offers a value of the queue's own type, which is copied, where the queue has room and nothing unusual is going on.
    ///
    /// Design note: this is ``offer(_:idHigh:idLow:key:rare:size:origin:priority:mode:_:)`` without all that it has to be
    /// ready for: what that hands back has references in it, and making and ending them costs more than the rest of this.
    package func offerSimply(
        _ value: UnsafeRawPointer,
        idHigh: UInt64,
        idLow: UInt64,
        key: String?,
        rare: RareEntry?,
        size: UInt32,
        origin: UInt16,
        priority: Priority
    ) -> SimpleOffer {
        self.state.withLock { state in
            guard state.machine.offersSimply(size: Int(size), priority: priority),
                let header = state.machine.own.ready.append(copying: value, size: size)
            else { return SimpleOffer(isStored: false) }
            let flags = EntryHeader.Flags(priority)
            if key == nil, rare == nil {
                // Said here, so that no reference is counted that is not there.
                header.initialize(
                    to: EntryHeader(idHigh: idHigh, idLow: idLow, origin: origin, size: size, flags: flags)
                )
            } else {
                header.initialize(
                    to: EntryHeader(
                        idHigh: idHigh,
                        idLow: idLow,
                        origin: origin,
                        size: size,
                        key: key,
                        rare: rare,
                        flags: flags
                    )
                )
            }
            return SimpleOffer(isStored: true, worker: state.machine.workerForOffer()?.waker)
        }
    }
}
