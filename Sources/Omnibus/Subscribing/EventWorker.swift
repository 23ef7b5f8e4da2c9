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
        let isOwnType = buffer.layout.typeID == ObjectIdentifier(E.self)
        var header = EntryHeader(idHigh: 0, idLow: 0, origin: 0, size: 0)
        while true {
            if buffer.isEmpty {
                guard await state.next(self.subscription.id) else { return false }
            }
            while !buffer.isEmpty {
                if state.mustGiveBack { break }
                if isOwnType, buffer.first.pointee.isPlain {
                    let event = buffer.moveFirst(as: E.self, &header)
                    scope.enter(idHigh: header.idHigh, idLow: header.idLow, extras: header.rare?.extras)
                    do {
                        try await self.handler(event)
                        state.complete()
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
            return self.lane.settle(entry, .deadLetter(DeadLetter.Reason(error), self.attempt(entry, error)))
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
    /// Entries that were handled and are not acknowledged yet.
    private(set) var completed = 0
    /// How many entries to take at once.
    private var batch: Int
    private let largestBatch: Int
    /// How many handled entries are acknowledged together.
    private let reportInterval: Int
    private let isAlone: Bool
    /// How many entries a worker that is alone takes at once: more, and they are cold when their turn comes.
    private static let aloneBatch = 256
    private var attention: Int
    private var batchStart: Duration = .zero
    private var batchCount = 0

    init(lane: Lane, isAlone: Bool) {
        self.lane = lane
        self.buffer = EntryBuffer(layout: lane.layout)
        self.isAlone = isAlone
        self.largestBatch = max(1, min(16, lane.settings.bounds.count / 16))
        self.reportInterval = max(1, min(64, lane.settings.bounds.count / 16))
        self.batch = isAlone ? max(1, min(Self.aloneBatch, lane.settings.bounds.count / 4)) : 1
        self.attention = lane.attention.load(ordering: .acquiring)
    }

    /// Waits for the next batch; returns false when there will be none.
    mutating func next(_ member: SubscriptionID) async -> Bool {
        if self.isAlone {
            // A short batch means that this worker keeps up. Letting others run first makes the next one longer, and
            // keeps the queue's memory with the publisher meanwhile.
            if self.batchCount < 32 { await Task.yield() }
        } else {
            self.adaptBatch()
        }
        let completed = self.completed
        self.completed = 0
        let isTaken = await self.lane.next(
            self.buffer,
            upTo: self.batch,
            completed: completed,
            for: member,
            isAlone: self.isAlone
        )
        self.batchCount = self.buffer.count
        return isTaken
    }

    /// Counts an entry that was handled.
    @inline(__always)
    mutating func complete() {
        self.completed += 1
        if self.completed >= self.reportInterval, self.isAlone { self.report() }
    }

    private mutating func report() {
        self.lane.report(completed: self.completed, remaining: max(0, self.buffer.count - 1), bytes: self.buffer.bytes)
        self.completed = 0
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
            self.batch = min(self.batch * 2, self.largestBatch)
        } else if elapsed > .microseconds(100) {
            self.batch = 1
        }
    }
}
