// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Synchronization

extension WorkloadRun {
    /// How often it is looked whether everything is done, a tenth of a second apart.
    private static let patience = 3_000

    /// Waits until everything is handled, judges, and shuts the bus down.
    func settle() async -> [HistoryFinding] {
        await self.resumeWhereAllArePaused()
        var findings: [HistoryFinding] = []
        var rounds = 0
        while true {
            await self.bus.settled()
            let metrics = self.broker.core.metrics
            let (queues, scheduled) = (metrics.queues, metrics.scheduled)
            // Where a throttle has shut the queue, there is something left to read, and nothing to do.
            if queues.pending == 0, scheduled == 0, self.workload.histories.isEmpty || self.unread == 0 { break }
            rounds += 1
            guard rounds < Self.patience else {
                let waiting = scheduled == 0 ? "" : ", \(scheduled) wait for their time"
                findings.append(
                    HistoryFinding(.loss, "\(queues.pending) messages are never handled\(waiting): \(queues)")
                )
                break
            }
            try? await self.clock.sleep(for: .milliseconds(100))
        }
        // Whoever settles late may still be at it.
        try? await self.clock.sleep(for: .seconds(1))
        self.recordDeadLetters()
        findings += self.state.withLock { $0.history }.findings()
        findings += self.checkLanes()
        self.state.withLock { $0.isEnding = true }
        do {
            let report = try await self.bus.shutdown(deadline: .seconds(10))
            // On threads, time may pass faster than workers end.
            let isLate = self.isDeterministic && (report.wasCancelled || !report.stuck.isEmpty)
            if isLate || report.abandoned > 0 {
                findings.append(HistoryFinding(.accounting, "nothing was left to do, and the shutdown says \(report)"))
            }
        } catch {
            findings.append(HistoryFinding(.accounting, "shutting down failed: \(error)"))
        }
        return findings + self.checkTotals()
    }

    /// Shuts the bus down in the middle of everything, and judges.
    func shutDown(within deadline: Int, _ tasks: [Task<Void, Never>]) async -> [HistoryFinding] {
        self.state.withLock { $0.isEnding = true }
        let lanes = self.broker.core.lanes
        for group in self.workload.groups.indices { self.record(.ending(group: self.groupName(group))) }
        for member in self.members {
            self.record(.leaving(member: member.name, of: self.groupName(member.group)))
        }
        var findings: [HistoryFinding] = []
        do {
            _ = try await self.bus.shutdown(deadline: .milliseconds(deadline))
        } catch {
            findings.append(HistoryFinding(.accounting, "shutting down failed: \(error)"))
        }
        for member in self.members {
            self.stopped(member)
        }
        for task in tasks { await task.value }
        // Handlers that ignored the cancellation for a while.
        try? await self.clock.sleep(for: .seconds(10))
        if !self.isDeterministic {
            // On threads, time may pass faster than they settle what they had.
            while !lanes.allSatisfy(\.activity.isSettled), !Task.isCancelled { await Task.yield() }
        }
        self.recordDeadLetters()
        findings += self.state.withLock { $0.history }.findings()
        return findings + self.checkTotals()
    }

    private var members: [Member] {
        self.state.withLock { state in
            state.subscriptions.keys.sorted { ($0.group, $0.member) < ($1.group, $1.member) }
        }
    }

    /// Has each group go on; where one member works, the others may stay paused: it handles everything.
    private func resumeWhereAllArePaused() async {
        let (paused, leaving) = self.state.withLock { ($0.paused, $0.leaving) }
        for member in self.members where paused.contains(member) {
            let works = self.members.contains { other in
                other.group == member.group && !paused.contains(other) && !leaving.contains(other)
            }
            if !works { await self.resume(member) }
        }
    }

    private func recordDeadLetters() {
        guard let letters = try? self.bus.deadLetters else { return }
        for letter in letters.list(limit: .max) {
            guard let (name, group) = self.origin(of: letter) else { continue }
            let merged = (try? letter.message.event(self.codec))?.merged ?? []
            // Given up on before anybody has seen what it was merged of, it may have expired.
            if !merged.isEmpty { self.record(.coalesced(merged, into: name, at: self.groupName(group))) }
            if !self.isDeterministic, self.workload.groups[group].isVagueOnThreads {
                // On threads, its last delivery may have been taken back before its handler has said that it begins.
                self.record(.handed(name, to: self.groupName(group), member: "late", lease: .zero))
                self.record(.settled(name, by: self.groupName(group), .unclear))
            }
            self.record(.deadLetter(name, of: self.groupName(group), reason: letter.reason.name))
        }
    }

    // MARK: Bounds

    /// Checks that no more waits in a queue than its bounds allow, where nothing can come back to it.
    func checkBounds() {
        guard self.isDeterministic else { return }
        // What a worker has taken and gives back, because something urgent has come or a member changes, is not refused.
        let isCalm = !self.workload.operations.contains { operation in
            switch operation.action {
            // What comes at its time is never refused.
            case .publish(let plan): plan.priority == .critical || plan.delay != nil
            case .pause, .leave: true
            default: false
            }
        }
        // What is read ahead of a history is in no bound.
        guard isCalm, self.workload.histories.isEmpty else { return }
        guard !self.workload.groups.contains(where: { $0.temper.publishes > 0 }) else { return }
        for lane in self.broker.core.lanes {
            guard let group = self.group(of: lane) else { continue }
            let plan = self.workload.groups[group]
            guard plan.temper.fails == 0, plan.acknowledging == .onReturn, plan.ordering != .key else { continue }
            let metrics = lane.metrics
            // Redriven messages are never refused.
            let redriven = self.state.withLock { $0.accounting.redriven[group, default: 0] }
            if metrics.pending - metrics.inFlight > plan.bound + redriven {
                self.state.withLock { state in
                    state.accounting.errors.append("more than \(plan.bound) messages wait for g\(group): \(metrics)")
                }
            }
        }
    }

    /// Checks that no publisher waits for as long as the most patient queues let it: everybody handles, in the end.
    func checkWait(_ name: String, since start: Duration) {
        guard self.isDeterministic, self.clock.uptime() - start >= .seconds(30) else { return }
        guard self.state.withLock({ $0.paused.isEmpty }) else { return }
        guard !self.workload.groups.contains(where: { $0.throttle != nil || $0.circuitBreaker != nil }) else { return }
        self.state.withLock { $0.accounting.errors.append("the publisher of '\(name)' has waited in vain") }
    }
}
