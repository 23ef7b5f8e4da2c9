// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    // MARK: Members

    /// Adds a subscription to the group; returns false when the queue has ended.
    package func join(_ member: SubscriptionID) -> Bool {
        let (isMember, isOneOfSeveral) = self.state.withLock { state -> (Bool, Bool) in
            guard !state.machine.isClosed else { return (false, false) }
            state.machine.members.append(LaneMachine.Member(id: member))
            return (true, state.machine.members.count > 1)
        }
        // What others have taken ahead is for it too, and it may not be one that steals.
        if isOneOfSeveral { self.callAttention() }
        return isMember
    }

    /// Notes that all workers of a member are going to have a ``WorkQueue``, and steal from those of others.
    ///
    /// It is said when the subscription is made: the workers themselves begin with their first messages.
    package func setSharing(_ member: SubscriptionID) {
        self.state.withLock { state in
            guard let index = state.machine.members.firstIndex(where: { $0.id == member }) else { return }
            state.machine.members[index].isSharing = true
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
        for sleeper in ending.sleepers { sleeper.waker.resume(returning: false) }
        self.disarmIfClosed()
        if isClosed { self.pressure.ended(self) } else { self.passOn() }
        return isClosed
    }

    /// Ends the queue.
    package func close() {
        let ending = self.state.withLock { $0.machine.close() }
        self.callAttention()
        for sleeper in ending.sleepers { sleeper.waker.resume(returning: false) }
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
        for sleeper in sleepers { sleeper.waker.resume(returning: true) }
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

    /// Waits until something has come that a worker of a member may take, or until it is to look again.
    func sleep(for member: SubscriptionID) async {
        _ = await withUnsafeContinuation { continuation in self.park(.task(continuation), id: 0, for: member) }
    }

    /// A number for the place of a worker that is no task yet.
    package func newPlace() -> UInt64 { self.state.withLock { $0.machine.nextSleeperID() } }

    /// Has a worker wait in its place that is no task yet.
    package func add(_ worker: WaitingWorker, place: UInt64, for member: SubscriptionID) {
        self.park(.worker(Unmanaged.passRetained(worker)), id: place, for: member)
    }

    /// Has a worker that is no task yet never be one; what is handled in its place is cancelled.
    package func cancel(place: UInt64) { self.wakeWorker(place) }

    /// Notes that a worker has become a task, because something was offered, and is going to ask for it: what is offered
    /// from now on wakes others, and so does what is there already.
    package func workerBegan() { self.passOn() }

    /// Acknowledges entries that were handled, and makes room for as many.
    package func report(_ progress: WorkerProgress) {
        let effects = self.state.withLock { state -> Effects in
            state.machine.note(progress)
            var effects = Effects()
            effects.publishers = self.giveRoom(&state)
            effects.recovers = state.machine.recovers()
            // A key that has been let go may be what another worker waits for.
            if progress.release != nil { effects.worker = state.machine.workerForWork() }
            return effects
        }
        self.perform(effects)
    }

    /// Makes a place where a worker of several keeps what it has taken ahead.
    package func makeWorkQueue() -> WorkQueue {
        let queue = WorkQueue(layout: self.layout)
        self.state.withLock { $0.workQueues.append(queue) }
        return queue
    }

    /// Forgets the place of a worker that has ended; there is nothing left in it.
    package func remove(_ queue: WorkQueue) {
        self.state.withLock { state in state.workQueues.removeAll { $0 === queue } }
    }

    /// The same for somebody whose task may be cancelled while it waits; returns nil then.
    package func nextUnlessCancelled(
        _ buffer: EntryBuffer,
        upTo count: Int,
        for member: SubscriptionID
    ) async -> Bool? {
        var wasWoken = false
        while true {
            guard !Task.isCancelled else {
                self.passOn()
                return nil
            }
            if let isTaken = self.take(buffer, upTo: count, for: member, wasWoken: wasWoken) { return isTaken }
            let id = self.state.withLock { $0.machine.nextSleeperID() }
            _ = await withTaskCancellationHandler {
                await withUnsafeContinuation { continuation in
                    self.park(.task(continuation), id: id, for: member)
                }
            } onCancel: {
                self.wakeWorker(id)
            }
            wasWoken = true
        }
    }

    /// Takes without waiting; returns nil where there is nothing now, and false where there will be nothing.
    ///
    /// Not inlined: what it needs for itself would be memory of every task that waits.
    @inline(never)
    func take(
        _ buffer: EntryBuffer,
        upTo count: Int,
        _ progress: WorkerProgress = WorkerProgress(),
        for member: SubscriptionID,
        isAlone: Bool = false,
        ahead: WorkQueue? = nil,
        wasWoken: Bool = false
    ) -> Bool? {
        var read: LaneReading.Taken?
        let (decision, effects) = self.state.withLock { state -> (LaneMachine.TakeDecision, Effects) in
            read = state.machine.refill()
            if wasWoken, !Mutation.isActive(.neverArrive) { state.machine.isWaking = false }
            state.machine.note(progress)
            var decision = state.machine.take(upTo: count, into: buffer, for: member, isAlone: isAlone) {
                self.clock.uptime()
            }
            var isShared = wasWoken
            if let ahead { isShared = self.takeAhead(ahead, buffer, for: member, &decision, &state) || wasWoken }
            var effects = Effects()
            effects.publishers = self.giveRoom(&state)
            effects.recovers = state.machine.recovers()
            if case .taken = decision {
                // The end of one entry may have made room for several others.
                if state.machine.isOrderly || state.machine.reading != nil {
                    effects.worker = state.machine.workerForWork()
                } else if isShared, state.machine.hasWork || state.machine.held > 0 {
                    // The offers that came meanwhile have woken nobody.
                    effects.worker = state.machine.workerForOffer()
                }
            } else {
                // A member that is paused or ends does not take what the end of its last entry has made room for.
                if wasWoken || progress.completed > 0 && state.machine.isOrderly {
                    effects.worker = state.machine.workerForWork()
                }
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

    /// Has a worker of several take more than it begins now, or steal where it has got nothing; returns whether there is
    /// something for others.
    private func takeAhead(
        _ ahead: WorkQueue,
        _ buffer: EntryBuffer,
        for member: SubscriptionID,
        _ decision: inout LaneMachine.TakeDecision,
        _ state: inout State
    ) -> Bool {
        if case .taken = decision { return state.machine.takeAhead(into: ahead, sharers: state.workQueues.count) > 0 }
        guard case .nothing = decision, state.machine.held > 0, !state.machine.isHeldUp,
            !state.machine.isPaused(member)
        else { return false }
        let stolen = EntryBuffer(layout: self.layout)
        for victim in state.workQueues where victim !== ahead && stolen.isEmpty { victim.giveHalf(to: stolen) }
        guard !stolen.isEmpty else { return false }
        state.machine.noteBegun(1, bytes: Int(stolen.first.pointee.size))
        stolen.move(upTo: 1, to: buffer)
        decision = .taken
        ahead.add(upTo: stolen.count, from: stolen)
        return true
    }

    /// What is left to do once the lock is released.
    struct Effects: Sendable {
        var worker: LaneMachine.Sleeper?
        /// Those who have waited for room, and who is to work on that.
        var publishers: [LaneMachine.Sleeper] = []
        var waiters: [LaneMachine.Sleeper] = []
        /// Whether the queue is below its bound again.
        var recovers = false
        var breakerChanges: [CircuitBreakerMachine.Change] = []
    }

    func perform(_ effects: Effects) {
        effects.worker?.waker.resume(returning: true)
        for sleeper in effects.publishers { sleeper.waker.resume(returning: true) }
        for sleeper in effects.waiters { sleeper.waker.resume(returning: true) }
        if effects.recovers { self.letOthersGo() }
        if !effects.breakerChanges.isEmpty { self.perform(effects.breakerChanges) }
    }

    /// Lets go of the queues that this one has held back.
    private func letOthersGo() {
        self.pressure.recovered(self)
        self.finished(1)
    }

    private func park(_ waker: Waker, id: UInt64, for member: SubscriptionID) {
        let sleeper = LaneMachine.Sleeper(id: id, member: member, waker: waker)
        let mustGoOn = self.state.withLock { state -> Bool in
            if state.machine.isClosed || !state.machine.hasMember(member) { return true }
            if state.machine.hasWork, !state.machine.isPaused(member) { return true }
            // Cancelled before it could be woken: it looks again, and sees it.
            if id != 0, Task.isCancelled { return true }
            state.machine.idleWorkers.append(sleeper)
            state.machine.own.ready.trim()
            return false
        }
        if mustGoOn { waker.resume(returning: true) }
    }

    /// Wakes another worker for what is ready: the one that was woken for it will not take it.
    private func passOn() {
        let worker = self.state.withLock { state in
            state.machine.isWaking = false
            return state.machine.workerForWork()
        }
        worker?.waker.resume(returning: true)
    }

    private func wakeWorker(_ id: UInt64) {
        let (sleeper, handling) = self.state.withLock { state -> (LaneMachine.Sleeper?, Task<Void, Never>?) in
            guard let index = state.machine.idleWorkers.firstIndex(where: { $0.id == id }) else {
                return (nil, state.machine.recall(placeOf: id))
            }
            return (state.machine.idleWorkers.remove(at: index), nil)
        }
        sleeper?.waker.resume(returning: false)
        handling?.cancel()
    }
}
