// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@Suite("The in-memory broker conforms", .timeLimit(.minutes(5)))
struct InMemoryBrokerConformanceTests {
    static let conformance = ProviderConformance(time: .manual, limit: .seconds(40)) { environment in
        InMemoryBroker(environment: environment)
    }

    @Test("keeps what a provider promises", arguments: ProviderConformance.cases)
    func conforms(_ promise: ProviderConformance.Case) async throws {
        let outcome = try await Self.conformance.run(promise)
        #expect(outcome == .passed)
    }
}
