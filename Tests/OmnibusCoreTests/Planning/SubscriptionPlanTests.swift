// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Testing

@Suite("A subscription's plan")
struct SubscriptionPlanTests {
    private static let everything: Set<Capability> = [
        .wildcards, .groups, .acknowledgement, .attemptCount, .delayedRedelivery, .ackDeadline, .timeToLive, .priority,
        .deadLetters, .pause, .overflow, .throttle, .strictOrder, .metrics,
    ]

    private func plan(
        _ pattern: TopicPattern = "orders.new",
        _ settings: SubscriptionSettings = SubscriptionSettings(maximumAttempts: 5),
        on abilities: Set<Capability>,
        _ exclusivity: KeyExclusivity = .none,
        asking: KeyExclusivity = .byStableAssignment
    ) -> SubscriptionPlan {
        SubscriptionPlan(
            for: pattern,
            settings,
            keyExclusivity: asking,
            on: ProviderCapabilities(provider: "some", abilities: abilities, keyExclusivity: exclusivity)
        )
    }

    @Test("leaves everything to a provider that can do everything")
    func leavesEverything() {
        let settings = SubscriptionSettings(group: "g", maximumAttempts: 5, ackDeadline: .seconds(1))
        let plan = self.plan("orders.*", settings, on: Self.everything, .global)
        #expect(!plan.isHosted)
        #expect(plan.isPossible)
        #expect(plan.providerPattern == "orders.*")
        #expect(!plan.assignments.contains { $0.performer == .bus })
        #expect(plan.providerSettings(settings) == settings)
    }

