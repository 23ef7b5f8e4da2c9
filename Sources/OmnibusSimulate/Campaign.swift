// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Synchronization

/// Runs many seeds on a few workers, until one fails or all are done.
final class Campaign: Sendable {
    struct Totals: Sendable {
        var seeds = 0
        var twice = 0
        var steps = 0
        var deliveries = 0
        var failures: [SeedRun] = []
        /// Seeds whose second run was another one.
        var unsteady: [UInt64] = []
    }

    private let first: UInt64
    private let count: Int
    private let next = Atomic<Int>(0)
    private let totals = Mutex(Totals())

    /// How many failing seeds are enough.
    private let enough: Int

    init(first: UInt64, count: Int, stoppingAfter enough: Int = 1) {
        self.first = first
        self.count = count
        self.enough = enough
    }

    func run(workers: Int) async -> Totals {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<workers { group.addTask { self.work() } }
        }
        return self.totals.withLock { $0 }
    }

    private func work() {
        while true {
            let index = self.next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < self.count else { return }
            let seed = self.first &+ UInt64(index)
            let run = SeedRun(seed: seed)
            // One in a hundred shows that a seed decides everything.
            let again = seed % 100 == 0 ? SeedRun(seed: seed) : nil
            let isDone = self.totals.withLock { totals -> Bool in
                totals.seeds += 1
                totals.steps += run.steps
                totals.deliveries += run.deliveries
                if !run.findings.isEmpty { totals.failures.append(run) }
                if let again {
                    totals.twice += 1
                    if again.hash != run.hash || again.history.records != run.history.records {
                        totals.unsteady.append(seed)
                    }
                }
                return totals.failures.count + totals.unsteady.count >= self.enough
            }
            if isDone { return self.next.store(self.count, ordering: .relaxed) }
        }
    }
}
