// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if OMNIBUS_MUTATIONS
    import OmnibusCore
    import OmnibusTesting
    import Testing

    @testable import OmnibusSimulate

    /// Run them alone: a fault that is switched on is there for the whole process.
    @Suite("Deliberate faults in the logic of queues", .serialized, .timeLimit(.minutes(2)))
    struct MutationTests {
        @Test("are found under the seeds that are known to show them", arguments: Mutation.allCases)
        func areFound(mutation: Mutation) {
            let seed = MutationHunt.pinnedSeed(mutation)
            #expect(MutationHunt.run(seed: seed, with: nil).findings.isEmpty)
            #expect(!MutationHunt.run(seed: seed, with: mutation).findings.isEmpty)
        }
    }
#endif
