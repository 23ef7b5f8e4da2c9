// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A provider with the three required calls conforms", .timeLimit(.minutes(2)))
struct PoorProviderConformanceTests {
    static let conformance = ProviderConformance(time: .manual, limit: .seconds(40)) { _ in PoorProvider() }

    @Test("keeps what it declares, and nothing else is promised", arguments: ProviderConformance.cases)
    func conforms(_ promise: ProviderConformance.Case) async throws {
        let outcome = try await Self.conformance.run(promise)

        if promise.scenario.needs.isEmpty {
            #expect(outcome == .passed)
        } else if promise.way == .bare {
            #expect(outcome.reason?.contains("which is not declared") == true)
        }
    }
}
