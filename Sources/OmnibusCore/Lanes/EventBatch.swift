// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

/// The events that a worker has taken, as the loop sees them that hands them to a handler.
///
/// Design note: that loop is compiled in the user's module, where the handler and its type are known: called through a
/// type that is not, a handler costs three frames instead of one. Everything else is compiled once, here, beside the
/// queue, so that going from one event to the next is one call that calls nothing.
@usableFromInline
package final class EventBatch {
    // One worker has it, and nobody else: checking that at every access would cost as much as the rest.
    @exclusivity(unchecked) package var state: WorkerState
    private let buffer: EntryBuffer
    private let codec: any PayloadCodec
    private let fail: (HeldEntry, any Error) -> Void
    /// The worker keeps it alive: what would be retained and released for each event costs as much as a lock.
    @exclusivity(unchecked) private var scope: Unmanaged<DeliveryScope>?
    @exclusivity(unchecked) private var holders: UInt = 0
    /// What the queue knew of the event that is handled.
    @exclusivity(unchecked) private var header = EntryHeader(idHigh: 0, idLow: 0, origin: 0, size: 0)
    /// Its key, where it has one.
    @exclusivity(unchecked) private var key: String?

    /// - Parameter fail: is told of the entries that the handler has thrown for.
    package init(
        _ state: consuming WorkerState,
        _ codec: any PayloadCodec,
        fail: @escaping (HeldEntry, any Error) -> Void
    ) {
        self.buffer = state.buffer
        self.state = state
        self.codec = codec
        self.fail = fail
    }

    package func enter(_ scope: DeliveryScope) {
        self.scope = Unmanaged.passUnretained(scope)
        self.holders = self.holderCount
    }

    package func leaveScope() { self.scope = nil }

    /// Whether a task that a handler has started still holds the scope, so that the next one needs a new one.
    package var isScopeHeld: Bool { self.holderCount > self.holders }

    /// How many references to the scope there are, those that asking takes included: so it is the same code that asks
    /// each time.
    private var holderCount: UInt {
        @inline(never) get { self.scope?._withUnsafeGuaranteedRef { $0.holderCount } ?? 0 }
    }

    /// Where the next event lies, which the caller moves out at once; nil where something else is to be done first.
    @usableFromInline
    package func next() -> UnsafeMutableRawPointer? {
        let buffer = self.buffer
        guard !buffer.isEmpty || self.state.refill(), buffer.first.pointee.isPlain, !self.state.needsAttention,
            !self.isScopeHeld
        else {
            return nil
        }
        let place = buffer.moveFirst(&self.header, &self.key)
        self.scope?._withUnsafeGuaranteedRef {
            $0.enter(idHigh: self.header.idHigh, idLow: self.header.idLow, self.header.rare)
        }
        return place
    }

    /// The loop that calls a handler for event after event.
    @inlinable
    @inline(__always)
    package static func loop<E: Event>(
        _ handler: @escaping @Sendable (E) async throws -> Void
    ) -> @Sendable (EventBatch) async -> Void {
        { batch in
            while let place = batch.next() {
                let event = place.assumingMemoryBound(to: E.self).move()
                do {
                    try await handler(event)
                    batch.handled()
                } catch {
                    batch.failed(event, error)
                }
            }
        }
    }

    /// The same for a handler that never suspends: without a frame of its own for each event, which costs more than all
    /// the rest.
    @inlinable
    @inline(__always)
    package static func loop<E: Event>(
        synchronous handler: @escaping @Sendable (E) throws -> Void
    ) -> @Sendable (EventBatch) async -> Void {
        { batch in
            while let place = batch.next() {
                let event = place.assumingMemoryBound(to: E.self).move()
                do {
                    try handler(event)
                    batch.handled()
                } catch {
                    batch.failed(event, error)
                }
            }
        }
    }

    /// Says that the handler has handled the event.
    @usableFromInline
    package func handled() {
        if self.header.flags.holdsKey { return self.state.complete(self.header.flags.hold, self.key) }
        self.state.complete()
    }

    /// Says that the handler has thrown.
    @usableFromInline
    package func failed<E: Event>(_ event: E, _ error: any Error) {
        let defaults = self.state.lane.defaults
        let entry = HeldEntry(
            message: Message(
                event,
                topic: defaults.topic,
                id: MessageID(high: self.header.idHigh, low: self.header.idLow),
                key: self.key,
                extras: self.header.rare?.extras ?? defaults.extras(self.header.origin),
                codec: self.codec
            ),
            hold: self.header.flags.hold
        )
        self.fail(entry, error)
    }
}
