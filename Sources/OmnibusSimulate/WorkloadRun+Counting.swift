// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Synchronization

/// What is counted beside the history.
struct Accounting: Sendable {
    var calls = CallAccount()
    /// How many dead letters were redriven, by group.
    var redriven: [Int: Int] = [:]
    /// Whether a call ended in a way that does not tell who has the message.
    var isVague = false
    /// What should not have failed.
    var errors: [String] = []
}

extension WorkloadRun {
    /// Compares each queue's counts with each other and with the history.
    func checkLanes() -> [HistoryFinding] {
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
            compare("coalesced", metrics.coalesced, counted.coalesced)
            if self.workload.groups[group].wantedKeys == nil { compare("missed", metrics.missed, counted.overtaken) }
            compare("abandoned", metrics.abandoned, 0)
            if !accounting.isVague, self.workload.histories.isEmpty {
                // A call that others have refused was offered to this group as well.
                let filtered = min(max(metrics.filtered, counted.unwanted), counted.unwanted + counts.refused)
                compare("filtered", metrics.filtered, filtered)
            }
        }
        return findings
    }

    func group(of lane: Lane) -> Int? {
        self.workload.groups.indices.first { index in
            let plan = self.workload.groups[index]
            guard plan.pattern == lane.pattern.description else { return false }
            return plan.isShared ? lane.group == self.groupName(index) : lane.group == nil
        }
    }

    /// Compares the counts of the whole broker with each other and with the publish calls.
    func checkTotals() -> [HistoryFinding] {
        let metrics = self.broker.core.metrics
        let accounting = self.state.withLock { $0.accounting }
        let stuck = self.isDeterministic ? self.bus.stuckHandlers : []
        var findings = accounting.errors.map { HistoryFinding(.accounting, $0) }
        findings += accounting.calls.findings(metrics, isOver: self.workload.end == .settle)
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
