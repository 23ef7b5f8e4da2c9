// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Testing

@Suite("Disconnecting the in-memory broker", .timeLimit(.minutes(5)))
struct EndingTests {
    let broker = InMemoryBroker()

    @Test("ends every subscription")
    func endsSubscriptions() async throws {
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings())
        async let received = subscription.receive(upTo: 1)

        try await self.broker.disconnect()
        #expect(try await received.isEmpty)
        #expect(try await self.broker.metrics().subscriptions == 0)
    }

    @Test("refuses what comes after, by name")
    func refuses() async throws {
        try await self.broker.disconnect()
        try await self.broker.disconnect()

        await expectError(.busClosed) { try await self.broker.publish(.number(1, to: "a")) }
        await expectError(.busClosed) { _ = try await self.broker.subscribe(to: "a", SubscriptionSettings()) }
        let metrics = try await self.broker.metrics()
        #expect([metrics.published, metrics.refused] == [1, 1])
    }

    @Test("counts what was still waiting, and lets go of publishers that wait for room")
    func countsWaiting() async throws {
        let settings = SubscriptionSettings(bounds: QueueBounds(count: 2))
        _ = try await self.broker.subscribe(to: "a", settings)
        for number in 0..<2 { try await self.broker.publish(.number(number, to: "a")) }
        guard case .wait(let token) = try self.broker.offer(.number(2, to: "a")) else {
            Issue.record("The full queue has taken a message.")
            return
        }

        try await self.broker.disconnect()
        _ = try? await token.wait()
        let queues = try await self.broker.metrics().queues
        #expect([queues.offered, queues.abandoned, queues.pending] == [2, 2, 0])
    }

    @Test("declares what it can do, which is what it does")
    func declares() {
        let capabilities = InMemoryBroker.capabilities

        #expect(capabilities.provider == "in_memory")
        #expect(self.broker.capabilities == capabilities)
        for capability: Capability in [.wildcards, .groups, .partitions, .deadLetters, .pause, .synchronousPublish] {
            #expect(capabilities.has(capability))
        }
        for capability: Capability in [.accessControl, .persistentTopics] {
            #expect(!capabilities.has(capability))
        }
    }

    @Test("needs no connection: it is connected from birth")
    func needsNoConnection() async throws {
        try await self.broker.connect()
        #expect(try await self.broker.publish(.number(1, to: "a")).matched == 0)
    }
}
