// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import OmnibusSimulate

@Suite("Simulated workloads", .timeLimit(.minutes(5)))
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

    @Test(
        "keep every promise under seeds that have found a fault once",
        arguments: [
            // Nobody read on in a history after its last delivery had run out of time.
            127_589,
            // A full key dropped what was read of a history, and nobody was told.
            45_947, 55_545, 141_154,
            // What was taken back from a member gave its permit back, and others went on at once.
            26_360, 37_808, 150_118, 161_445,
            // Room went to one that goes first, and what a worker had taken came back beside it.
            2_690,
        ] as [UInt64]
    )
    func pinned(seed: UInt64) {
        let run = SeedRun(seed: seed)
        #expect(run.findings.isEmpty, "\(run)")
    }
}
