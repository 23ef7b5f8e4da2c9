// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@Suite("Providers that are broken on purpose", .timeLimit(.minutes(2)))
struct FaultTests {
    /// Runs every case on a provider, and returns what failed.
    private func failures(of fault: Fault?) async throws -> [ConformanceFailure] {
        var failures: [ConformanceFailure] = []
        var others = 0
        for promise in ProviderConformance.cases {
            // What is known to be broken may hang, and need not be waited for.
            let isBroken = fault?.broken.contains(promise.scenario.name) ?? false
            let conformance = ProviderConformance(time: .manual, limit: isBroken ? .seconds(2) : .seconds(40)) {
                FaultyProvider(fault, $0)
            }
            do {
                try await conformance.run(promise)
            } catch let failure as ConformanceFailure {
                failures.append(failure)
                if !isBroken { others += 1 }
            }
            // What follows would take its time, and tell nothing new.
            if others >= 3 { break }
        }
        return failures
    }

    @Test("fail the scenarios that name their fault, and no others", arguments: Fault.allCases)
    func isFound(fault: Fault) async throws {
        let failures = try await self.failures(of: fault)

        let others = failures.filter { !fault.broken.contains($0.scenario) }
        #expect(others.isEmpty, "\(others.map(\.description).joined(separator: "\n"))")
        #expect(Set(failures.map(\.scenario)) == Set(fault.broken))
        for failure in failures {
            #expect(failure.provider == fault.rawValue)
            #expect(failure.description.contains(failure.scenario))
            #expect(!failure.steps.isEmpty)
        }
    }

    @Test("pass everything once they are mended")
    func nothingIsFoundWithoutFault() async throws {
        let failures = try await self.failures(of: nil)

        #expect(failures.isEmpty, "\(failures.map(\.description).joined(separator: "\n"))")
    }
}
