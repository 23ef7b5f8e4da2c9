// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Hands the events of an in-memory queue to a handler that wants nothing but the event.
///
/// Design note: this is the hot path. Entries are taken in batches, events are moved out of the queue's own column, and
/// no message, delivery or handle exists unless the handler throws.
struct EventWorker<E: Event>: Sendable {
    let lane: Lane
    let subscription: Subscription
    let policy: FailurePolicy
    let codec: any PayloadCodec
    let source: String
    let random: any BusRandom
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
            let scope = DeliveryScope(source: self.source, lane: self.lane.id)
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
        var header = EntryHeader(idHigh: 0, idLow: 0, origin: 0, size: 0)
        while true {
            if buffer.isEmpty {
                guard await state.next(self.subscription.id) else { return false }
            }
            while !buffer.isEmpty {
                if state.mustGiveBack { break }
                if buffer.first.pointee.flags.isEmpty, state.hasOwnLayout(E.self) {
                    let event = buffer.moveFirst(as: E.self, &header)
                    scope.enter(idHigh: header.idHigh, idLow: header.idLow, extras: header.rare?.extras)
                    do {
                        try await self.handler(event)
                        state.completed += 1
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

    /// Handles a message that is not in the queue's own column, or has a time to live.
    private func handleWhole(_ entry: HeldEntry, _ scope: DeliveryScope) async {
        if let expiry = entry.message.expiresAt, expiry <= self.lane.clock.now {
            return self.lane.settle(entry, .deadLetter(.expired, nil))
        }
        scope.enter(entry.message)
        let event: E
        do {
            event = try entry.message.payload.decode(as: E.self, codec: self.codec)
        } catch {
            return self.lane.settle(entry, .deadLetter(.undecodable, self.attempt(entry, error)))
        }
        do {
            try await self.handler(event)
            self.lane.settle(entry, .ack)
        } catch {
            self.failed(entry, error)
        }
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
            )
        )
    }

    private func failed(_ entry: HeldEntry, _ error: any Error) {
        let decision = self.policy.decision(
            for: error,
            attempt: entry.attempts + 1,
            maximumRetries: entry.message.headers.maxRetries,
            fraction: self.random.fraction()
        )
        let failure = self.attempt(entry, error)
        switch decision {
        case .retry(let delay): self.lane.settle(entry, .nack(after: delay, failure))
        case .deadLetter(let reason): self.lane.settle(entry, .deadLetter(reason, failure))
        }
    }

    private func attempt(_ entry: HeldEntry, _ error: any Error) -> FailedAttempt {
        FailedAttempt(attempt: entry.attempts + 1, time: self.lane.clock.now, error: error)
    }
}

/// What a worker keeps between batches.
struct WorkerState {
    let lane: Lane
    let buffer: EntryBuffer
    /// Entries of this batch that were handled and are not acknowledged yet.
    var completed = 0
    /// How many entries to take at once.
    private var batch: Int
    private let largestBatch: Int
    private let isAlone: Bool
    private var attention: Int
    private var batchStart: Duration = .zero

    init(lane: Lane, isAlone: Bool) {
        self.lane = lane
        self.buffer = EntryBuffer(layout: lane.layout)
        self.isAlone = isAlone
        self.largestBatch = max(1, min(256, lane.settings.bounds.count / 16))
        self.batch = isAlone ? self.largestBatch : 1
        self.attention = lane.attention.load(ordering: .acquiring)
    }

    /// Whether the payload column holds events of a type.
    @inline(__always)
    func hasOwnLayout<E>(_ type: E.Type) -> Bool {
        self.buffer.layout.typeID == ObjectIdentifier(E.self)
    }

    /// Waits for the next batch; returns false when there will be none.
    mutating func next(_ member: SubscriptionID) async -> Bool {
        if !self.isAlone { self.adaptBatch() }
        if self.completed < 32 { await Task.yield() }
        let completed = self.completed
        self.completed = 0
        return await self.lane.next(self.buffer, upTo: self.batch, completed: completed, for: member)
    }

    /// Whether the rest of the batch has to go back: something urgent has come, or the subscription changes.
    var mustGiveBack: Bool {
        mutating get {
            let attention = self.lane.attention.load(ordering: .acquiring)
            guard attention != self.attention else { return false }
            self.attention = attention
            self.lane.giveBack(self.buffer, completed: self.completed)
            self.completed = 0
            return true
        }
    }

    /// Takes more at once while handlers are quick, and one at a time while they are slow: what a worker has taken
    /// waits for it alone, while another one may be free.
    private mutating func adaptBatch() {
        let now = self.lane.clock.uptime()
        let elapsed = now - self.batchStart
        self.batchStart = now
        if elapsed < .microseconds(20) {
            self.batch = min(self.batch * 2, min(16, self.largestBatch))
        } else if elapsed > .microseconds(100) {
            self.batch = 1
        }
    }
}
