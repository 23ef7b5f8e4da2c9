// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

/// Events go to queues and observers of their type without a message around them: nobody may notice.
@Suite("The way without a message", .timeLimit(.minutes(5)))
struct DirectWayTests {
    let manual = ManualEnvironment(seed: 94)
    let bus: EventBus

    init() {
        self.bus = self.manual.makeBus()
    }

    private func recorder(_ settings: HandlerSettings = HandlerSettings()) async throws -> EventRecorder<Int> {
        let seen = EventRecorder<Int>()
        try await self.bus.subscribe(to: Step.self, with: settings) { seen.record($0.number) }
        return seen
    }

    @Test("leads to several queues and to observers, under one id, and is counted as one call")
    func shared() async throws {
        let queues = [try await self.recorder(), try await self.recorder()]
        let observed = EventRecorder<Int>()
        try self.bus.observe(Step.self) { observed.record($0.number) }
        for number in 0..<100 {
            let receipt = try await self.bus.publish(Step(number: number))
            #expect(receipt.matched == 3)
            #expect(observed.count == number + 1)
        }
        try self.bus.publishNow(Step(number: 100))
        #expect(try await self.bus.enqueue(Step(number: 101)).value().matched == 3)
        await self.bus.settled()
        for seen in queues + [observed] { #expect(seen.all == Array(0...101)) }
        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.queues.offered] == [102, 102, 204])
    }

    @Test("ends where somebody wants a message, and begins again when they have gone")
    func mixed() async throws {
        let seen = try await self.recorder()
        let messages = EventRecorder<MessageID>()
        var receipts: [MessageID] = []
        for round in 0..<3 {
            receipts.append(try await self.bus.publish(Step(number: round * 2)).messageID)
            let subscription = try await self.bus.subscribe(to: "#") { messages.record($0.message.id) }
            receipts.append(try await self.bus.publish(Step(number: round * 2 + 1)).messageID)
            await self.bus.settled()
            await subscription.cancel()
        }
        #expect(seen.all == Array(0..<6))
        #expect(messages.all == [1, 3, 5].map { receipts[$0] })
        #expect(Set(receipts).count == 6)
    }

    @Test("says that nobody listens when all have gone while it was known")
    func gone() async throws {
        let subscription = try self.bus.observe(Step.self) { _ in }
        #expect(try await self.bus.publish(Step(number: 0)).matched == 1)
        await subscription.cancel()
        #expect(try await self.bus.publish(Step(number: 1)).matched == 0)
        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.unrouted] == [2, 1, 1])
    }

    @Test("accepts for each queue by itself, and goes on for the full ones alone")
    func partial() async throws {
        let wide = try await self.recorder()
        let narrow = EventRecorder<Int>()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .reject)
        let subscription = try await self.bus.subscribe(to: Step.self, with: settings) { narrow.record($0.number) }
        try await subscription.pause()
        try await self.bus.publish(Step(number: 0))
        let error = await expectError(.partiallyAccepted) { _ = try await self.bus.publish(Step(number: 1)) }
        let details = try #require(error?.details as? PartialAcceptance)
        #expect(details.receipt.matched == 1)
        try await subscription.resume()
        await self.bus.settled()
        #expect(try await details.resume().matched == 2)
        await self.bus.settled()
        #expect(wide.all == [0, 1])
        #expect(narrow.all == [0, 1])
        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.refused] == [2, 2, 0])
    }

    @Test(
        "takes batches in order, waits for room in the middle of one, and reports on each",
        arguments: [1, 7, 64, 1_000]
    )
    func batches(size: Int) async throws {
        let seen = try await self.recorder(HandlerSettings(bounds: QueueBounds(count: 100)))
        var ids: [MessageID] = []
        for start in stride(from: 0, to: 3_000, by: size) {
            let result = try await self.bus.publish(batch: (start..<start + size).map { Step(number: $0) })
            #expect([result.count, result.successCount, result.failureCount] == [size, size, 0])
            #expect(result.outcomes.count == size)
            ids += result.receipts.map(\.messageID)
        }
        await self.bus.settled()
        #expect(seen.all == Array(0..<ids.count))
        #expect(Set(ids).count == ids.count)
        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.queues.acknowledged] == [ids.count, ids.count])
    }

    @Test("refuses single events of a batch, and takes those behind them")
    func refusedInBatch() async throws {
        let settings = HandlerSettings(bounds: QueueBounds(count: 4), overflow: .reject)
        let seen = EventRecorder<Int>()
        let subscription = try await self.bus.subscribe(to: Step.self, with: settings) { seen.record($0.number) }
        try await subscription.pause()
        let result = try await self.bus.publish(batch: (0..<6).map { Step(number: $0) })
        #expect([result.successCount, result.failureCount] == [4, 2])
        #expect(result.errors.map(\.code) == [.overflow, .overflow])
        try await subscription.resume()
        await self.bus.settled()
        #expect(seen.all == [0, 1, 2, 3])
    }

    @Test("takes events with topics and keys of their own")
    func ownTopics() async throws {
        struct Routed: Event {
            static let topic: Topic = "routed"
            var to: Topic
            var eventTopic: Topic { self.to }
            var eventKey: String? { "k" }
        }
        let keys = EventRecorder<String?>()
        try await self.bus.subscribe(to: Routed.self) { _, delivery in keys.record(delivery.message.key) }
        let other = EventRecorder<Topic>()
        try await self.bus.subscribe(to: "other") { other.record($0.message.topic) }
        let topics: [Topic] = ["routed", "other", "routed", "nowhere"]
        let result = try await self.bus.publish(batch: topics.map { Routed(to: $0) })
        #expect(result.receipts.map(\.matched) == [1, 1, 1, 0])
        await self.bus.settled()
        #expect(keys.all == ["k", "k"])
        #expect(other.all == ["other"])
    }
}
