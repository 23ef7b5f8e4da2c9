// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Hands the events of an in-memory queue to a handler that wants nothing but the event.
///
/// Design note: this is the hot path. Entries are taken in batches, events are moved out of the queue's own column, and
/// no message, delivery or handle exists unless the handler throws.
struct EventWorker<E: Event>: Sendable {
    let lane: Lane
    let subscription: Subscription
    let policy: FailurePolicy
    let codec: any PayloadCodec
    let compression: CompressionSettings
    let source: String
    /// The bus that the subscription was made on.
    let owner: ObjectIdentifier
    let random: any BusRandom
    let activities: ActivityRecorder
    /// Whether nobody else takes from this queue, so that a large batch keeps nobody waiting.
    let isAlone: Bool
    let handler: @Sendable (E) async throws -> Void

    /// Works until the subscription has ended.
    ///
    /// It is concurrent, and so are the steps below, so that no executor has to be restored after each handler.
    @concurrent
    func run() async {
        var state = WorkerState(lane: self.lane, isAlone: self.isAlone)
        var goesOn = true
        while goesOn {
            let scope = DeliveryScope(source: self.source, lane: self.lane, owner: self.owner)
            goesOn = await DeliveryScope.$current.withValue(scope) {
                await self.work(&state, scope)
            }
            // Whoever the last handler has started and left behind sees no further messages.
            scope.expire()
        }
    }

    /// Works with one scope; returns false when the subscription has ended, true when a new scope is needed.
    @concurrent
    private func work(_ state: inout WorkerState, _ scope: DeliveryScope) async -> Bool {
        let holders = scope.holderCount
        let buffer = state.buffer
        let isOwnType = buffer.layout.typeID == ObjectIdentifier(E.self) && !self.lane.settings.hasGates
        var header = EntryHeader(idHigh: 0, idLow: 0, origin: 0, size: 0)
        var isShort = isOwnType && !self.activities.isOn
        while true {
            if buffer.isEmpty {
                guard await state.next(self.subscription.id) else { return false }
                // Once for each batch: whoever begins to watch has the batches given back.
                isShort = isOwnType && !self.activities.isOn
            }
            while !buffer.isEmpty {
                if state.mustGiveBack { break }
                if isShort, buffer.first.pointee.isPlain {
                    let event = buffer.moveFirst(as: E.self, &header)
                    scope.enter(idHigh: header.idHigh, idLow: header.idLow, extras: header.rare?.extras)
                    do {
                        try await self.handler(event)
                        state.complete(header.flags, header.key)
                    } catch {
                        self.failed(self.entry(header, event), error)
                    }
                } else {
                    await self.handleWhole(buffer.takeFirst(self.lane.defaults), scope)
                }
                if scope.holderCount > holders { return true }
            }
        }
    }

    /// Handles a message that is not in the queue's own column, has a time to live, or is watched.
    private func handleWhole(_ entry: HeldEntry, _ scope: DeliveryScope) async {
        if let expiry = entry.message.expiresAt, expiry <= self.lane.clock.now {
            return self.settle(entry, .deadLetter(.expired, nil))
        }
        scope.enter(entry.message)
        let event: E
        do {
            event = try self.compression.decompress(entry.message).payload.decode(as: E.self, codec: self.codec)
        } catch {
            return self.settle(entry, .deadLetter(DeadLetter.Reason(error), self.attempt(entry, error)))
        }
        // Decoding may have taken its time: once cancelled, no handler starts.
        guard self.lane.hasMember(self.subscription.id) else { return self.settle(entry, .release) }
        self.activities.delivered(entry.message, attempt: entry.attempts + 1, to: self.subscription)
        do {
            try await self.handler(event)
            self.settle(entry, .ack)
        } catch {
            self.failed(entry, error)
        }
    }

    private func settle(_ entry: HeldEntry, _ action: Settlement.Action) {
        self.lane.settle(entry, action)
        self.activities.settled(action, entry.message, attempt: entry.attempts + 1, of: self.subscription)
    }

    private func entry(_ header: borrowing EntryHeader, _ event: E) -> HeldEntry {
        HeldEntry(
            message: Message(
                event,
                topic: self.lane.defaults.topic,
                id: MessageID(high: header.idHigh, low: header.idLow),
                key: header.key,
                extras: header.rare?.extras ?? self.lane.defaults.extras(header.origin),
                codec: self.codec
            ),
            hold: header.flags.hold
        )
    }

    private func failed(_ entry: HeldEntry, _ error: any Error) {
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
