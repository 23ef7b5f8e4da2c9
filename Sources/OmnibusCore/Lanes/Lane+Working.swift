// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
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
        self.disarmIfClosed()
        if isClosed { self.pressure.ended(self) } else { self.passOn() }
        return isClosed
    }

    /// Ends the queue.
    package func close() {
        let ending = self.state.withLock { $0.machine.close() }
        self.callAttention()
        for sleeper in ending.sleepers { sleeper.continuation.resume(returning: false) }
        self.disarmIfClosed()
        self.pressure.ended(self)
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
    ///   - release: the key that the last one of them held.
    ///   - isAlone: whether the worker is the only one, and reports its progress.
    package func next(
        _ buffer: EntryBuffer,
        upTo count: Int,
        completed: Int,
        release: KeyRelease?,
        for member: SubscriptionID,
        isAlone: Bool
    ) async -> Bool {
        var completed = completed
        var release = release
        var looks = 0
        while true {
            if let isTaken = self.take(
                buffer,
                upTo: count,
                completed: completed,
                release: release,
                for: member,
                isAlone: isAlone
            ) {
                return isTaken
            }
            completed = 0
            release = nil
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
    package func report(completed: Int, release: KeyRelease?, remaining: Int, bytes: Int) {
        let (publishers, recovers) = self.state.withLock { state -> ([LaneMachine.Sleeper], Bool) in
            state.machine.complete(completed, release)
            state.machine.report(remaining: remaining, bytes: bytes)
            return (state.machine.publishersToResume(), state.machine.recovers())
        }
        for sleeper in publishers { sleeper.continuation.resume(returning: true) }
        if recovers { self.letOthersGo() }
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
            if let isTaken = self.take(buffer, upTo: count, for: member) { return isTaken }
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

    /// Takes without waiting; returns nil where there is nothing now, and false where there will be nothing.
    func take(
        _ buffer: EntryBuffer,
        upTo count: Int,
        completed: Int = 0,
        release: KeyRelease? = nil,
        for member: SubscriptionID,
        isAlone: Bool = false
    ) -> Bool? {
        var read: LaneReading.Taken?
        let (decision, effects) = self.state.withLock { state -> (LaneMachine.TakeDecision, Effects) in
            read = state.machine.refill()
            if completed > 0 { state.machine.complete(completed, release) }
            if isAlone { state.machine.report(remaining: 0, bytes: 0) }
            let decision = state.machine.take(upTo: count, into: buffer, for: member, isAlone: isAlone) {
                self.clock.uptime()
            }
            var effects = Effects()
            effects.publishers = state.machine.publishersToResume()
            effects.recovers = state.machine.recovers()
            if case .taken = decision {
                // The end of one entry may have made room for several others.
                if state.machine.isOrderly || state.machine.reading != nil {
                    effects.worker = state.machine.workerForWork()
                }
            } else {
                // A member that is paused or ends does not take what the end of its last entry has made room for.
                if completed > 0, state.machine.isOrderly { effects.worker = state.machine.workerForWork() }
                effects.waiters = state.machine.settledWaiters()
            }
            return (decision, effects)
        }
        self.perform(effects)
        if let read { self.finish(read) }
        switch decision {
        case .taken:
            if self.settings.predicate != nil { self.filter(buffer) }
            return buffer.isEmpty ? nil : true
        case .ended: return false
        case .nothing: return nil
        case .wait(let time):
            self.arm(time)
            return nil
        }
    }

    /// What is left to do once the lock is released.
    struct Effects: Sendable {
        var worker: LaneMachine.Sleeper?
        var publishers: [LaneMachine.Sleeper] = []
        var waiters: [LaneMachine.Sleeper] = []
        /// Whether the queue is below its bound again.
        var recovers = false
        var breakerChanges: [CircuitBreakerMachine.Change] = []
    }

    func perform(_ effects: Effects) {
        effects.worker?.continuation.resume(returning: true)
        for sleeper in effects.publishers { sleeper.continuation.resume(returning: true) }
        for sleeper in effects.waiters { sleeper.continuation.resume(returning: true) }
        if effects.recovers { self.letOthersGo() }
        if !effects.breakerChanges.isEmpty { self.perform(effects.breakerChanges) }
    }

    /// Lets go of the queues that this one has held back.
    private func letOthersGo() {
        self.pressure.recovered(self)
        self.finished(1)
    }

    private func park(_ continuation: UnsafeContinuation<Bool, Never>, id: UInt64, for member: SubscriptionID) {
        let sleeper = LaneMachine.Sleeper(id: id, member: member, continuation: continuation)
        let mustGoOn = self.state.withLock { state -> Bool in
            if state.machine.isClosed || !state.machine.hasMember(member) { return true }
            if state.machine.hasWork, !state.machine.isPaused(member) { return true }
            // Cancelled before it could be woken: it looks again, and sees it.
            if id != 0, Task.isCancelled { return true }
            state.machine.idleWorkers.append(sleeper)
            return false
        }
        if mustGoOn { continuation.resume(returning: true) }
    }

    /// Wakes another worker for what is ready: the one that was woken for it will not take it.
    private func passOn() {
        let worker = self.state.withLock { $0.machine.workerForWork() }
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
    package func giveBack(_ buffer: EntryBuffer, completed: Int, release: KeyRelease? = nil) {
        let effects = self.state.withLock { state -> Effects in
            if completed > 0 { state.machine.complete(completed, release) }
            state.machine.giveBack(buffer)
            var effects = Effects()
            effects.publishers = state.machine.publishersToResume()
            effects.recovers = state.machine.recovers()
            effects.worker = state.machine.workerForWork()
            effects.waiters = state.machine.settledWaiters()
            return effects
        }
        // What the queue, having ended, did not take back.
        while !buffer.isEmpty { buffer.dropFirst() }
        self.perform(effects)
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
        let now = self.moment(for: settlement.action)
        let decision = self.decide { $0.settle(settlement.delivery, settlement.action, now: now) }
        if case .extend(let duration) = settlement.action { self.arm(now.uptime + min(duration, .longestWait)) }
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
        let now = self.moment(for: action)
        _ = self.decide { $0.settle(entry, action, now: now) }
    }

    /// Finds the delivery in flight of a message.
    package func token(of message: MessageID, member: SubscriptionID) -> DeliveryToken? {
        self.state.withLock { $0.machine.token(of: message, member: member) }
    }

    /// Takes back everything that a member holds by handle.
    package func takeBack(from member: SubscriptionID) {
        let now = self.moment
        _ = self.decide { machine -> LaneMachine.SettleDecision in
            machine.takeBack(from: member, now: now)
            return .ready
        }
        // There may be something for several of the other members.
        let workers = self.state.withLock { $0.machine.workersForWork() }
        for worker in workers { worker.continuation.resume(returning: true) }
        self.disarmIfClosed()
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
    package var nextDue: Duration? { self.state.withLock { $0.machine.nextDue } }

    /// Runs a decision about a settlement under the lock and does what it says.
    func decide(
        _ body: (inout LaneMachine) -> LaneMachine.SettleDecision
    ) -> LaneMachine.SettleDecision {
        let (decision, effects, givesBack) = self.state.withLock { state in
            let decision = body(&state.machine)
            var effects = Effects()
            if !Mutation.isActive(.dropWakeUp) { effects.worker = state.machine.workerForWork() }
            if decision.hasConsequences { state.machine.unfinished += 1 }
            effects.publishers = state.machine.publishersToResume()
            effects.recovers = state.machine.recovers()
            effects.waiters = state.machine.settledWaiters()
            swap(&effects.breakerChanges, &state.machine.breakerChanges)
            // What a worker alone has taken ahead may have to wait for what has just failed.
            return (decision, effects, state.machine.held > 0 && state.machine.isOrderly)
        }
        if givesBack { self.callAttention() }
        self.perform(effects)
        switch decision {
        case .giveUp(_, .expired) where Mutation.isActive(.loseExpired): break
        case .giveUp(let entry, .retriesExhausted) where Mutation.isActive(.loseDeadLetter) && entry.attempts > 1: break
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

    /// Both clocks now.
    private var moment: LaneMachine.Moment {
        LaneMachine.Moment(uptime: self.clock.uptime(), wall: self.clock.now)
    }

    /// Both clocks, read only where a settlement depends on them.
    private func moment(for action: Settlement.Action) -> LaneMachine.Moment {
        switch action {
        case .nack, .extend: return self.moment
        case .deadLetter where self.settings.circuitBreaker != nil: return self.moment
        case .ack, .deadLetter, .release:
            return LaneMachine.Moment(uptime: .zero, wall: Timestamp(nanosecondsSinceEpoch: 0))
        }
    }

    // MARK: Time

    /// Sees to it that the queue is looked at no later than at a time.
    func arm(_ due: Duration) {
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
        let now = self.moment
        self.state.withLock { state in
            if state.timer?.number == timer { state.timer = nil }
        }
        var givenUp: [(HeldEntry, DeadLetter.Reason)] = []
        var effects = Effects()
        let (workers, next) = self.state.withLock { state -> ([LaneMachine.Sleeper], Duration?) in
            state.machine.releaseDue(now: now.uptime)
            for decision in state.machine.takeBackOverdue(now: now) {
                if case .giveUp(let entry, let reason) = decision { givenUp.append((entry, reason)) }
            }
            let next = [state.machine.nextDue, state.machine.slots.earliestDeadline].compactMap { $0 }.min()
            state.machine.unfinished += givenUp.count
            effects.publishers = state.machine.publishersToResume()
            effects.recovers = state.machine.recovers()
            swap(&effects.breakerChanges, &state.machine.breakerChanges)
            return (state.machine.workersForWork(), next)
        }
        for worker in workers { worker.continuation.resume(returning: true) }
        self.perform(effects)
        for (entry, reason) in givenUp { self.giveUp(self, entry, reason) }
        self.finished(givenUp.count)
        if let next, !Mutation.isActive(.forgetTimer) { self.arm(next) }
    }
}
