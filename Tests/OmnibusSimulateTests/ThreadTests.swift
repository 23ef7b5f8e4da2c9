// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@testable import OmnibusSimulate

/// The workloads of the simulation where tasks really run at the same time: everything is judged but what only one
/// thread can know, which is the order of what happens at two places at once.
@Suite("Workloads on threads", .serialized, .timeLimit(.minutes(5)))
struct ThreadTests {
    @Test("keep every promise", arguments: [UInt64](1...40))
    func keepPromises(seed: UInt64) async {
        let manual = ManualEnvironment(seed: seed)
        let run = WorkloadRun(Workload(seed: seed), environment: manual.environment)
        // Time passes while work goes on, as it does in reality.
        let time = Task {
            while !Task.isCancelled {
                for _ in 0..<20 { await Task.yield() }
                if let wait = manual.clock.timeToNextTimer { manual.clock.advance(by: wait) }
            }
        }
        let findings = await run.run()
        time.cancel()
        await time.value
        #expect(findings.isEmpty, "seed \(seed)")
    }
}
