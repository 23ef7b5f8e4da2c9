// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Synchronization

/// What is counted beside the history.
struct Accounting: Sendable {
    /// Publish calls that the broker has seen.
    var calls = 0
    /// How many dead letters were redriven, by group.
    var redriven: [Int: Int] = [:]
    /// Whether a call ended in a way that does not tell who has the message.
    var isVague = false
    /// What should not have failed.
    var errors: [String] = []
}

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
            let queues = self.broker.core.metrics.queues
            if queues.pending == 0 { break }
            rounds += 1
            guard rounds < Self.patience else {
                findings.append(HistoryFinding(.loss, "\(queues.pending) messages are never handled: \(queues)"))
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
            case .publish(let plan): plan.priority == .critical
            case .pause, .leave: true
            default: false
            }
        }
        guard isCalm, !self.workload.groups.contains(where: { $0.temper.publishes > 0 }) else { return }
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

    // MARK: Counts

    /// Compares each queue's counts with each other and with the history.
    private func checkLanes() -> [HistoryFinding] {
        var findings: [HistoryFinding] = []
        let (history, accounting) = self.state.withLock { ($0.history, $0.accounting) }
        let counts = HistoryCounts(history)
        for lane in self.broker.core.lanes {
            let metrics = lane.metrics
            findings += Self.balance(metrics, lane.name)
            guard let group = self.group(of: lane) else { continue }
            let name = self.groupName(group)
            guard !self.state.withLock({ $0.ended.contains(group) }) else { continue }
            let counted = counts[name]
            func compare(_ what: String, _ count: Int, _ expected: Int) {
                guard count != expected else { return }
                findings.append(
                    HistoryFinding(
                        .accounting,
                        group: name,
                        "the queue counts \(count) \(what), and the history \(expected): \(metrics)"
                    )
                )
            }
            // On threads, what is settled by hand is not known so exactly.
            guard self.isDeterministic || !self.workload.groups[group].isVagueOnThreads else { continue }
            compare("acknowledged", metrics.acknowledged, counted.acknowledged)
            let given = metrics.deadLettered + metrics.expired
            compare("given up on", given, counted.deadLetters + accounting.redriven[group, default: 0])
            if !accounting.isVague { compare("dropped", metrics.dropped, counted.missing) }
            compare("abandoned", metrics.abandoned, 0)
        }
        return findings
    }

    private func group(of lane: Lane) -> Int? {
        self.workload.groups.indices.first { index in
            let plan = self.workload.groups[index]
            guard plan.pattern == lane.pattern.description else { return false }
            return plan.isShared ? lane.group == self.groupName(index) : lane.group == nil
        }
    }

    /// Compares the counts of the whole broker with each other and with the publish calls.
    private func checkTotals() -> [HistoryFinding] {
        let metrics = self.broker.core.metrics
        let accounting = self.state.withLock { $0.accounting }
        let stuck = self.isDeterministic ? self.bus.stuckHandlers : []
        var findings = accounting.errors.map { HistoryFinding(.accounting, $0) }
        findings += stuck.map { HistoryFinding(.timeout, "everything has ended, and \($0)") }
        findings += Self.balance(metrics.queues, "the whole broker")
        if metrics.queues.pending != 0 {
            findings.append(HistoryFinding(.accounting, "everything has ended, and \(metrics.queues) are counted"))
        }
        return findings
    }

    /// Checks that what was offered is the sum of what became of it.
    private static func balance(_ metrics: QueueMetrics, _ name: String) -> [HistoryFinding] {
        let all = [
            metrics.offered, metrics.acknowledged, metrics.deadLettered, metrics.expired, metrics.dropped,
            metrics.coalesced, metrics.filtered, metrics.missed, metrics.refused, metrics.abandoned, metrics.pending,
            metrics.inFlight, metrics.retried,
        ]
        guard metrics.balance != 0 || metrics.inFlight > metrics.pending || all.contains(where: { $0 < 0 }) else {
            return []
        }
        return [HistoryFinding(.accounting, "the counts of \(name) do not add up: \(metrics)")]
    }
}

/// What a history says of each group, in numbers.
struct HistoryCounts {
    struct Counts {
        var acknowledged = 0
        var deadLetters = 0
        /// Messages that were accepted and that the group has neither acknowledged nor given up on.
        var missing = 0
    }

    private var counts: [String: Counts] = [:]

    init(_ history: DeliveryHistory) {
        var done: [String: Set<String>] = [:]
        var groups: [(name: String, pattern: TopicPattern)] = []
        var expected: [String: Set<String>] = [:]
        var topics: [String: (topic: Topic, groups: Int)] = [:]
        for record in history.records {
            switch record.entry {
            case .began(let group, let pattern, _):
                groups.append((group, pattern))
            case .published(let name, _, let topic, _, _, _):
                topics[name] = (topic, groups.count)
            case .accepted(let name, _, let missing):
                guard let (topic, count) = topics[name] else { continue }
                for (group, pattern) in groups.prefix(count)
                where pattern.matches(topic) && !missing.contains(group) {
                    expected[group, default: []].insert(name)
                }
            case .settled(let name, let group, .acknowledged, _):
                self.counts[group, default: Counts()].acknowledged += 1
                done[group, default: []].insert(name)
            case .deadLetter(let name, let group, _):
                self.counts[group, default: Counts()].deadLetters += 1
                done[group, default: []].insert(name)
            default:
                break
            }
        }
        for (group, names) in expected {
            self.counts[group, default: Counts()].missing = names.subtracting(done[group] ?? []).count
        }
    }

    subscript(group: String) -> Counts { self.counts[group] ?? Counts() }
}