    @Test("does everything for a provider that publishes and hands out, and is printed as a table")
    func printsPoor() {
        let plan = self.plan(on: [])
        #expect(plan.isHosted)
        #expect(
            plan.description == """
                'orders.new' on 'some'
                duty             who     how
                groups           nobody  not asked for
                wildcards        nobody  not asked for
                predicate        nobody  not asked for
                acknowledgement  nobody  what is here is lost when this process ends
                retry            bus     waits here
                attempts         bus     begins at 1 when the provider delivers again
                ack deadline     nobody  not asked for
                dead letters     bus     in bounded memory, until this process ends
                time to live     bus     looked at before each attempt
                priority         bus     among what has been fetched
                keys             bus
                strict order     nobody  not asked for
                pause            bus
                bounds           bus     fetches what there is room for; publishers are not held back
                throttle         nobody  not asked for
                counting         bus
                """
        )
    }

    @Test("says why a subscription is impossible, in the table and in the error")
    func saysWhy() {
        let settings = SubscriptionSettings(group: "g", overflow: .reject, ordering: .strict)
        let plan = self.plan("orders.*", settings, on: [])
        #expect(!plan.isPossible)
        #expect(plan.description.contains("groups           unsupported  it has no groups, and members in other"))
        let duties: [SubscriptionPlan.Duty] = [.groups, .wildcards, .strictOrder, .bounds]
        for duty in duties {
            guard case .unsupported = plan[duty] else {
                Issue.record("'\(duty)' is done by \(plan[duty])")
                continue
            }
        }
        do throws(OmnibusError) {
            try plan.validate()
            Issue.record("A plan that is impossible was found valid.")
        } catch {
            #expect(error.code == .unsupported)
            #expect(error.details as? String == "groups")
            #expect(error.message.contains("leave 'group' out"))
        }
    }

    @Test(
        "asks for stable assignment of keys in a group, unless told otherwise",
        arguments: [KeyExclusivity.none, .perProcess, .byStableAssignment, .global]
    )
    func asksForAssignment(_ exclusivity: KeyExclusivity) {
        let settings = SubscriptionSettings(group: "g", maximumAttempts: 5)
        let plan = self.plan("orders.new", settings, on: [.groups, .acknowledgement], exclusivity)
        #expect(plan.isPossible == (exclusivity >= .byStableAssignment))
        #expect(self.plan("a", settings, on: [.groups, .acknowledgement], exclusivity, asking: exclusivity).isPossible)
        var unordered = settings
        unordered.ordering = .unordered
        #expect(self.plan("a", unordered, on: [.groups], exclusivity).isPossible)
        var alone = settings
        alone.group = nil
        #expect(self.plan("a", alone, on: [], exclusivity).isPossible)
    }

    @Test("keeps the retries where it keeps the order of keys", arguments: [nil, "g"])
    func keepsRetriesWithOrder(group: String?) {
        for lacking in [Capability.timeToLive, .priority, .deadLetters, .overflow] {
            let abilities = Self.everything.subtracting([lacking])
            for ordering in [Ordering.key, .strict, .unordered] {
                let settings = SubscriptionSettings(group: group, ordering: ordering, maximumAttempts: 5)
                let plan = self.plan("a", settings, on: abilities, .global)
                let isOrderedThere = group != nil && ordering == .key
                let expected: SubscriptionPlan.Performer =
                    ordering == .unordered || isOrderedThere ? .provider : .bus
                #expect(plan.isHosted)
                #expect(plan[.retry] == expected, "\(plan)")
                // Who retries keeps the order.
                #expect(plan[.retry] == .bus || plan.providerSettings(settings).ordering == ordering)
            }
        }
    }

    @Test("leaves nothing to a provider that needs to be told what became of a message, and is not")
    func leavesNothingWithoutAcknowledgement() {
        let abilities = Self.everything.subtracting([.acknowledgement])
        let settings = SubscriptionSettings(group: "g", maximumAttempts: 5, ackDeadline: .seconds(1))
        let plan = self.plan("a", settings, on: abilities, .global)
        #expect(plan.isPossible)
        for duty in [SubscriptionPlan.Duty.keys, .retry, .attempts, .ackDeadline, .deadLetters] {
            #expect(plan[duty] == .bus, "\(duty): \(plan)")
        }
        var strict = settings
        strict.ordering = .strict
        #expect(!self.plan("a", strict, on: abilities, .global).isPossible)
        #expect(self.plan("a", strict, on: abilities, .global, asking: .perProcess)[.strictOrder] == .bus)
    }

    @Test("finds a pattern that contains the one that was asked for")
    func findsPattern() {
        #expect(self.plan("orders.*.new", on: [.prefixWildcards]).providerPattern == "orders.#")
        #expect(self.plan("#.new", on: [.prefixWildcards]).providerPattern == "#")
        #expect(self.plan("orders.#", on: [.prefixWildcards])[.wildcards] == .provider)
        #expect(self.plan("orders.*", on: [.everyTopic]).providerPattern == "#")
        #expect(self.plan("orders.*", on: [.everyTopic])[.wildcards] == .bus)
        #expect(self.plan("orders.new", on: [.everyTopic]).providerPattern == "orders.new")
        #expect(!self.plan("orders.*", on: []).isPossible)
    }

    @Test("makes groups of their own of patterns that the provider takes for one")
    func separatesGroups() {
        let settings = SubscriptionSettings(group: "g")
        let abilities: Set<Capability> = [.groups, .everyTopic]
        let names = (["a.*", "b.*"] as [TopicPattern]).map { pattern in
            self.plan(pattern, settings, on: abilities, .global).providerSettings(settings).group
        }
        #expect(Set(names).count == 2)
        #expect(!names.contains("g"))
    }

    @Test("is hosted exactly where the bus does something, whatever the provider can do", arguments: 0..<400)
    func isHostedWhereNeeded(seed: Int) {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func flip() -> Bool {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 60 > 2
        }
        let abilities = Self.everything.sorted { $0.rawValue < $1.rawValue }.filter { _ in flip() }
        let exclusivities: [KeyExclusivity] = [.none, .perProcess, .byStableAssignment, .global]
        let settings = SubscriptionSettings(
            group: flip() ? "g" : nil,
            ordering: flip() ? .key : flip() ? .strict : .unordered,
            maximumAttempts: flip() ? 5 : 1,
            ackDeadline: flip() ? .seconds(1) : nil
        )
        let exclusivity = exclusivities[(flip() ? 1 : 0) + (flip() ? 2 : 0)]
        let plan = self.plan(flip() ? "a.b" : "a.*", settings, on: Set(abilities), exclusivity)
        let busDoes = plan.assignments.filter { $0.performer == .bus }.map(\.duty)
        #expect(plan.isHosted == !busDoes.isEmpty, "\(plan)")
        // Whatever the provider lacks is not left to it.
        let needs: [(SubscriptionPlan.Duty, Capability)] = [
            (.groups, .groups), (.acknowledgement, .acknowledgement), (.retry, .delayedRedelivery),
            (.ackDeadline, .ackDeadline), (.deadLetters, .deadLetters), (.timeToLive, .timeToLive),
            (.priority, .priority), (.pause, .pause), (.bounds, .overflow), (.counting, .metrics),
        ]
        for (duty, capability) in needs where plan[duty] == .provider {
            #expect(abilities.contains(capability), "\(duty): \(plan)")
        }
    }
}
