// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Hands the events of an in-memory queue to a handler that wants nothing but the event.
///
/// Design note: this is the hot path. Entries are taken in batches, events are moved out of the queue's own column, and
/// no message, delivery or handle exists unless the handler throws.
struct EventWorker<E: Event>: Sendable {
    let lane: Lane
    let settler: EntrySettler
    let codec: any PayloadCodec
    let compression: CompressionSettings
    let source: String
    /// The bus that the subscription was made on.
    let owner: ObjectIdentifier
    /// Whether nobody else takes from this queue, so that a large batch keeps nobody waiting.
    let isAlone: Bool
    let handler: @Sendable (E) async throws -> Void
    /// Calls the handler for event after event, in code that knows the handler.
    let handleAll: @Sendable (EventBatch) async -> Void

    /// Works until the subscription has ended.
    ///
    /// It is concurrent, and so are the steps below, so that no executor has to be restored after each handler.
    @concurrent
    func run() async {
        let batch = EventBatch(WorkerState(lane: self.lane, isAlone: self.isAlone), self.settler, self.codec)
        var goesOn = true
        while goesOn {
            let scope = DeliveryScope(source: self.source, lane: self.lane, owner: self.owner)
            goesOn = await DeliveryScope.$current.withValue(scope) {
                await self.work(batch, scope)
            }
            // Whoever the last handler has started and left behind sees no further messages.
            scope.expire()
        }
    }

    /// Works with one scope; returns false when the subscription has ended, true when a new scope is needed.
    @concurrent
    private func work(_ batch: EventBatch, _ scope: DeliveryScope) async -> Bool {
        batch.enter(scope)
        defer { batch.leaveScope() }
        let buffer = batch.state.buffer
        let isOwnType = buffer.layout.typeID == ObjectIdentifier(E.self) && !self.lane.settings.hasGates
        var isShort = isOwnType && !self.settler.activities.isOn
        while true {
            if buffer.isEmpty {
                guard await batch.state.next(self.settler.subscription.id) else { return false }
                // Once for each batch: whoever begins to watch has the batches given back.
                isShort = isOwnType && !self.settler.activities.isOn
            }
            while !buffer.isEmpty {
                if batch.state.mustGiveBack { break }
                if isShort, buffer.first.pointee.isPlain {
                    await self.handleAll(batch)
                } else {
                    await self.handleWhole(buffer.takeFirst(self.lane.defaults), scope)
                }
                if batch.isScopeHeld { return true }
            }
        }
    }

    /// Handles a message that is not in the queue's own column, has a time to live, or is watched.
    private func handleWhole(_ entry: HeldEntry, _ scope: DeliveryScope) async {
        if let expiry = entry.message.expiresAt, expiry <= self.lane.clock.now {
            return self.settler.settle(entry, .deadLetter(.expired, nil))
        }
        scope.enter(entry.message)
        let event: E
        do {
            event = try self.compression.decode(entry.message, codec: self.codec)
        } catch {
            return self.settler.refuse(entry, error)
        }
        // Decoding may have taken its time: once cancelled, no handler starts.
        guard self.lane.hasMember(self.settler.subscription.id) else { return self.settler.settle(entry, .release) }
        self.settler.activities.delivered(
            entry.message,
            attempt: entry.attempts + 1,
            to: self.settler.subscription
        )
        do {
            try await self.handler(event)
            self.settler.settle(entry, .ack)
        } catch {
            self.settler.failed(entry, error)
        }
    }
}

/// The events that a worker has taken, as the loop sees them that hands them to a handler.
///
/// Design note: that loop is compiled in the user's module, where the handler and its type are known: called through a
/// type that is not, a handler costs three frames instead of one. Everything else is compiled once, here.
@usableFromInline
final class EventBatch {
    // One worker has it, and nobody else: checking that at every access would cost as much as the rest.
    @exclusivity(unchecked) var state: WorkerState
    private let settler: EntrySettler
    private let codec: any PayloadCodec
    private let buffer: EntryBuffer
    /// The worker keeps it alive: what would be retained and released for each event costs as much as a lock.
    @exclusivity(unchecked) private var scope: Unmanaged<DeliveryScope>?
    @exclusivity(unchecked) private var holders: UInt = 0
    @exclusivity(unchecked) private var header = EntryHeader(idHigh: 0, idLow: 0, origin: 0, size: 0)

