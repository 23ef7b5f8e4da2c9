// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusTesting

@Suite("The conformance suite", .timeLimit(.minutes(5)))
struct ConformanceSuiteTests {
    @Test("has at least 60 scenarios, each with a name of its own that is a sentence")
    func hasNames() {
        let names = ProviderConformance.scenarios.map(\.name)

        #expect(names.count >= 60)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(name.first?.isUppercase == true && name.contains(" ") && !name.hasSuffix("."), "\(name)")
        }
    }

    @Test("has a case for each way of each scenario, with names of their own")
    func hasCases() throws {
        let cases = ProviderConformance.cases
        let scenario = try #require(ProviderConformance.scenario("Every message comes, of many"))

        #expect(Set(cases.map(\.id)).count == cases.count)
        #expect(cases.count == ProviderConformance.scenarios.reduce(0) { $0 + $1.ways.count })
        #expect(cases.filter { $0.scenario.name == scenario.name }.map(\.way) == [.bare, .bus])
        #expect(ProviderConformance.scenario("There is no such scenario") == nil)
    }

    @Test("reports a provider that cannot be made")
    func reportsTheFactory() async throws {
        struct NoServer: Error {}
        let conformance = ProviderConformance { _ in throw NoServer() }
        let promise = ProviderConformance.cases[0]

        let failure = await #expect(throws: ConformanceFailure.self) { try await conformance.run(promise) }
        #expect(failure?.scenario == promise.scenario.name)
        #expect(failure?.found.contains("NoServer") == true)
    }

    @Test("reports a provider that hangs, with the steps until then, and tears it down")
    func reportsHanging() async throws {
        let tornDown = EventRecorder<String>()
        let conformance = ProviderConformance(
            limit: .milliseconds(50),
            tearDown: { provider, prefix in
                tornDown.record(prefix)
                try await provider.disconnect()
            },
            make: { FaultyProvider(.losesEverySeventhMessage, $0) }
        )
        let scenario = try #require(
            ProviderConformance.scenario("A message that was acknowledged does not come again")
        )
        let hanging = ProviderConformance.Scenario("It waits for what does not come") { run in
            _ = try await run.subscribe("a").next()
        }

        try await conformance.run(scenario, .bare)
        let failure = await #expect(throws: ConformanceFailure.self) { try await conformance.run(hanging, .bus) }
        #expect(failure?.steps.first?.contains("subscribe to 'conformance.t") == true)
        #expect(failure?.found == "it still waited, after the last step below")
        #expect(tornDown.count == 2)
        #expect(Set(tornDown.all).count == 2)
    }

    @Test("reports a teardown that fails, after the scenario has passed")
    func reportsTeardown() async throws {
        struct Stuck: Error {}
        let conformance = ProviderConformance(
            time: .manual,
            tearDown: { _, _ in throw Stuck() },
            make: { InMemoryBroker(environment: $0) }
        )

        let failure = await #expect(throws: ConformanceFailure.self) {
            try await conformance.run(ProviderConformance.cases[0])
        }
        #expect(failure?.expected == "a teardown that succeeds")
    }
}
