// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    // MARK: Members

    /// Adds a subscription to the group; returns false when the queue has ended.
    package func join(_ member: SubscriptionID) -> Bool {
        self.state.withLock { state in
            guard !state.machine.isClosed else { return false }
            state.machine.members.append(LaneMachine.Member(id: member))
            return true
        }
    }

    /// Takes a subscription out of the group, and ends the queue with its last member; returns whether it has ended.
    ///
    /// Once it has returned, no worker of the subscription gets anything more.
    @discardableResult
    package func leave(_ member: SubscriptionID) -> Bool {
        let (isClosed, ending) = self.state.withLock { state -> (Bool, LaneMachine.Ending) in
            guard let index = state.machine.members.firstIndex(where: { $0.id == member }) else {
                return (state.machine.isClosed, LaneMachine.Ending())
            }
            state.machine.members.remove(at: index)
            if state.machine.members.isEmpty { return (true, state.machine.close()) }
            let sleepers = state.machine.idleWorkers.filter { $0.member == member }
            state.machine.idleWorkers.removeAll { $0.member == member }
            return (false, LaneMachine.Ending(sleepers: sleepers))
        }
        self.callAttention()
        for sleeper in ending.sleepers { sleeper.continuation.resume(returning: false) }
        self.passOn()
        return isClosed
    }

    /// Ends the queue.
    package func close() {
        let ending = self.state.withLock { $0.machine.close() }
        self.callAttention()
        for sleeper in ending.sleepers { sleeper.continuation.resume(returning: false) }
    }

    /// Stops or goes on handing entries to a subscription; returns false when it is no member.
    package func setPaused(_ isPaused: Bool, _ member: SubscriptionID) -> Bool {
        let (isMember, sleepers) = self.state.withLock { state -> (Bool, [LaneMachine.Sleeper]) in
            guard let index = state.machine.members.firstIndex(where: { $0.id == member }) else { return (false, []) }
            state.machine.members[index].isPaused = isPaused
            guard !isPaused else { return (true, []) }
            let sleepers = state.machine.idleWorkers.filter { $0.member == member }
            state.machine.idleWorkers.removeAll { $0.member == member }
            return (true, sleepers)
        }
        if isPaused {
            self.callAttention()
            self.passOn()
        }
        for sleeper in sleepers { sleeper.continuation.resume(returning: true) }
        return isMember
    }

    package func isPaused(_ member: SubscriptionID) -> Bool {
        self.state.withLock { $0.machine.isPaused(member) }
    }

    /// How many subscriptions share the queue.
    package var memberCount: Int { self.state.withLock { $0.machine.members.count } }

    /// Whether a subscription is still a member of a queue that goes on.
    package func hasMember(_ member: SubscriptionID) -> Bool {
        self.state.withLock { !$0.machine.isClosed && $0.machine.hasMember(member) }
    }

    // MARK: Taking

    /// How often a worker looks again, after letting others run, before it falls asleep.
    ///
    /// Waking it up costs the publisher as much as publishing ten messages; a worker that keeps up would be put to
    /// sleep and woken for nearly every message. Looking again costs the worker less than a microsecond.
    static let looksBeforeSleep = 8

    /// Waits for entries and puts up to a number of them into an empty buffer; returns false when there will be none.
    ///
    /// - Parameters:
    ///   - completed: how many entries of the last call were handled; they are acknowledged under the same lock.
    ///   - isAlone: whether the worker is the only one, and reports its progress.
    package func next(
        _ buffer: EntryBuffer,
        upTo count: Int,
        completed: Int,
        for member: SubscriptionID,
        isAlone: Bool
    ) async -> Bool {
        var completed = completed
        var looks = 0
        while true {
            switch self.take(buffer, upTo: count, completed: completed, for: member, isAlone: isAlone) {
            case .taken: return true
            case .ended: return false
            case .nothing: break
            }
            completed = 0
            if looks < Self.looksBeforeSleep {
                looks += 1
                await Task.yield()
                continue
            }
            _ = await withUnsafeContinuation { continuation in
                self.park(continuation, id: 0, for: member)
            }
        }
    }

    /// Acknowledges entries that were handled, and makes room for as many.
    package func report(completed: Int, remaining: Int, bytes: Int) {
        let publishers = self.state.withLock { state in
            state.machine.complete(completed)
            state.machine.report(remaining: remaining, bytes: bytes)
            return state.machine.publishersToResume()
        }
        for sleeper in publishers { sleeper.continuation.resume(returning: true) }
    }

    /// The same for somebody whose task may be cancelled while it waits; returns nil then.
    package func nextUnlessCancelled(
        _ buffer: EntryBuffer,
        upTo count: Int,
        for member: SubscriptionID
    ) async -> Bool? {
        while true {
            guard !Task.isCancelled else {
                self.passOn()
                return nil
            }
            switch self.take(buffer, upTo: count, completed: 0, for: member) {
            case .taken: return true
            case .ended: return false
            case .nothing: break
            }
            let id = self.state.withLock { $0.machine.nextSleeperID() }
            _ = await withTaskCancellationHandler {
                await withUnsafeContinuation { continuation in
                    self.park(continuation, id: id, for: member)
                }
            } onCancel: {
                self.wakeWorker(id)
            }
        }
    }

    /// Takes without waiting.
    func take(
        _ buffer: EntryBuffer,
        upTo count: Int,
        completed: Int,
        for member: SubscriptionID,
        isAlone: Bool = false
    ) -> LaneMachine.TakeDecision {
        let (decision, publishers, waiters) = self.state.withLock {
            state -> (LaneMachine.TakeDecision, [LaneMachine.Sleeper], [LaneMachine.Sleeper]) in
            if completed > 0 { state.machine.complete(completed) }
            if isAlone { state.machine.report(remaining: 0, bytes: 0) }
            let decision = state.machine.take(upTo: count, into: buffer, for: member, isAlone: isAlone)
            if case .taken = decision { return (decision, state.machine.publishersToResume(), []) }
            return (decision, state.machine.publishersToResume(), state.machine.settledWaiters())
        }
        for sleeper in publishers { sleeper.continuation.resume(returning: true) }
        for sleeper in waiters { sleeper.continuation.resume(returning: true) }
        return decision
    }

    private func park(_ continuation: UnsafeContinuation<Bool, Never>, id: UInt64, for member: SubscriptionID) {
        let sleeper = LaneMachine.Sleeper(id: id, member: member, continuation: continuation)
        let mustGoOn = self.state.withLock { state -> Bool in
            if state.machine.isClosed || !state.machine.hasMember(member) { return true }
            if state.machine.readyCount > 0, !state.machine.isPaused(member) { return true }
            // Cancelled before it could be woken: it looks again, and sees it.
            if id != 0, Task.isCancelled { return true }
            state.machine.idleWorkers.append(sleeper)
            return false
        }
        if mustGoOn { continuation.resume(returning: true) }
    }

    /// Wakes another worker for what is ready: the one that was woken for it will not take it.
    private func passOn() {
        let worker = self.state.withLock { $0.machine.readyCount > 0 ? $0.machine.workerToWake() : nil }
        worker?.continuation.resume(returning: true)
    }

    private func wakeWorker(_ id: UInt64) {
        let sleeper = self.state.withLock { state -> LaneMachine.Sleeper? in
            guard let index = state.machine.idleWorkers.firstIndex(where: { $0.id == id }) else { return nil }
            return state.machine.idleWorkers.remove(at: index)
        }
        sleeper?.continuation.resume(returning: false)
    }

    // MARK: Settling

    /// Acknowledges entries that were handled and gives back those that are left in a buffer.
    package func giveBack(_ buffer: EntryBuffer, completed: Int) {
        let (worker, waiters) = self.state.withLock { state -> (LaneMachine.Sleeper?, [LaneMachine.Sleeper]) in
            if completed > 0 { state.machine.complete(completed) }
            state.machine.giveBack(buffer)
            let worker = state.machine.readyCount > 0 ? state.machine.workerToWake() : nil
            return (worker, state.machine.settledWaiters())
        }
        // What the queue, having ended, did not take back.
        while !buffer.isEmpty { buffer.dropFirst() }
        worker?.continuation.resume(returning: true)
        for sleeper in waiters { sleeper.continuation.resume(returning: true) }
    }

    /// Gives an entry in flight a handle.
    package func hold(_ entry: HeldEntry, for member: SubscriptionID) -> DeliveryToken {
        let deadline = self.settings.ackDeadline.map(self.clock.deadline(after:))
        let token = self.state.withLock { $0.machine.hold(entry, for: member, deadline: deadline) }
        if let deadline { self.arm(deadline) }
        return token
    }

    /// Settles a delivery by its handle.
    package func settle(_ settlement: Settlement) throws(OmnibusError) {
        let now = Self.needsTime(settlement.action) ? self.clock.uptime() : .zero
        let decision = self.decide { $0.settle(settlement.delivery, settlement.action, now: now) }
        if case .extend(let duration) = settlement.action { self.arm(now + min(duration, .longestWait)) }
        guard case .stale(let isLost) = decision else { return }
        throw isLost
            ? OmnibusError(
                .leaseLost,
                """
                The delivery was taken back from \(self.name), because its deadline passed or its subscription ended; \
                it comes again. Use a longer 'ackDeadline', or 'extend(by:)', if handling takes this long.
                """
            )
            : OmnibusError(
                .alreadySettled,
                "The delivery from \(self.name) was settled before; settle each delivery once."
            )
    }

    /// Settles an entry that has no handle.
    package func settle(_ entry: HeldEntry, _ action: Settlement.Action) {
        let now = Self.needsTime(action) ? self.clock.uptime() : .zero
        _ = self.decide { $0.settle(entry, action, now: now) }
    }

    /// Finds the delivery in flight of a message.
    package func token(of message: MessageID, member: SubscriptionID) -> DeliveryToken? {
        self.state.withLock { $0.machine.token(of: message, member: member) }
    }

    /// Takes back everything that a member holds by handle.
    package func takeBack(from member: SubscriptionID) {
        let now = self.clock.uptime()
        _ = self.decide { machine -> LaneMachine.SettleDecision in
            machine.takeBack(from: member, now: now)
            return .ready
        }
    }

    /// Waits until there is nothing to do now, or the calling task is cancelled.
    package func settled() async {
        let id = self.state.withLock { $0.machine.nextSleeperID() }
        _ = await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
                let sleeper = LaneMachine.Sleeper(id: id, member: nil, continuation: continuation)
                let isSettled = self.state.withLock { state -> Bool in
                    if state.machine.isSettled || Task.isCancelled { return true }
                    state.machine.idleWaiters.append(sleeper)
                    return false
                }
                if isSettled { continuation.resume(returning: true) }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state -> LaneMachine.Sleeper? in
                guard let index = state.machine.idleWaiters.firstIndex(where: { $0.id == id }) else { return nil }
                return state.machine.idleWaiters.remove(at: index)
            }
            sleeper?.continuation.resume(returning: false)
        }
    }

    /// When the next message that waits for its time is due.
    package var nextDue: Duration? { self.state.withLock { $0.machine.delayed.earliest } }

    /// Runs a decision about a settlement under the lock and does what it says.
    private func decide(
        _ body: (inout LaneMachine) -> LaneMachine.SettleDecision
    ) -> LaneMachine.SettleDecision {
        let (decision, worker, waiters, publishers) = self.state.withLock { state in
            let decision = body(&state.machine)
            var worker: LaneMachine.Sleeper?
            if case .ready = decision, state.machine.readyCount > 0 { worker = state.machine.workerToWake() }
            if decision.hasConsequences { state.machine.unfinished += 1 }
            return (decision, worker, state.machine.settledWaiters(), state.machine.publishersToResume())
        }
        worker?.continuation.resume(returning: true)
        for sleeper in waiters + publishers { sleeper.continuation.resume(returning: true) }
        switch decision {
        case .giveUp(let entry, let reason): self.giveUp(self, entry, reason)
        case .wait(let due): self.arm(due)
        case .done, .ready, .stale: break
        }
        if decision.hasConsequences { self.finished(1) }
        return decision
    }

    /// Counts settlements whose consequences have come about: the dead letter is kept, the timer is set.
    private func finished(_ count: Int) {
        guard count > 0 else { return }
        let waiters = self.state.withLock { state in
            state.machine.unfinished -= count
            return state.machine.settledWaiters()
        }
        for sleeper in waiters { sleeper.continuation.resume(returning: true) }
    }

    private static func needsTime(_ action: Settlement.Action) -> Bool {
        switch action {
        case .nack, .extend: true
        case .ack, .deadLetter, .release: false
        }
    }

    // MARK: Time

    /// Sees to it that the queue is looked at no later than at a time.
    private func arm(_ due: Duration) {
        let (number, replaced) = self.state.withLock { state -> (UInt64?, TimerID?) in
            guard !state.machine.isClosed, state.timer.map({ due < $0.due }) ?? true else { return (nil, nil) }
            let replaced = state.timer?.id
            state.lastTimer += 1
            // Noted before it is set: it may fire before the clock has returned, and an earlier one may overtake it.
            state.timer = (state.lastTimer, nil, due)
            return (state.lastTimer, replaced)
        }
        guard let number else { return }
        if let replaced { self.clock.cancel(replaced) }
        let timer = self.clock.schedule(at: due) { [weak self] in self?.timePassed(number) }
        let isCurrent = self.state.withLock { state -> Bool in
            guard state.timer?.number == number else { return false }
            state.timer?.id = timer
            return true
        }
        if !isCurrent { self.clock.cancel(timer) }
    }

    private func timePassed(_ timer: UInt64) {
        let now = self.clock.uptime()
        self.state.withLock { state in
            if state.timer?.number == timer { state.timer = nil }
        }
        var givenUp: [(HeldEntry, DeadLetter.Reason)] = []
        let (workers, next) = self.state.withLock { state -> ([LaneMachine.Sleeper], Duration?) in
            _ = state.machine.releaseDue(now: now)
            for decision in state.machine.takeBackOverdue(now: now) {
                if case .giveUp(let entry, let reason) = decision { givenUp.append((entry, reason)) }
            }
            var workers: [LaneMachine.Sleeper] = []
            while workers.count < state.machine.readyCount, let worker = state.machine.workerToWake() {
                workers.append(worker)
            }
            let next = [state.machine.delayed.earliest, state.machine.slots.earliestDeadline].compactMap { $0 }.min()
            state.machine.unfinished += givenUp.count
            return (workers, next)
        }
        for worker in workers { worker.continuation.resume(returning: true) }
        for (entry, reason) in givenUp { self.giveUp(self, entry, reason) }
        self.finished(givenUp.count)
        if let next { self.arm(next) }
    }
}