    init(_ state: WorkerState, _ settler: EntrySettler, _ codec: any PayloadCodec) {
        self.state = state
        self.buffer = state.buffer
        self.settler = settler
        self.codec = codec
    }

    func enter(_ scope: DeliveryScope) {
        self.scope = Unmanaged.passUnretained(scope)
        self.holders = self.holderCount
    }

    func leaveScope() { self.scope = nil }

    /// Whether a task that a handler has started still holds the scope, so that the next one needs a new one.
    var isScopeHeld: Bool { self.holderCount > self.holders }

    /// How many references to the scope there are, those that asking takes included: so it is the same code that asks
    /// each time.
    private var holderCount: UInt {
        @inline(never) get { self.scope?._withUnsafeGuaranteedRef { $0.holderCount } ?? 0 }
    }

    /// Where the next event lies, which the caller moves out at once; nil where something else is to be done first.
    @usableFromInline
    func next() -> UnsafeMutableRawPointer? {
        let buffer = self.buffer
        guard !buffer.isEmpty, buffer.first.pointee.isPlain, !self.state.needsAttention, !self.isScopeHeld else {
            return nil
        }
        let place = buffer.moveFirst(&self.header)
        self.scope?._withUnsafeGuaranteedRef {
            $0.enter(idHigh: self.header.idHigh, idLow: self.header.idLow, extras: self.header.rare?.extras)
        }
        return place
    }

    /// The loop that calls a handler for event after event.
    @inlinable
    @inline(__always)
    static func loop<E: Event>(
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

    /// Says that the handler has handled the event.
    @usableFromInline
    func handled() {
        self.state.complete(self.header.flags, self.header.key)
    }

    /// Says that the handler has thrown.
    @usableFromInline
    func failed<E: Event>(_ event: E, _ error: any Error) {
        let defaults = self.state.lane.defaults
        let entry = HeldEntry(
            message: Message(
                event,
                topic: defaults.topic,
                id: MessageID(high: self.header.idHigh, low: self.header.idLow),
                key: self.header.key,
                extras: self.header.rare?.extras ?? defaults.extras(self.header.origin),
                codec: self.codec
            ),
            hold: self.header.flags.hold
        )
        self.settler.failed(entry, error)
    }
}

/// Settles what a worker has taken out of an in-memory queue.
struct EntrySettler: Sendable {
    let lane: Lane
    let subscription: Subscription
    let policy: FailurePolicy
    let random: any BusRandom
    let activities: ActivityRecorder

    func settle(_ entry: HeldEntry, _ action: Settlement.Action) {
        self.lane.settle(entry, action)
        self.activities.settled(action, entry.message, attempt: entry.attempts + 1, of: self.subscription)
    }

    /// Gives up on an entry whose event cannot be made of its message.
    func refuse(_ entry: HeldEntry, _ error: OmnibusError) {
        self.settle(entry, .deadLetter(DeadLetter.Reason(error), self.attempt(entry, error)))
    }

    func failed(_ entry: HeldEntry, _ error: any Error) {
        if error is HandlerNotCalled { return self.settle(entry, .release) }
        let decision = self.policy.decision(
            for: error,
            attempt: entry.attempts + 1,
            maximumRetries: entry.message.headers.maxRetries,
            fraction: self.random.fraction()
        )
        let failure = self.attempt(entry, error)
        switch decision {
        case .retry(let delay): self.settle(entry, .nack(after: delay, failure))
        case .deadLetter(let reason): self.settle(entry, .deadLetter(reason, failure))
        }
    }

    private func attempt(_ entry: HeldEntry, _ error: any Error) -> FailedAttempt {
        FailedAttempt(
            attempt: entry.attempts + 1,
            time: HandlerTimeout.timeOfFailure(error, now: self.lane.clock.now),
            error: error
        )
    }
}
