// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

/// A key to let go of, and how it was held.
package struct KeyRelease: Sendable {
    package var key: String
    package var hold: KeyHold

    package init(key: String, hold: KeyHold) {
        self.key = key
        self.hold = hold
    }
}

extension LaneMachine {
    /// What is left to do after a settlement.
    enum SettleDecision: Sendable {
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

    /// Both clocks, as they stand when something is settled.
    package struct Moment: Sendable {
        package var uptime: Duration
        package var wall: Timestamp

        package init(uptime: Duration, wall: Timestamp) {
            self.uptime = uptime
            self.wall = wall
        }
    }

    /// Counts what a worker has done since it said so the last time.
    mutating func note(_ progress: WorkerProgress) {
        if progress.completed > 0 { self.complete(progress.completed, progress.release) }
        switch progress.ahead {
        case .unchanged: break
        case .remaining(let count, let bytes, let oldest):
            self.report(remaining: count, bytes: bytes)
            self.heldSince = oldest
        case .begun(let count, let bytes):
            self.noteBegun(count, bytes: bytes)
        }
    }

    /// Counts entries without a slot that a worker has handled, and lets go of the key of the last one.
    @inline(__always)
    package mutating func complete(_ count: Int, _ release: KeyRelease? = nil) {
        self.inFlight -= count
        self.metrics.acknowledged += count
        if let release { self.release(release.key, release.hold) }
    }

