// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

@Suite("The guide to other providers", .timeLimit(.minutes(5)))
struct ProviderGuideTests {
    private static let page = "Docs/Guides/running-on-another-provider.md"

    @Test("shows the plan as it is printed")
    func showsPlan() throws {
        let plan = SubscriptionPlan(
            for: "orders.new",
            SubscriptionSettings(maximumAttempts: 5),
            on: ProviderCapabilities(provider: "publish and receive", abilities: [])
        )
        let lines = try Repository.lines(Self.page)
        let start = try #require(lines.firstIndex { $0.hasPrefix("'orders.new' on") })
        let printed = plan.description.split(separator: "\n").map(String.init)
        #expect(Array(lines[start..<min(start + printed.count, lines.count)]) == printed)
    }

    @Test("says of each capability what happens without it")
    func saysWhatHappens() throws {
        let rows = try Repository.lines(Self.page).compactMap { line in
            line.firstMatch(of: /^\| `(\w+)` \| (bus|nobody|`unsupported`)/).map { ($0.output.1, $0.output.2) }
        }
        #expect(rows.count == 15)
        let all = InMemoryBroker.capabilities
        let asked = SubscriptionSettings(
            ordering: .strict,
            predicate: MessagePredicate("all") { _ in true },
            maximumAttempts: 5,
            ackDeadline: .seconds(1),
            throttle: Throttle(1, per: .seconds(1))
        )
        var grouped = asked
        grouped.group = "g"
        for (name, word) in rows {
            let lacking = Capability(rawValue: String(name))
            #expect(all.has(lacking), "the in-memory broker has no \(name)")
            var capabilities = all
            capabilities.abilities.remove(lacking)
            if lacking == .wildcards { capabilities.abilities.insert(.everyTopic) }
            let plan = SubscriptionPlan(for: "a.*", lacking == .groups ? grouped : asked, on: capabilities)
            switch word {
            case "bus": #expect(plan.assignments.contains { $0.performer == .bus } || lacking == .metrics, "\(name)")
            case "nobody": #expect(plan.assignments.contains { $0.duty.rawValue == name && $0.performer == .nobody })
            default: #expect(!plan.isPossible, "\(name)")
            }
        }
    }
}
