// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import OmnibusSimulate

@Suite("Simulated workloads", .timeLimit(.minutes(1)))
struct SeedTests {
    @Test("keep every promise, and are the same when run again")
    func seeds() {
        for seed in UInt64(1)...60 {
            let run = SeedRun(seed: seed)
            #expect(run.findings.isEmpty, "\(run)")
            let again = SeedRun(seed: seed)
            #expect(run.hash == again.hash, "seed \(seed)")
            #expect(run.history.records == again.history.records, "seed \(seed)")
        }
    }
}