    /// Takes back entries that a worker has not handled, without counting an attempt; they come first again.
    package mutating func giveBack(_ buffer: EntryBuffer) {
        guard !buffer.isEmpty else { return }
        self.inFlight -= buffer.count
        self.gates?.gaveBack(buffer.count, epoch: buffer.epoch)
        self.waitsForResult = false
        if self.isClosed {
            let kept = buffer.count { self.isKeptByLog($0.rare?.log) }
            self.metrics.offered -= kept
            self.metrics.abandoned += buffer.count - kept
            return
        }
        // A worker takes entries of one priority at a time.
        let priority = buffer.first.pointee.flags.priority
        if self.window != nil, buffer.first.pointee.rare?.log != nil {
            self.window?[priority].giveBack(buffer)
        } else if priority == self.layout.priority {
            self.own.giveBack(buffer)
        } else {
            self.others?[priority].giveBack(buffer)
        }
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
    mutating func settle(_ token: DeliveryToken, _ action: Settlement.Action, now: Moment) -> SettleDecision {
        if case .extend(let duration) = action {
            return self.slots.extend(token, until: now.uptime + min(duration, .longestWait))
                ? .done : .stale(isLost: self.slots.isLost(token))
        }
        guard let entry = self.slots.remove(token) else { return .stale(isLost: self.slots.isLost(token)) }
        return self.settle(entry, action, now: now)
    }

    /// Settles an entry that is in flight and has no slot, or has it no more.
    mutating func settle(_ entry: HeldEntry, _ action: Settlement.Action, now: Moment) -> SettleDecision {
        switch action {
        case .ack:
            if Mutation.isActive(.redeliverAcknowledged), entry.attempts == 1 {
                self.inFlight -= 1
                return self.returnToFront(entry)
            }
            self.complete(1)
            self.noteSettled(entry)
            if Mutation.isActive(.countTwice), entry.attempts > 0 { self.metrics.acknowledged += 1 }
            self.release(entry)
            self.noteSuccess(entry)
            return .done
        case .extend:
            return .done
        case .release:
            self.gates?.gaveBack(epoch: entry.epoch)
            return self.takeBack(entry)
        case .deadLetter(let reason, let failure):
            self.noteGivenUp(entry, reason, now)
            return self.giveUp(failure.map { entry.failed($0) } ?? entry.tried(reason), reason)
        case .nack(let delay, let failure):
            self.noteFailure(entry, now)
            let failed = entry.failed(failure ?? .returned(entry.attempts + 1, now.wall))
            if let limit = self.attemptLimit(of: failed.message), failed.attempts >= limit {
                return self.giveUp(failed, .retriesExhausted)
            }
            self.inFlight -= 1
            guard !self.abandonsReturned(failed) else { return .done }
            self.metrics.retried += 1
            self.notePostponed(failed, due: now.uptime + min(max(delay ?? .zero, .zero), .longestWait))
            return self.retry(failed, after: delay, now.uptime)
        }
    }

    /// Has a message come again, at once or after a delay; until then it holds its key.
    private mutating func retry(_ failed: HeldEntry, after delay: Duration?, _ now: Duration) -> SettleDecision {
        var failed = failed
        let hold = failed.hold
        let key = self.orderKey(of: failed)
        if key != nil, hold == .none { failed.hold = .owner }
        guard let delay, delay > .zero else {
            if let key, hold == .none { self.keys.hold(key) }
            return self.returnToFront(failed)
        }
        if let key, let overtaker = self.keys.wait(key, hold, failed.message.priority) {
            self.makeReady(holder: overtaker)
        }
        let due = now + min(delay, .longestWait)
        self.delayed.add(failed, due: due)
        return .wait(until: due)
    }

    /// The key that keeps a message apart from others; nil where nothing does.
    func orderKey(of entry: HeldEntry) -> String? {
        guard self.settings.ordering == .key, entry.message.priority != .critical else { return nil }
        return entry.message.routingKey
    }

    /// How often a message is delivered at most: the subscription's limit, lowered by the message's own.
    private func attemptLimit(of message: Message) -> Int? {
        guard let retries = message.headers.maxRetries else { return self.settings.maximumAttempts }
        let own = retries == .max ? retries : max(retries, 0) + 1
        return min(own, self.settings.maximumAttempts ?? own)
    }

    private mutating func giveUp(_ entry: HeldEntry, _ reason: DeadLetter.Reason) -> SettleDecision {
        self.inFlight -= 1
        if case .expired = reason { self.metrics.expired += 1 } else { self.metrics.deadLettered += 1 }
        self.noteSettled(entry)
        if !Mutation.isActive(.skipKeyRelease) { self.release(entry) }
        return .giveUp(entry, reason)
    }

    /// Lets go of an entry in flight that the subscription does not want.
    mutating func filterOut(_ entry: HeldEntry) -> SettleDecision {
        self.inFlight -= 1
        self.metrics.filtered += 1
        self.gates?.gaveBack(epoch: entry.epoch)
        self.waitsForResult = false
        self.noteSettled(entry)
        self.release(entry)
        return .done
    }

    /// Counts an entry that comes back to a queue that has ended; returns whether it has.
    private mutating func abandonsReturned(_ entry: HeldEntry) -> Bool {
        guard self.isClosed else { return false }
        // What the group's next queue reads again was not offered to this one for good.
        if self.isKeptByLog(entry.log) { self.metrics.offered -= 1 } else { self.metrics.abandoned += 1 }
        return true
    }

    // MARK: Keys

    private mutating func release(_ entry: HeldEntry) {
        guard entry.hold != .none, let key = entry.message.routingKey else { return }
        self.release(key, entry.hold)
    }

    /// Lets go of a key; what waits behind it comes next.
    private mutating func release(_ key: String, _ hold: KeyHold) {
        self.isJammed = false
        if let next = self.keys.release(key, hold) { self.makeReady(holder: next) }
    }

    /// Makes an entry ready that has got its key.
    private mutating func makeReady(holder buffer: EntryBuffer) {
        self.isJammed = false
        let priority = buffer.first.pointee.flags.priority
        if self.window != nil, buffer.first.pointee.rare?.log != nil {
            self.window?[priority].prepend(holder: buffer)
        } else if priority == self.layout.priority {
            self.own.prepend(holder: buffer)
        } else {
            _ = self.makeReadyBuffer(of: priority)
            self.others?[priority].prepend(holder: buffer)
        }
    }

    private mutating func returnToFront(_ entry: HeldEntry) -> SettleDecision {
        // It may go on where those before it could not.
        self.isJammed = false
        let priority = entry.message.priority
        if self.window != nil, entry.log != nil {
            self.window?[priority].add(returned: entry)
        } else if priority == self.layout.priority {
            self.own.add(returned: entry)
        } else {
            _ = self.makeReadyBuffer(of: priority)
            self.others?[priority].add(returned: entry)
        }
        return .ready
    }

    // MARK: Gates

    private mutating func noteSuccess(_ entry: HeldEntry) {
        guard self.gates != nil else { return }
        self.waitsForResult = false
        self.note(self.gates?.attemptSucceeded(epoch: entry.epoch))
    }

    private mutating func noteFailure(_ entry: HeldEntry, _ now: Moment) {
        guard self.gates != nil else { return }
        self.waitsForResult = false
        self.note(self.gates?.attemptFailed(epoch: entry.epoch, now: now.uptime))
    }

    /// Notes that an entry was given up on: what no handler has seen needs no permit.
    private mutating func noteGivenUp(_ entry: HeldEntry, _ reason: DeadLetter.Reason, _ now: Moment) {
        switch reason {
        case .retriesExhausted: return self.noteFailure(entry, now)
        case .expired, .undecodable: self.gates?.gaveBack(epoch: entry.epoch)
        case .rejected, .unencodable, .schemaViolation, .tooLarge: self.gates?.attemptRejected(epoch: entry.epoch)
        }
        self.waitsForResult = false
    }

    private mutating func note(_ change: CircuitBreakerMachine.Change?) {
        guard let change else { return }
        // Asked again by the next worker: what was shut may be open, and the other way round.
        self.shutUntil = nil
        self.breakerChanges.append(change)
    }

    // MARK: Time

    /// Makes ready what was waiting for its time.
    package mutating func releaseDue(now: Duration) {
        if let end = self.shutUntil, end <= now { self.shutUntil = nil }
        while let entry = self.delayed.takeDue(by: now) {
            if let key = self.orderKey(of: entry), !self.keys.isDue(entry, key) { continue }
            _ = self.returnToFront(entry)
        }
    }

    /// Takes back deliveries whose deadline has passed; they count as failed attempts.
    mutating func takeBackOverdue(now: Moment) -> [SettleDecision] {
        self.slots.removeOverdue(by: now.uptime).map { entry in
            if Mutation.isActive(.loseAttempt) { return self.settle(entry, .release, now: now) }
            return self.settle(entry, .nack(after: nil, .overdue(entry.attempts + 1, now.wall)), now: now)
        }
    }

    /// Takes back everything that a member holds by handle, without counting an attempt.
    ///
    /// The member had begun with it, so that its permits are used: given back, they would let others go on at once.
    package mutating func takeBack(from member: SubscriptionID) {
        for entry in self.slots.removeAll(of: member) {
            self.gates?.attemptRejected(epoch: entry.epoch)
            _ = self.takeBack(entry)
        }
    }

    /// Takes back an entry in flight, without counting an attempt.
    private mutating func takeBack(_ entry: HeldEntry) -> SettleDecision {
        self.inFlight -= 1
        self.waitsForResult = false
        return self.abandonsReturned(entry) ? .done : self.returnToFront(entry)
    }

    /// Finds the delivery in flight of a message.
    package func token(of message: MessageID, member: SubscriptionID) -> DeliveryToken? {
        self.slots.token(of: message, member: member)
    }
}

extension HeldEntry {
    /// The entry after one more attempt has failed.
    fileprivate func failed(_ failure: FailedAttempt) -> HeldEntry {
        var copy = self
        copy.attempts += 1
        copy.failures.append(failure)
        return copy
    }

    /// The entry after a handler has rejected it, which was an attempt; one that expired was not tried.
    fileprivate func tried(_ reason: DeadLetter.Reason) -> HeldEntry {
        var copy = self
        if case .rejected = reason { copy.attempts += 1 }
        return copy
    }
}

extension FailedAttempt {
    /// An attempt whose handler gave the message back without an error.
    fileprivate static func returned(_ attempt: Int, _ time: Timestamp) -> FailedAttempt {
        FailedAttempt(
            attempt: attempt,
            time: time,
            errorType: "Nack",
            error: "The handler gave the message back with nack()."
        )
    }

    /// An attempt that was not settled in time.
    fileprivate static func overdue(_ attempt: Int, _ time: Timestamp) -> FailedAttempt {
        FailedAttempt(
            attempt: attempt,
            time: time,
            errorType: "AckDeadline",
            error: "The delivery was not settled within its ack deadline."
        )
    }
}
