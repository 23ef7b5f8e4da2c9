// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Synchronization

/// What one simulated run of a workload has shown.
struct SeedRun: Sendable {
    var workload: Workload
    var findings: [HistoryFinding] = []
    var history = DeliveryHistory()
    /// A hash of every choice and every record: the same seed has the same one.
    var hash: UInt64 = 0
    var steps = 0

    /// How far one run may go: many times what any seed needs.
    static let limits = Simulation.Limits(steps: 300_000, uptime: .seconds(86_400))

    /// Runs a workload under the scheduler of its seed.
    init(_ workload: Workload) {
        self.workload = workload
        let simulation = Simulation(seed: workload.seed, limits: Self.limits)
        let run = WorkloadRun(workload, environment: simulation.environment)
        do {
            self.findings = try simulation.run { await run.run() }
        } catch {
            self.findings = [HistoryFinding(.loss, "the run did not come to its end: \(error)")]
        }
        self.history = run.state.withLock { $0.history }
        self.steps = simulation.steps
        self.hash = simulation.trace.hash ^ UInt64(self.history.records.count)
    }

    /// Runs the workload of a seed.
    init(seed: UInt64) {
        self.init(Workload(seed: seed))
    }

    /// How many deliveries there were.
    var deliveries: Int {
        self.history.records.count { if case .handed = $0.entry { true } else { false } }
    }
}

extension SeedRun {
    /// Finds a shorter workload that fails in the same way: operations are left out, in ever smaller pieces.
    ///
    /// - Parameter budget: how many runs it may take.
    func shrunk(budget: Int = 400) -> SeedRun {
        guard let finding = self.findings.first?.signature else { return self }
        var best = self
        var rest = budget
        var size = max(1, best.workload.operations.count / 2)
        while rest > 0 {
            var start = 0
            var isShorter = false
            while start < best.workload.operations.count, rest > 0 {
                var shorter = best.workload
                shorter.operations.removeSubrange(start..<min(start + size, shorter.operations.count))
                let run = SeedRun(shorter)
                rest -= 1
                if run.findings.contains(where: { $0.signature == finding }) {
                    best = run
                    isShorter = true
                } else {
                    start += size
                }
            }
            if size == 1, !isShorter { break }
            size = max(1, size / 2)
        }
        return best
    }
}

extension SeedRun: CustomStringConvertible {
    /// The seed, the findings, who took part, and the history.
    var description: String {
        var lines = ["seed \(self.workload.seed), hash \(String(self.hash, radix: 16)):"]
        lines += self.findings.map { "  \($0)" }
        lines.append("groups:")
        for (index, group) in self.workload.groups.enumerated()
        where self.workload.operations.contains(where: { $0.joins(index) }) {
            lines.append("  g\(index): \(group)")
        }
        lines.append("operations, then \(self.workload.end):")
        lines += self.workload.operations.map { "  \($0)" }
        lines.append("history:")
        lines += self.history.records.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }
}

extension HistoryFinding {
    /// What is wrong, without the names and numbers that a shorter history does not share.
    fileprivate var signature: String {
        let text = self.text.prefix { $0 != ":" }.split(separator: "'", omittingEmptySubsequences: false)
        let words = text.enumerated().filter { $0.offset.isMultiple(of: 2) }.map { $0.element.filter { !$0.isNumber } }
        return "\(self.kind.rawValue) \(words.joined())"
    }
}

extension Operation {
    fileprivate func joins(_ index: Int) -> Bool {
        if case .join(let group, _) = self.action { return group == index }
        return false
    }
}
