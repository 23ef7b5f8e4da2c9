// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Synchronization

extension Lane {
    /// Acknowledges entries that were handled and gives back those that are left in a buffer.
    package func giveBack(_ buffer: EntryBuffer, _ progress: WorkerProgress) {
        let effects = self.state.withLock { state -> Effects in
            state.machine.note(progress)
            state.machine.giveBack(buffer)
            var effects = Effects()
            effects.publishers = self.giveRoom(&state)
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

    /// Notes that something is going to be settled that is not done with that alone: ``finished(_:)`` says when it is.
    package func begins() {
        self.state.withLock { $0.machine.unfinished += 1 }
    }

    /// Makes a delivery's handle stale, and returns another one; nil where it is stale already.
    package func renew(_ token: DeliveryToken) -> DeliveryToken? {
        self.state.withLock { $0.machine.slots.renew(token) }
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
                The delivery was taken back from \(self.name), because its deadline or its handler's time was over, or \
                its subscription ended. Use a longer 'ackDeadline' or 'timeout', or 'extend(by:)', if handling takes \
                this long.
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
        _ = self.decide { machine -> LaneMachine.SettleDecision in
            machine.takeBack(from: member)
            return .ready
        }
        // There may be something for several of the other members.
        let workers = self.state.withLock { $0.machine.workersForWork() }
        for worker in workers { worker.waker.resume(returning: true) }
        self.disarmIfClosed()
    }

    /// Waits until there is nothing to do now, or the calling task is cancelled.
    package func settled() async {
        let id = self.state.withLock { $0.machine.nextSleeperID() }
        _ = await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
                let sleeper = LaneMachine.Sleeper(id: id, member: nil, waker: .task(continuation))
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
            sleeper?.waker.resume(returning: false)
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
            effects.publishers = self.giveRoom(&state)
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
    package func finished(_ count: Int) {
        guard count > 0 else { return }
        let waiters = self.state.withLock { state in
            state.machine.unfinished -= count
            return state.machine.settledWaiters()
        }
        for sleeper in waiters { sleeper.waker.resume(returning: true) }
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
            effects.publishers = self.giveRoom(&state)
            effects.recovers = state.machine.recovers()
            swap(&effects.breakerChanges, &state.machine.breakerChanges)
            return (state.machine.workersForWork(), next)
        }
        for worker in workers { worker.waker.resume(returning: true) }
        self.perform(effects)
        for (entry, reason) in givenUp { self.giveUp(self, entry, reason) }
        self.finished(givenUp.count)
        if let next, !Mutation.isActive(.forgetTimer) { self.arm(next) }
    }
}
