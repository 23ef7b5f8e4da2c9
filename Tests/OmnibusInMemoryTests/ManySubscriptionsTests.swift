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

    /// A queue for as long as somebody else keeps it.
    private struct Glimpse {
        weak var lane: Lane?
    }

    @Test("leave nothing behind, although nobody publishes to their topic any more")
    func areForgotten() async throws {
        var subscriptions: [any ProviderSubscription] = []
        var glimpses: [Glimpse] = []
        for _ in 0..<2_000 {
            let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings())
            glimpses.append(Glimpse(lane: (subscription as? LaneSubscription)?.lane))
            subscriptions.append(subscription)
        }
        #expect(glimpses.allSatisfy { $0.lane != nil })
        #expect(try await self.broker.publish(.number(1, to: "a")).matched == 2_000)

        for subscription in subscriptions { await subscription.cancel() }
        subscriptions.removeAll()
        // The last few are still to be counted.
        #expect(glimpses.count { $0.lane != nil } <= 128)
    }

    private func pattern(_ n: Int) throws -> TopicPattern { try TopicPattern(validating: "a\(n % 7).b\(n)") }
}
