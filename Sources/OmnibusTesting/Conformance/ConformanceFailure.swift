// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

/// A promise that a provider breaks: what was expected, what was found, and how to look at it.
public struct ConformanceFailure: Error, Sendable {
    /// The promise, which is the scenario's name.
    public var scenario: String
    /// How the provider was spoken to.
    public var way: ProviderConformance.Way
    /// The name of the provider.
    public var provider: String
    /// What a provider that keeps the promise would have done.
    public var expected: String
    /// What this one did.
    public var found: String
    /// The check that failed, in the source of the scenario.
    public var callSite: CallSite?
    /// What the scenario did until then, in order.
    public var steps: [String] = []
    /// The capabilities that the promise needs and the provider does not declare.
    public var missing: [Capability] = []
}

extension ConformanceFailure: CustomStringConvertible {
    /// The whole report, on several lines.
    public var description: String {
        var lines = [
            "The provider '\(self.provider)' breaks a promise (\(self.way)): \(self.scenario)",
            "  expected: \(self.expected)",
            "  found:    \(self.found)",
        ]
        if let callSite = self.callSite { lines.append("  at:       \(callSite)") }
        if !self.missing.isEmpty {
            lines.append(
                """
                  because:  \(ProviderConformance.list(self.missing)) is not declared; then the bus does it, \
                or throws 'unsupported' with this name
                """
            )
        }
        for (number, step) in self.steps.enumerated() { lines.append("  step \(number + 1): \(step)") }
        lines.append("  To look at it, run it alone: conformance.run(ProviderConformance.scenario(…), .\(self.way))")
        return lines.joined(separator: "\n")
    }
}

/// What a check in a scenario throws; the suite adds the rest.
struct ConformanceFinding: Error {
    var expected: String
    var found: String
    var callSite: CallSite
}

/// What a scenario throws that finds out that it does not apply.
struct ConformanceSkip: Error {
    var reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
