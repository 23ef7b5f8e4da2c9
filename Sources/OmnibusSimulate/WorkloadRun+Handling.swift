// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Synchronization

extension WorkloadRun {
    /// Handles an event as the workload says; without a delivery, returning or throwing settles it.
    func handle(_ event: some Named, _ member: Member, _ delivery: Delivery? = nil) async throws {
        let plan = self.workload.groups[member.group]
        let started = self.begin(event, member, delivery, plan)
        do {
            try await self.work(event, member, delivery, started)
        } catch {
            if plan.acknowledging != .onReceipt {
                self.beginSettling(event, member)
                self.settled(event, member, self.outcomeOfThrowing(started, plan), started.number)
            }
            throw error
        }
        switch plan.acknowledging {
        case .onReceipt:
            if case .throwsError = started.behaviour.outcome { throw SimulatedFailure() }
        case .onReturn:
            self.beginSettling(event, member)
            if case .throwsError = started.behaviour.outcome {
                self.settled(event, member, self.outcomeOfThrowing(started, plan), started.number)
                throw SimulatedFailure()
            }
            self.settled(event, member, self.hasRunOut(started, plan) ? .timedOut : .acknowledged, started.number)
        case .manual:
            if let delivery { try await self.settleByHand(event, member, delivery, started) }
        }
    }

    /// A delivery that a handler has begun with.
    struct Started {
        var behaviour: Behaviour
        /// Which delivery of the message to the group it is.
        var number: Int
        /// When the handler was called.
        var begun: Duration
        /// When it is taken back, if it is not settled.
        var lease: Duration?
    }

    /// Whether a handler's time is over, as the handler sees it: it was cancelled. What takes exactly as long as it
    /// may is too late as well, even where it has not been told yet.
    private func hasRunOut(_ started: Started, _ plan: GroupPlan) -> Bool {
        guard let timeout = plan.timeout else { return false }
        let time = self.clock.uptime() - started.begun
        return time == .milliseconds(timeout) || time > .milliseconds(timeout) && Task.isCancelled
    }

    /// What becomes of a delivery whose handler throws: it fails, unless it was taken back, of which nobody tells.
    private func outcomeOfThrowing(_ started: Started, _ plan: GroupPlan) -> DeliveryHistory.Outcome {
        if let lease = started.lease, lease <= self.clock.uptime() { return .lost }
        return self.hasRunOut(started, plan) ? .timedOut : .failed
    }

    /// Records, on threads, that a delivery is about to be settled by hand, or may have run out of time: what becomes of
    /// it may be seen before the call has returned.
    private func beginSettling(_ event: some Named, _ member: Member) {
        guard !self.isDeterministic, self.workload.groups[member.group].isVagueOnThreads else { return }
        self.record(.settled(event.name, by: self.groupName(member.group), .unclear))
    }

    /// Records the start of an attempt and returns what it is going to do, and when the delivery is taken back.
    private func begin(
        _ event: some Named,
        _ member: Member,
        _ delivery: Delivery?,
        _ plan: GroupPlan
    ) -> Started {
        let attempted = Attempted(group: member.group, name: event.name)
        let count = self.state.withLock { state -> Int in
            state.attempts[attempted, default: 0] += 1
            return state.attempts[attempted] ?? 1
        }
        var lease: Duration?
        if case .manual(let deadline?) = plan.acknowledging {
            // On threads, the deadline has begun some time before: then it may be over at any time.
            lease = self.isDeterministic ? self.clock.uptime() + .milliseconds(deadline) : .zero
        }
        let group = self.groupName(member.group)
        // On threads, a delivery may be taken back, and be seen again, before this one is.
        let attempt = self.isDeterministic || !plan.isVagueOnThreads ? delivery?.attempt : nil
        self.record(.handed(event.name, to: group, member: member.name, attempt: attempt, lease: lease))
        if count == 1 { self.recordRead(event.name, delivery, group) }
        if !event.merged.isEmpty { self.record(.coalesced(event.merged, into: event.name, at: group)) }
        if plan.acknowledging == .onReceipt { self.settled(event, member, .acknowledged, count) }
        let behaviour = Behaviour(
            seed: self.workload.seed,
            name: event.name,
            isChild: event.isChild,
            group: member.group,
            attempt: count,
            plan: plan
        )
        return Started(behaviour: behaviour, number: count, begun: self.clock.uptime(), lease: lease)
    }

    private func settled(
        _ event: some Named,
        _ member: Member,
        _ outcome: DeliveryHistory.Outcome,
        _ number: Int
    ) {
        if !self.isDeterministic, self.workload.groups[member.group].isVagueOnThreads { return }
        self.record(
            .settled(
                event.name,
                by: self.groupName(member.group),
                outcome,
                delivery: number
            )
        )
    }

