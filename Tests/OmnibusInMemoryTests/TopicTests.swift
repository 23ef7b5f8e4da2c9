// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Testing

@Suite("Topics of the in-memory broker", .timeLimit(.minutes(5)))
struct TopicTests {
    let broker = InMemoryBroker()

    @Test("come into being at the first publish")
    func comeByThemselves() async throws {
        #expect(try await self.broker.info(of: "a.b" as Topic) == nil)
        try await self.broker.publish(.number(1, to: "a.b"))

        let info = try #require(try await self.broker.info(of: "a.b" as Topic))
        #expect(info.configuration == TopicConfiguration())
        #expect(info.subscriptionCount == 0)
        #expect(try await self.broker.metrics(of: "a.b").published == 1)
    }

    @Test("are created once, and the same settings change nothing")
    func areCreatedOnce() async throws {
        let configuration = TopicConfiguration(partitions: 3)

        #expect(try await self.broker.createTopic("a", configuration))
        #expect(try await !self.broker.createTopic("a", configuration))
        await expectError(.invalidSettings) { _ = try await self.broker.createTopic("a", TopicConfiguration()) }
        #expect(try await self.broker.info(of: "a" as Topic)?.configuration == configuration)
    }

    @Test("refuse what is published after they were deleted, until they are created again")
    func areDeleted() async throws {
        let subscription = try await self.broker.subscribe(to: "#", SubscriptionSettings())
        try await self.broker.publish(.number(1, to: "a"))

        #expect(try await self.broker.deleteTopic("a"))
        let error = await expectError(.unknownTopic) { try await self.broker.publish(.number(2, to: "a")) }
        #expect(error?.message.contains("'a'") == true)
        #expect(try await self.broker.info(of: "a" as Topic) == nil)
        #expect(try await !self.broker.deleteTopic("a"))
        #expect(try await self.broker.createTopic("a", TopicConfiguration()))
        #expect(try await self.broker.publish(.number(3, to: "a")).matched == 1)
        #expect(try await subscription.receive(upTo: 10).map(\.message.number) == [1, 3])
    }

    @Test("that there never were cannot be deleted or updated")
    func refuseUnknown() async throws {
        #expect(try await !self.broker.deleteTopic("never"))
        await expectError(.unknownTopic) { try await self.broker.updateTopic("never", TopicConfiguration()) }
        await expectError(.unknownTopic) { _ = try await self.broker.metrics(of: "never") }
        try await self.broker.publish(.number(1, to: "never"))
    }

    @Test("are updated, except for their partitions")
    func areUpdated() async throws {
        _ = try await self.broker.createTopic("a", TopicConfiguration(partitions: 2))

        try await self.broker.updateTopic("a", TopicConfiguration(partitions: 2, maximumMessageSize: 3))
        await expectError(.tooLarge) { try await self.broker.publish(Message(topic: "a", bytes: [1, 2, 3, 4])) }
        try await self.broker.publish(Message(topic: "a", bytes: [1, 2, 3]))
        await expectError(.invalidSettings) {
            try await self.broker.updateTopic("a", TopicConfiguration(partitions: 3))
        }
    }

    @Test(
        "that keep their history in a journal are unsupported, by name",
        arguments: [(TopicConfiguration.Durability.persistent(), Capability.persistentTopics)]
    )
    func refuseHistory(durability: TopicConfiguration.Durability, capability: Capability) async throws {
        let error = await expectError(.unsupported) {
            _ = try await self.broker.createTopic("a", TopicConfiguration(durability: durability))
        }

        #expect(error?.details as? String == capability.rawValue)
        #expect(error?.message.contains(capability.rawValue) == true)
        #expect(!self.broker.capabilities.has(capability))
        #expect(try await self.broker.info(of: "a" as Topic) == nil)
    }

    @Test("refuse settings that make no sense, and the system's name")
    func refuseNonsense() async throws {
        await expectError(.invalidSettings) {
            _ = try await self.broker.createTopic("a", TopicConfiguration(partitions: 0))
        }
        await expectError(.invalidSettings) {
            _ = try await self.broker.createTopic("a", TopicConfiguration(maximumMessageSize: 0))
        }
        await expectError(.invalidTopic) { _ = try await self.broker.createTopic("omnibus.a", TopicConfiguration()) }
    }

    @Test("count what is published to them and who listens")
    func count() async throws {
        _ = try await self.broker.subscribe(to: "a.*", SubscriptionSettings(group: "g"))
        _ = try await self.broker.subscribe(to: "a.*", SubscriptionSettings(group: "g"))
        _ = try await self.broker.subscribe(to: "a.b", SubscriptionSettings())
        for number in 0..<5 { try await self.broker.publish(.number(number, to: "a.b")) }
        try await self.broker.publish(.number(0, to: "b"))

        let metrics = try await self.broker.metrics(of: "a.b")
        #expect([metrics.published, metrics.unrouted, metrics.subscriptions] == [5, 0, 3])
        let other = try await self.broker.metrics(of: "b")
        #expect([other.published, other.unrouted, other.subscriptions] == [1, 1, 0])
    }
}
