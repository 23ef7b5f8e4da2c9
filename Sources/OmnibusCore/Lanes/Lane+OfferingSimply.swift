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

    /// Offers a value of the queue's own type where the queue has room and nothing unusual is going on.
    ///
    /// Design note: this is ``offer(_:idHigh:idLow:key:rare:size:origin:priority:mode:_:)`` without all that it has to be
    /// ready for: what that hands back has references in it, and making and ending them costs more than the rest of this.
    /// Where it is stored, the value has been moved out of its place.
    package func offerSimply(
        moving value: UnsafeMutableRawPointer,
        idHigh: UInt64,
        idLow: UInt64,
        key: String?,
        rare: RareEntry?,
        size: UInt32,
        origin: UInt16,
        priority: Priority
    ) -> SimpleOffer {
        self.offerSimply(idHigh, idLow, key, rare, size, origin, priority) { $0.append(moving: value, size: size) }
    }

    /// The same with a value that is copied.
    package func offerSimply(
        copying value: UnsafeRawPointer,
        idHigh: UInt64,
        idLow: UInt64,
        key: String?,
        rare: RareEntry?,
        size: UInt32,
        origin: UInt16,
        priority: Priority
    ) -> SimpleOffer {
        self.offerSimply(idHigh, idLow, key, rare, size, origin, priority) { $0.append(copying: value, size: size) }
    }

    @inline(__always)
    private func offerSimply(
        _ idHigh: UInt64,
        _ idLow: UInt64,
        _ key: String?,
        _ rare: RareEntry?,
        _ size: UInt32,
        _ origin: UInt16,
        _ priority: Priority,
        append: (EntryBuffer) -> UnsafeMutablePointer<EntryHeader>?
    ) -> SimpleOffer {
        self.state.withLock { state in
            guard state.machine.offersSimply(size: Int(size), priority: priority),
                let header = append(state.machine.own.ready)
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