    /// Takes its time, and publishes.
    private func work(
        _ event: some Named,
        _ member: Member,
        _ delivery: Delivery?,
        _ started: Started
    ) async throws {
        let behaviour = started.behaviour
        for _ in 0..<behaviour.yields { await Task.yield() }
        if behaviour.milliseconds > 0 {
            let duration = Duration.milliseconds(behaviour.milliseconds)
            if behaviour.ignoresCancellation {
                await self.sleepStubbornly(for: duration)
            } else {
                do {
                    try await self.clock.sleep(for: duration)
                } catch {
                    throw SimulatedFailure()
                }
            }
        }
        guard behaviour.publishes > 0 else { return }
        let publisher = "\(event.name)@\(member.name)#\(started.number)"
        for number in 0..<behaviour.publishes {
            let name = "\(publisher).\(number)"
            let error = await self.publish(name, by: publisher, to: Beta.topic.name, key: event.key) {
                let child = Beta(name: name, key: event.key, isChild: true)
                // The body of a loop is no handler: it says what it handles, or it would wait for its own queue.
                if case .sequence = self.workload.groups[member.group].interface, let delivery {
                    return try await delivery.publish(child)
                }
                return try await self.bus.publish(child)
            }
            // A handler may let its failure to publish be its own, or not.
            if error != nil, number == 0 { throw SimulatedFailure() }
        }
    }

    private func sleepStubbornly(for duration: Duration) async {
        let over = Pending<Bool>()
        self.clock.schedule(at: self.clock.uptime() + duration) { over.resolve(true) }
        _ = await over.value()
    }

    // MARK: Settling by hand

    private func settleByHand(
        _ event: some Named,
        _ member: Member,
        _ delivery: Delivery,
        _ started: Started
    ) async throws {
        self.beginSettling(event, member)
        let plan = self.workload.groups[member.group]
        switch started.behaviour.outcome {
        case .succeeds:
            await self.settle(event, member, delivery, started, .acknowledged)
        case .throwsError:
            // What it throws is as good as a nack.
            self.settled(event, member, self.outcomeOfThrowing(started, plan), started.number)
            throw SimulatedFailure()
        case .rejects:
            await self.settle(event, member, delivery, started, .rejected)
        case .nacks(let milliseconds):
            await self.settle(event, member, delivery, started, .failed, after: milliseconds)
        case .extends:
            do {
                try await delivery.extend(by: .milliseconds(300))
                let lease = self.clock.uptime() + .milliseconds(300)
                if self.isDeterministic, case .manual(_?) = self.workload.groups[member.group].acknowledging {
                    self.record(
                        .extended(
                            event.name,
                            at: self.groupName(member.group),
                            delivery: started.number,
                            lease: lease
                        )
                    )
                }
                try? await self.clock.sleep(for: .milliseconds(150))
                await self.settle(event, member, delivery, started, .acknowledged)
            } catch {
                self.settled(event, member, self.outcomeOfStaleHandle(member, started, plan), started.number)
            }
        case .settlesLater where self.hasRunOut(started, plan), .forgets where self.hasRunOut(started, plan):
            // It returns without having settled, and too late: the attempt has failed.
            self.settled(event, member, self.outcomeOfThrowing(started, plan), started.number)
        case .settlesLater(let milliseconds):
            let later: Task<Void, Never> = self.environment.detach {
                await self.sleepStubbornly(for: .milliseconds(milliseconds))
                await self.settle(event, member, delivery, started, .acknowledged)
            }
            _ = later
        case .forgets:
            break
        }
    }

    /// Settles by handle, and records what has become of it.
    private func settle(
        _ event: some Named,
        _ member: Member,
        _ delivery: Delivery,
        _ started: Started,
        _ outcome: DeliveryHistory.Outcome,
        after milliseconds: Int? = nil
    ) async {
        do {
            switch outcome {
            case .acknowledged: try await delivery.ack()
            case .rejected: try await delivery.reject(reason: "the workload says so")
            default: try await delivery.nack(after: milliseconds.map { .milliseconds($0) })
            }
            self.settled(event, member, outcome, started.number)
        } catch {
            let plan = self.workload.groups[member.group]
            self.settled(event, member, self.outcomeOfStaleHandle(member, started, plan), started.number)
        }
    }

    /// What has become of a delivery that cannot be settled any more: its attempt has failed where its time is over,
    /// otherwise it was taken back.
    private func outcomeOfStaleHandle(
        _ member: Member,
        _ started: Started,
        _ plan: GroupPlan
    ) -> DeliveryHistory.Outcome {
        let now = self.clock.uptime()
        guard let timeout = plan.timeout, now - started.begun >= .milliseconds(timeout) else { return .lost }
        let isEnding = self.state.withLock { $0.leaving.contains(member) || $0.isEnding }
        let mayBeTakenBack = isEnding || started.lease.map { $0 <= now } ?? false
        // Which of them came first, nobody tells.
        return mayBeTakenBack ? .unclear : .timedOut
    }

    // MARK: Sequences

    /// Reads a sequence to its end.
    func read(_ deliveries: Deliveries, _ member: Member) async {
        let plan = self.workload.groups[member.group]
        do {
            for try await delivery in deliveries {
                let event = try delivery.message.event(self.codec)
                let started = self.begin(event, member, delivery, plan)
                try? await self.work(event, member, delivery, started)
                self.beginSettling(event, member)
                if case .manual = plan.acknowledging {
                    try await self.settleByHand(event, member, delivery, started)
                } else if plan.acknowledging == .onReturn {
                    // Asking for the next one acknowledges it, unless the subscription has ended meanwhile.
                    let isLeaving = self.state.withLock { $0.leaving.contains(member) || $0.isEnding }
                    self.settled(event, member, isLeaving ? .unclear : .acknowledged, started.number)
                }
            }
        } catch {
            self.state.withLock { state in
                guard !state.isEnding else { return }
                state.accounting.errors.append("the sequence of \(member.name) ended with \(error)")
            }
        }
    }
}
