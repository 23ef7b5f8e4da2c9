// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A publish that some queues have no room for", .timeLimit(.minutes(5)))
struct PartialAcceptanceTests {
    let manual = ManualEnvironment(seed: 31)
    let bus: EventBus

    init() {
        self.bus = self.manual.makeBus()
    }

    /// A subscription with room for one message, paused, and what it gets once it goes on.
    private struct Narrow {
        let subscription: Subscription
        let seen: EventRecorder<Delivery>
    }

    private func narrow(_ overflow: OverflowPolicy = .suspend()) async throws -> Narrow {
        let seen = EventRecorder<Delivery>()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: overflow)
        let subscription = try await self.bus.subscribe(to: Step.self, with: settings) { _, delivery in
            seen.record(delivery)
        }
        try await subscription.pause()
        return Narrow(subscription: subscription, seen: seen)
    }

    private func publisher(_ number: Int) -> Task<PublishReceipt, any Error> {
        Task { [bus] in try await bus.publish(Step(number: number)) }
    }

    private func details(_ publisher: Task<PublishReceipt, any Error>) async throws -> PartialAcceptance {
        let error = await expectError(.partiallyAccepted) { _ = try await publisher.value }
        return try #require(error?.details as? PartialAcceptance)
    }

    @Test("reaches a queue as soon as that has room, however long another one stays full")
    func waitsSideBySide() async throws {
        let first = try await self.narrow()
        let second = try await self.narrow()
        let third = try await self.narrow()
        try await self.bus.publish(Step(number: 0))
        let publisher = self.publisher(1)
        await self.bus.suspendedPublishers(3)

        try await third.subscription.resume()
        #expect(try await third.seen.expect(2).count == 2)
        try await second.subscription.resume()
        #expect(try await second.seen.expect(2).count == 2)
        #expect(first.seen.count == 0)
        try await first.subscription.resume()
        #expect(try await publisher.value.matched == 3)
        await self.bus.settled()
        let ids = [first, second, third].map { $0.seen.all.map(\.message.id) }
        #expect(Set(ids).count == 1)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("is resumed after it was cancelled, for those alone that have not got the message")
    func resumesAfterCancellation() async throws {
        let first = try await self.narrow()
        let second = try await self.narrow()
        try await self.bus.publish(Step(number: 0))
        let publisher = self.publisher(1)
        await self.bus.suspendedPublishers(2)
        try await second.subscription.resume()
        try await second.seen.expect(2)
        publisher.cancel()
        let details = try await self.details(publisher)
        #expect(details.receipt.matched == 1)
        #expect(details.missing.count == 1)

        try await first.subscription.resume()
        let receipt = try await details.resume()
        #expect(receipt.matched == 2)
        #expect(receipt.messageID == details.receipt.messageID)
        await self.bus.settled()
        #expect(first.seen.all.map(\.message.id) == second.seen.all.map(\.message.id))
        #expect(first.seen.all.last?.message.id == receipt.messageID)
        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.refused] == [2, 2, 0])
    }

    @Test("is resumed after a timeout, as often as it takes, and no more than that")
    func resumesAfterTimeout() async throws {
        let narrow = try await self.narrow(.suspend(atMost: .seconds(5)))
        let wide = try await self.bus.recorder(of: Step.self)
        try await self.bus.publish(Step(number: 0))
        let publisher = self.publisher(1)
        await self.bus.suspendedPublishers(1)
        self.manual.clock.advance(by: .seconds(5))
        let details = try await self.details(publisher)

        let again = Task { try await details.resume() }
        await self.bus.suspendedPublishers(1)
        self.manual.clock.advance(by: .seconds(5))
        let rest = try await self.details(again)
        try await narrow.subscription.resume()
        let receipt = try await rest.resume()
        #expect(receipt.matched == 2)
        // Nothing is left to do, whichever of the two details is asked.
        #expect(try await rest.resume() == receipt)
        #expect(try await details.resume() == receipt)
        await self.bus.settled()
        #expect(narrow.seen.count == 2)
        #expect(wide.all == [Step(number: 0), Step(number: 1)])
        #expect(try await self.bus.metrics().published == 2)
    }

    @Test("is complete when the queues that had no room have ended")
    func resumesAfterEnd() async throws {
        let narrow = try await self.narrow(.reject)
        let wide = try await self.bus.recorder(of: Step.self)
        try await self.bus.publish(Step(number: 0))
        let details = try await self.details(self.publisher(1))
        await narrow.subscription.cancel()

        #expect(try await details.resume().matched == 1)
        await self.bus.settled()
        #expect(wide.count == 2)
    }

    @Test("is resumed once where two ask for it at the same time")
    func resumesOnce() async throws {
        let narrow = try await self.narrow()
        let wide = try await self.bus.recorder(of: Step.self)
        try await self.bus.publish(Step(number: 0))
        let publisher = self.publisher(1)
        await self.bus.suspendedPublishers(1)
        publisher.cancel()
        let details = try await self.details(publisher)

        let resumptions = (0..<4).map { _ in Task { try await details.resume() } }
        await self.bus.suspendedPublishers(1)
        #expect(self.bus.suspendedPublishers == 1)
        try await narrow.subscription.resume()
        for resumption in resumptions { #expect(try await resumption.value.matched == 2) }
        await self.bus.settled()
        #expect(narrow.seen.count == 2)
        #expect(wide.count == 2)
    }

    @Test("leaves a resumption that was cancelled to the next one")
    func cancelsResumption() async throws {
        let narrow = try await self.narrow()
        _ = try await self.bus.recorder(of: Step.self)
        try await self.bus.publish(Step(number: 0))
        let publisher = self.publisher(1)
        await self.bus.suspendedPublishers(1)
        publisher.cancel()
        let details = try await self.details(publisher)
        let first = Task { try await details.resume() }
        await self.bus.suspendedPublishers(1)
        let second = Task { try await details.resume() }

        first.cancel()
        await expectError(.partiallyAccepted) { _ = try await first.value }
        try await narrow.subscription.resume()
        #expect(try await second.value.matched == 2)
        await self.bus.settled()
        #expect(narrow.seen.count == 2)
    }

    @Test("keeps its position when it is resumed")
    func keepsPosition() async throws {
        let broker = InMemoryBroker(environment: self.manual.environment)
        _ = try await broker.createTopic(Step.topic, TopicConfiguration(partitions: 1))
        let narrow = try await broker.subscribe(
            to: "job.step",
            SubscriptionSettings(bounds: QueueBounds(count: 1), overflow: .reject)
        )
        let wide = try await broker.subscribe(to: "job.step", SubscriptionSettings())
        try await broker.publish(Message(topic: Step.topic, payload: 0))
        let error = await expectError(.partiallyAccepted) {
            try await broker.publish(Message(topic: Step.topic, payload: 1))
        }
        try await broker.publish(Message(topic: "other", payload: 2))
        let details = try #require(error?.details as? PartialAcceptance)
        #expect(try await narrow.receive(upTo: 1).map(\.position?.offset) == [0])

        let receipt = try await details.resume()
        #expect(receipt.position?.offset == 1)
        #expect(try await narrow.receive(upTo: 1).map(\.position?.offset) == [1])
        #expect(try await wide.receive(upTo: 2).map(\.position?.offset) == [0, 1])
    }

    @Test("cannot be resumed where the provider knows no way to")
    func needsProvider() async throws {
        let details = PartialAcceptance(receipt: PublishReceipt(messageID: .unassigned, matched: 1), missing: ["a"])

        await expectError(.unsupported) { try await details.resume() }
    }
}
