// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// An event on the shortest way to the queues that want it: where it lies, and what they have to know of it.
///
/// Design note: it is handed on by reference, and whoever knows more fills it in: the bus its origin and cause, the
/// broker the id. Handing each of these to four functions in turn took as long as a lock. It is plain bits, so that
/// nothing has to be ended; its topic and its key, which are not, are handed on beside it.
@usableFromInline
package struct OfferedEvent {
    /// Where the event lies; a queue that wants it alone moves it out.
    @usableFromInline package let place: UnsafeMutableRawPointer
    @usableFromInline package let typeID: ObjectIdentifier
    /// What it inherits from the message that is being handled; nil outside of handlers. Whoever fills it in keeps it
    /// alive.
    @usableFromInline package var cause: Unmanaged<RareEntry>?
    @usableFromInline package var idHigh: UInt64 = 0
    @usableFromInline package var idLow: UInt64 = 0
    /// What it counts against bounds in bytes.
    @usableFromInline package let size: UInt32
    /// Which publisher's defaults (its source) apply.
    @usableFromInline package var origin: UInt16 = 0
    @usableFromInline package let priority: Priority
    /// Whether the event has been moved out of its place.
    @usableFromInline package var hasMoved = false

    @inlinable
    package init(at place: UnsafeMutableRawPointer, of typeID: ObjectIdentifier, size: Int, priority: Priority) {
        self.place = place
        self.typeID = typeID
        self.size = UInt32(clamping: size)
        self.priority = priority
    }

    /// What its queue knows of it.
    @inline(__always)
    var header: EntryHeader {
        EntryHeader(
            idHigh: self.idHigh,
            idLow: self.idLow,
            origin: self.origin,
            size: self.size,
            rare: self.cause?.takeUnretainedValue(),
            flags: EntryHeader.Flags(self.priority)
        )
    }

    /// What a full queue means for it.
    var mode: LaneMachine.OfferMode { self.cause == nil ? .outside : .handler }
}
