// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// Subscriptions that share one stream of messages.
    static let groupScenarios: [Scenario] = [
        Scenario("Each message goes to one member of a group", needs: [.groups]) { run in
            let group = SubscriptionSettings(group: "g")
            let handled = EventRecorder<Int>()
            for _ in 0..<2 {
                try await run.handle("a", group) { handled.record($0.message.number ?? -1) }
            }
            for number in 0..<6 {
                try await run.publish(number, to: "a")
                try await handled.expect(number + 1)
            }
            let numbers = handled.all
            try run.expect(numbers.sorted(), Array(0..<6), "what the two members handled")
        },
        Scenario("Who is in no group gets everything") { run in
            let readers = [try await run.subscribe("a"), try await run.subscribe("a")]
            try await run.publish(1, to: "a")
            try await run.publish(marker, to: "a")
            for reader in readers { try run.expect(try await reader.numbers(before: marker), [1], "what came") }
        },
        Scenario("Two groups get a message each", needs: [.groups]) { run in
            let readers = [
                try await run.subscribe("a", SubscriptionSettings(group: "g")),
                try await run.subscribe("a", SubscriptionSettings(group: "h")),
            ]
            try await run.publish(1, to: "a")
            try await run.publish(marker, to: "a")
            for reader in readers { try run.expect(try await reader.numbers(before: marker), [1], "what came") }
        },
        Scenario("A group's name is one for each pattern", needs: [.groups]) { run in
            let group = SubscriptionSettings(group: "g")
            let (first, second) = (try await run.subscribe("a", group), try await run.subscribe("b", group))
            try await run.publish(1, to: "a")
            try await run.publish(2, to: "b")
            try run.expect(try await first.next().message.number, 1, "what came to 'a'")
            try run.expect(try await second.next().message.number, 2, "what came to 'b'")
        },
        Scenario("A group goes on when a member leaves", needs: [.groups]) { run in
            let group = SubscriptionSettings(group: "g")
            let (leaving, staying) = (try await run.subscribe("a", group), try await run.subscribe("a", group))
            await leaving.cancel()
            try await run.publish([1, 2], to: "a")
            try await run.publish(marker, to: "a")
            try run.expect(try await staying.numbers(before: marker), [1, 2], "what came to the one that stayed")
        },
        Scenario("A member that joins shares what comes", needs: [.groups]) { run in
            let group = SubscriptionSettings(group: "g")
            let first = try await run.subscribe("a", group)
            try await run.publish(1, to: "a")
            try run.expect(try await first.next().message.number, 1, "what came before")
            let joining = try await run.subscribe("a", group)
            await first.cancel()
            try await run.publish(2, to: "a")
            try await run.publish(marker, to: "a")
            let numbers = try await joining.numbers(before: marker)
            try run.expect(numbers.contains(2), "the member that joined gets 2", found: "\(numbers)")
        },
        Scenario("What a member held when it left comes to the others", needs: [.groups, .acknowledgement]) { run in
            let group = SubscriptionSettings(group: "g")
            let leaving = try await run.subscribe("a", group)
            try await run.publish(1, to: "a")
            let held = try await leaving.next()
            let staying = try await run.subscribe("a", group)
            await leaving.cancel()
            let again = try await staying.next()
            try run.expect(again.message.id, held.message.id, "the message that the other one held")
            try await again.ack()
        },
        Scenario("What was taken back cannot be settled by who had it", needs: [.groups, .acknowledgement]) { run in
            let group = SubscriptionSettings(group: "g")
            let leaving = try await run.subscribe("a", group)
            try await run.publish(1, to: "a")
            let held = try await leaving.next()
            _ = try await run.subscribe("a", group)
            await leaving.cancel()
            try await run.expectError(.leaseLost, from: "settling it") { try await held.ack() }
        },
        Scenario("A group refuses a member with other settings", needs: [.groups]) { run in
            _ = try await run.subscribe("a", SubscriptionSettings(group: "g", maximumAttempts: 3))
            try await run.expectError(.groupMismatch, from: "joining with other settings") {
                _ = try await run.subscribe("a", SubscriptionSettings(group: "g", maximumAttempts: 4))
            }
            _ = try await run.subscribe("a", SubscriptionSettings(group: "g", maximumAttempts: 3))
        },
        Scenario("A message that failed comes again to its group alone", needs: [.groups, .acknowledgement]) { run in
            let failing = try await run.subscribe("a", SubscriptionSettings(group: "g"))
            let other = try await run.subscribe("a", SubscriptionSettings(group: "h"))
            try await run.publish(1, to: "a")
            let first = try await failing.next()
            try await first.nack()
            try run.expect(try await failing.next().message.id, first.message.id, "what comes to the group that failed")
            try await run.publish(marker, to: "a")
            try run.expect(try await other.numbers(before: marker), [1], "what came to the other group")
        },
    ]
}
