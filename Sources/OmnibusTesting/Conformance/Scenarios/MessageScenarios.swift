// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// What a message is, and that it arrives as it was.
    static let messageScenarios: [Scenario] = [
        Scenario("A message that is published comes to who subscribed before") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(7, to: "a")
            let delivery = try await reader.next()
            try run.expect(delivery.message.number, 7, "what the message carries")
            try await delivery.ack()
        },
        Scenario("Every message comes, of many") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(0..<40, to: "a")
            try await run.publish(1_000, to: "a")
            let numbers = Set(try await reader.numbers(before: 1_000))
            let lost = (0..<40).filter { !numbers.contains($0) }
            try run.expect(lost, [], "messages that did not come")
        },
    ]
}
