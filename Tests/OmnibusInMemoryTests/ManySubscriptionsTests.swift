// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Testing

/// Looking for each of them among all the others would take minutes.
@Suite("Very many subscriptions", .timeLimit(.minutes(1)))
struct ManySubscriptionsTests {
    let broker = InMemoryBroker()
    let count = 50_000

    @Test("end in any order, each by itself")
    func endByThemselves() async throws {
        var subscriptions: [any ProviderSubscription] = []
        for n in 0..<self.count {
            subscriptions.append(try await self.broker.subscribe(to: self.pattern(n), SubscriptionSettings()))
        }
        // One of three stays; the last ones go first.
        for n in (0..<self.count).reversed() where n % 3 != 0 { await subscriptions[n].cancel() }

        for n in stride(from: 0, to: self.count, by: 97) {
            let topic = try Topic(validating: "a\(n % 7).b\(n)")
            #expect(try await self.broker.publish(.number(n, to: topic)).matched == (n % 3 == 0 ? 1 : 0))
        }
        #expect(try await self.broker.metrics().subscriptions == (self.count + 2) / 3)
    }

    @Test("end with the broker")
    func endTogether() async throws {
        for n in 0..<self.count { _ = try await self.broker.subscribe(to: self.pattern(n), SubscriptionSettings()) }
        for n in stride(from: 0, to: self.count, by: 2) {
            _ = try await self.broker.publish(.number(n, to: Topic(validating: "a\(n % 7).b\(n)")))
        }

        try await self.broker.disconnect()
        let metrics = try await self.broker.metrics()
        #expect([metrics.subscriptions, metrics.queues.offered, metrics.queues.pending] == [0, self.count / 2, 0])
        #expect(metrics.queues.abandoned == self.count / 2)
    }

    private func pattern(_ n: Int) throws -> TopicPattern { try TopicPattern(validating: "a\(n % 7).b\(n)") }
}
