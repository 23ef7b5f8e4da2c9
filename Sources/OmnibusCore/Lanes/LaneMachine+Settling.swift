// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension LaneMachine {
    /// What is left to do after a settlement.
    package enum SettleDecision: Sendable {
        /// Nothing.
        case done
        /// The message was given up on and leaves the queue.
        case giveUp(HeldEntry, DeadLetter.Reason)
        /// The message waits for its time.
        case wait(until: Duration)
        /// The message is ready again.
        case ready
        /// The handle is stale, because the delivery was settled before or taken back.
        case stale(isLost: Bool)

        /// Whether there is something left to do without the lock.
        var hasConsequences: Bool {
            switch self {
            case .giveUp, .wait: true
            case .done, .ready, .stale: false
            }
        }
    }

    /// Counts entries without a slot that a worker has handled.
    @inline(__always)
    package mutating func complete(_ count: Int) {
        self.inFlight -= count
        self.metrics.acknowledged += count
    }

    /// Takes back entries that a worker has not handled, without counting an attempt; they come first again.
    package mutating func giveBack(_ buffer: EntryBuffer) {
        self.report(remaining: 0, bytes: 0)
        guard !buffer.isEmpty else { return }
        self.inFlight -= buffer.count
        if self.isClosed {
            self.metrics.abandoned += buffer.count
            return
        }
        let returned = EntryBuffer(layout: buffer.layout)
        buffer.move(upTo: buffer.count, to: returned)
        self.front.insert(returned, at: 0)
    }

    /// Gives an entry in flight a slot, so that it can be settled by handle.
    package mutating func hold(
        _ entry: HeldEntry,
        for member: SubscriptionID,
        deadline: Duration?
    ) -> DeliveryToken {
        self.slots.add(entry, member: member, deadline: deadline)
    }

    /// Settles an entry that has a slot.
    package mutating func settle(
        _ token: DeliveryToken,
        _ action: Settlement.Action,
        now: Duration
    ) -> SettleDecision {
        if case .extend(let duration) = action {
            return self.slots.extend(token, until: now + min(duration, .longestWait))
                ? .done : .stale(isLost: self.slots.isLost(token))
        }
        guard let entry = self.slots.remove(token) else { return .stale(isLost: self.slots.isLost(token)) }
        return self.settle(entry, action, now: now)
    }

    /// Settles an entry that is in flight and has no slot, or has it no more.
    package mutating func settle(_ entry: HeldEntry, _ action: Settlement.Action, now: Duration) -> SettleDecision {
        switch action {
        case .ack:
            self.complete(1)
            return .done
        case .extend:
            return .done
        case .release:
            self.inFlight -= 1
            return self.abandonsReturned() ? .done : self.returnToFront(entry)
        case .deadLetter(let reason, let failure):
            return self.giveUp(entry.failed(failure), reason)
        case .nack(let delay, let failure):
            let failed = entry.failed(failure)
            if let limit = self.attemptLimit(of: failed.message), failed.attempts >= limit {
                return self.giveUp(failed, .retriesExhausted)
            }
            self.inFlight -= 1
            guard !self.abandonsReturned() else { return .done }
            self.metrics.retried += 1
            guard let delay, delay > .zero else { return self.returnToFront(failed) }
            let due = now + min(delay, .longestWait)
            self.delayed.add(failed, due: due)
            return .wait(until: due)
        }
    }

    /// How often a message is delivered at most: the subscription's limit, lowered by the message's own.
    private func attemptLimit(of message: Message) -> Int? {
        guard let retries = message.headers.maxRetries else { return self.settings.maximumAttempts }
        let own = retries == .max ? retries : max(retries, 0) + 1
        return min(own, self.settings.maximumAttempts ?? own)
    }

    private mutating func giveUp(_ entry: HeldEntry, _ reason: DeadLetter.Reason) -> SettleDecision {
        self.inFlight -= 1
        self.metrics.deadLettered += 1
        return .giveUp(entry, reason)
    }

    /// Counts an entry that comes back to a queue that has ended; returns whether it has.
    private mutating func abandonsReturned() -> Bool {
        if self.isClosed { self.metrics.abandoned += 1 }
        return self.isClosed
    }

    private mutating func returnToFront(_ entry: HeldEntry) -> SettleDecision {
        // Those that came back earlier come first; a buffer that a worker draws from may grow at its end.
        if self.front.isEmpty { self.front.append(EntryBuffer(layout: self.ready.layout)) }
        self.front[self.front.count - 1].append(boxed: entry.header)
        return .ready
    }

    /// Makes ready what was waiting for its time; returns whether there was anything.
    package mutating func releaseDue(now: Duration) -> Bool {
        var isAny = false
        while let entry = self.delayed.takeDue(by: now) {
            _ = self.returnToFront(entry)
            isAny = true
        }
        return isAny
    }

    /// Takes back deliveries whose deadline has passed; they count as failed attempts.
    package mutating func takeBackOverdue(now: Duration) -> [SettleDecision] {
        self.slots.removeOverdue(by: now).map { self.settle($0, .nack(after: nil, nil), now: now) }
    }

    /// Takes back everything that a member holds by handle, without counting an attempt.
    package mutating func takeBack(from member: SubscriptionID, now: Duration) {
        for entry in self.slots.removeAll(of: member) { _ = self.settle(entry, .release, now: now) }
    }

    /// Finds the delivery in flight of a message.
    package func token(of message: MessageID, member: SubscriptionID) -> DeliveryToken? {
        self.slots.token(of: message, member: member)
    }

    /// What is left to do once a queue has ended.
    package struct Ending: Sendable {
        /// Everybody who is asleep.
        package var sleepers: [Sleeper] = []
        /// What was abandoned, to be released when no lock is held: payloads may have code of their own.
        package var buffers: [EntryBuffer] = []
        package var delayed = DelayedEntries()
    }

    /// Ends the queue: what waits in it is abandoned; what is in flight may still be settled.
    package mutating func close() -> Ending {
        guard !self.isClosed else { return Ending() }
        self.isClosed = true
        self.metrics.abandoned += self.waitingCount
        var ending = Ending(buffers: self.front, delayed: self.delayed)
        for buffer in [self.control, self.ready] {
            let rest = EntryBuffer(layout: buffer.layout)
            buffer.move(upTo: buffer.count, to: rest)
            ending.buffers.append(rest)
        }
        self.front = []
        self.delayed = DelayedEntries()
        self.members = []
        ending.sleepers = self.idleWorkers + self.suspended + self.settledWaiters()
        self.idleWorkers = []
        self.suspended = []
        return ending
    }
}

extension HeldEntry {
    /// The entry after one more attempt has failed.
    fileprivate func failed(_ failure: FailedAttempt?) -> HeldEntry {
        var copy = self
        copy.attempts += 1
        if let failure { copy.failures.append(failure) }
        return copy
    }
}
