// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

extension ProviderConformance {
    /// One promise of a provider, and what shows whether it is kept.
    public struct Scenario: Sendable, Identifiable, CustomStringConvertible {
        /// The promise, a sentence.
        public let name: String
        /// The capabilities without which the promise is not given.
        public let needs: [Capability]
        /// In which ways the promise can be looked at; both, but for a few.
        public let ways: [Way]

        let body: @Sendable (ConformanceRun) async throws -> Void

        init(
            _ name: String,
            needs: [Capability] = [],
            ways: [Way] = Way.allCases,
            _ body: @escaping @Sendable (ConformanceRun) async throws -> Void
        ) {
            self.name = name
            self.needs = needs
            self.ways = ways
            self.body = body
        }

        /// The promise, which no other scenario has.
        public var id: String { self.name }

        /// The promise, for people.
        public var description: String { self.name }
    }

    /// A scenario and the way in which it is run: one test case.
    public struct Case: Sendable, Identifiable, CustomStringConvertible {
        /// What is promised.
        public let scenario: Scenario
        /// How the provider is spoken to.
        public let way: Way

        /// Creates a case of a scenario.
        public init(_ scenario: Scenario, _ way: Way) {
            self.scenario = scenario
            self.way = way
        }

        /// The way and the promise, which no other case has.
        public var id: String { self.description }

        /// The way and the promise, as `bus: A literal pattern gets its topic and no other`.
        public var description: String { "\(self.way): \(self.scenario.name)" }
    }

    /// Every scenario, in the order in which it makes sense to get them to pass.
    public static let scenarios: [Scenario] = [
        Self.messageScenarios, Self.orderScenarios, Self.partitionScenarios, Self.patternScenarios, Self.groupScenarios,
        Self.settlementScenarios, Self.deadlineScenarios, Self.keyScenarios, Self.priorityScenarios,
        Self.throttleScenarios, Self.schedulingScenarios, Self.deduplicationScenarios, Self.logScenarios,
        Self.predicateScenarios, Self.readingScenarios,
        Self.handlerScenarios,
        Self.overflowScenarios, Self.batchScenarios,
        Self.topicScenarios, Self.countingScenarios, Self.deadLetterScenarios, Self.inputScenarios,
        Self.endingScenarios,
    ].flatMap { $0 }

    /// Every scenario in each of its ways.
    public static let cases: [Case] = Self.scenarios.flatMap { scenario in
        scenario.ways.map { Case(scenario, $0) }
    }

    /// The scenarios in one way.
    public static func cases(_ way: Way) -> [Case] {
        Self.cases.filter { $0.way == way }
    }

    /// The scenario of that name; nil where there is none.
    public static func scenario(_ name: String) -> Scenario? {
        Self.scenarios.first { $0.name == name }
    }
}
