// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@Suite("A bus over a provider that lacks one ability", .timeLimit(.minutes(2)))
struct LackingTests {
    /// What the bus does in the provider's place, or refuses.
    static let abilities: [Capability] = [
        .acknowledgement, .attemptCount, .delayedRedelivery, .ackDeadline, .timeToLive, .priority, .deadLetters,
        .overflow, .throttle, .strictOrder, .predicates, .pause, .groups, .wildcards,
    ]

    @Test("keeps every promise, or refuses by name", arguments: Self.abilities)
    func conforms(without ability: Capability) async throws {
        let conformance = ProviderConformance(time: .manual, limit: .seconds(20)) {
            FaultyProvider(nil, lacking: ability, $0)
        }
        var failures: [ConformanceFailure] = []
        for promise in ProviderConformance.cases(.bus) where failures.count < 3 {
            do {
                try await conformance.run(promise)
            } catch let failure as ConformanceFailure {
                failures.append(failure)
            }
        }
        #expect(failures.isEmpty, "\(failures.map(\.description).joined(separator: "\n"))")
    }
}
