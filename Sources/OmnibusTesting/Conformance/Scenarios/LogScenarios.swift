// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// Topics that keep a history, and who reads it from where.
    static let logScenarios: [Scenario] = [
        Scenario("A history is read from its beginning, and then goes on", needs: Self.history) { run in
            try await run.makeLog("a")
            try await run.publish([1, 2], to: "a")
            let reader = try await run.subscribe("a", SubscriptionSettings(start: .earliest))
            try await run.publish(3, to: "a")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [1, 2, 3], "what came from the beginning")
        },
        Scenario("Who does not say where to start starts at the latest", needs: Self.history) { run in
            try await run.makeLog("a")
            try await run.publish([1, 2], to: "a")
            let reader = try await run.subscribe("a")
            try await run.publish(3, to: "a")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [3], "what came")
        },
        Scenario("Several readers of a history get all of it", needs: Self.history) { run in
            try await run.makeLog("a")
            try await run.publish([1, 2], to: "a")
            try await run.publish(marker, to: "a")
            for _ in 0..<2 {
                let reader = try await run.subscribe("a", SubscriptionSettings(start: .earliest))
                try run.expect(try await reader.numbers(before: marker), [1, 2], "what came")
            }
        },
        Scenario("A history is read from an offset", needs: Self.history) { run in
            try await run.makeLog("a")
            var offset: Int64?
            for number in 0..<4 {
                let position = try await run.publish(number, to: "a").position
                if number == 2 { offset = position?.offset }
            }
            try await run.publish(marker, to: "a")
            let start = try run.require(offset, "a position in the receipt")
            let reader = try await run.subscribe("a", SubscriptionSettings(start: .offset(start)))
            try run.expect(try await reader.numbers(before: marker), [2, 3], "what came from the offset of 2")
        },
        Scenario("A history is read from a time", needs: Self.history) { run in
            try await run.makeLog("a")
            try await run.publish(1, to: "a")
            try await run.time.pass(run.time.tick)
            let start = run.time.environment.clock.now
            try await run.time.pass(run.time.tick)
            try await run.publish(2, to: "a")
            try await run.publish(marker, to: "a")
            let reader = try await run.subscribe("a", SubscriptionSettings(start: .time(start)))
            try run.expect(try await reader.numbers(before: marker), [2], "what came from between 1 and 2")
        },
        Scenario(
            "The newest message of each topic comes first where that is asked for",
            needs: Self.history + [.wildcards]
        ) { run in
            for topic in ["a.x", "a.y"] { try await run.makeLog(topic) }
            try await run.publish([1, 2], to: "a.x")
            try await run.publish([3, 4], to: "a.y")
            let reader = try await run.subscribe("a.*", SubscriptionSettings(start: .lastPerTopic))
            try await run.publish(marker, to: "a.x")
            try run.expect(Set(try await reader.numbers(before: marker)), [2, 4], "what came before what is new")
        },
        Scenario("A named group goes on where it had got to", needs: Self.history + [.groups]) { run in
            try run.expectsAcknowledgement()
            try await run.makeLog("a")
            let settings = SubscriptionSettings(group: "g", start: .earliest)
            try await run.publish([1, 2], to: "a")
            let first = try await run.subscribe("a", settings)
            try await first.next().ack()
            await first.cancel()
            try await run.publish(3, to: "a")
            try await run.publish(marker, to: "a")
            let again = try await run.subscribe("a", settings)
            try run.expect(try await again.numbers(before: marker), [2, 3], "what came after 1 was acknowledged")
        },
        Scenario("Who was overtaken by retention is told how many it has missed", needs: Self.history) { run in
            try await run.makeLog("a", Retention(maximumCount: 2))
            let reader = try await run.subscribe("a", SubscriptionSettings(start: .earliest))
            try await run.publish(0..<5, to: "a")
            try await run.publish(marker, to: "a")
            var (received, missed) = (0, 0)
            while true {
                let delivery = try await reader.next()
                try await delivery.ack()
                missed += delivery.missed
                if delivery.message.number == marker { break }
                received += 1
            }
            try run.expect(received + missed, 5, "messages that came or were reported as missed")
            // A bus that has the queue may have fetched each before it was removed.
            guard !run.hostsQueue else { return }
            try run.expect(missed > 0, "some were missed, with 2 of 6 kept", found: "none was")
        },
        Scenario("Positions in a history go up by one", needs: Self.history) { run in
            try await run.makeLog("a")
            var offsets: [Int64] = []
            for number in 0..<4 {
                let position = try await run.publish(number, to: "a").position
                offsets.append(try run.require(position, "a position in the receipt").offset)
            }
            try run.expect(offsets, (0..<4).map { offsets[0] + $0 }, "offsets of four messages")
        },
        Scenario(
            "A message is appended only where it gets the offset that is expected",
            needs: Self.history + [.expectedSequence]
        ) { run in
            try await run.makeLog("a")
            let position = try await run.publish(1, to: "a").position
            let next = try run.require(position, "a position in the receipt").offset + 1
            try await run.expectError(.sequenceMismatch, from: "expecting an offset that is taken") {
                try await run.publish(try run.message(2, to: "a"), expecting: .next(next - 1))
            }
            let receipt = try await run.publish(try run.message(3, to: "a"), expecting: .next(next))
            try run.expect(receipt.position?.offset, next, "the offset in the receipt")
            try await run.publish(marker, to: "a")
            let reader = try await run.subscribe("a", SubscriptionSettings(start: .earliest))
            try run.expect(try await reader.numbers(before: marker), [1, 3], "what is in the history")
        },
    ]

    private static let history: [Capability] = [.retainedTopics, .startPositions, .topicAdministration]

    /// Which messages a subscription wants.
    static let predicateScenarios: [Scenario] = [
        Scenario("A subscription with a predicate gets what it wants alone", needs: [.predicates]) { run in
            let even = MessagePredicate("even") { ($0.number ?? 0) % 2 == 0 }
            let reader = try await run.subscribe("a", SubscriptionSettings(predicate: even))
            let other = try await run.subscribe("a")
            try await run.publish(0..<5, to: "a")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [0, 2, 4], "what came to who wants even ones")
            try run.expect(try await other.numbers(before: marker), [0, 1, 2, 3, 4], "what came to the other one")
        }
    ]
}

extension ConformanceRun {
    /// Creates a topic that keeps a history.
    fileprivate func makeLog(_ words: String, _ retention: Retention = Retention()) async throws {
        _ = try await self.provider.createTopic(try self.topic(words), .retained(retention))
    }

    @discardableResult
    fileprivate func publish(_ message: Message, expecting: ExpectedSequence) async throws -> PublishReceipt {
        self.step("publish \(message.number ?? -1) to '\(message.topic)', expecting \(expecting)")
        if let bus = self.bus { return try await bus.publish(message, expecting: expecting) }
        return try await self.provider.publish(message, expecting: expecting)
    }
}
