// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Coalescing", .timeLimit(.minutes(5)))
struct CoalescingTests {
    let bus = ManualEnvironment(seed: 36).makeBus()
    let log = EventRecorder<String>()

    private static let joining = OverflowPolicy.coalesce { older, newer in
        var merged = newer
        merged.payload = Payload(json: .string(older.jobName + newer.jobName))
        return merged
    }

    /// A queue of two that nobody takes from, and its subscription.
    private func pausedQueue(_ overflow: OverflowPolicy = joining, concurrency: Int = 1) async throws -> Subscription {
        let log = self.log
        let settings = HandlerSettings(
            concurrency: concurrency,
            bounds: QueueBounds(count: 2, cascade: 0),
            overflow: overflow
        )
        let subscription = try await self.bus.subscribe(to: "jobs", with: settings) { log.record($0.message.jobName) }
        try await subscription.pause()
        return subscription
    }

    @Test("merges into the waiting message of the same key, in its place", arguments: [1, 3])
    func merges(concurrency: Int) async throws {
        let subscription = try await self.pausedQueue(concurrency: concurrency)
        for (name, key) in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "y"), ("e", "x")] {
            try await self.bus.publish(Message.job(name, key: key))
        }
        try await subscription.resume()
        await self.bus.settled()
        #expect(self.log.all.sorted() == ["ace", "bd"])
        if concurrency == 1 { #expect(self.log.all == ["ace", "bd"]) }
        let queues = try await self.bus.metrics().queues
        #expect(queues.offered == 5)
        #expect(queues.coalesced == 3)
        #expect(queues.acknowledged == 2)
    }

    @Test("gives the merged message the newer one's id, and names the older as its cause")
    func identity() async throws {
        let messages = EventRecorder<Message>()
        let subscription = try await self.bus.subscribe(
            to: "jobs",
            with: HandlerSettings(bounds: QueueBounds(count: 1), overflow: Self.joining)
        ) { messages.record($0.message) }
        try await subscription.pause()
        let older = try await self.bus.publish(Message.job("a", key: "x")).messageID
        let newer = try await self.bus.publish(Message.job("b", key: "x")).messageID
        try await subscription.resume()
        let merged = try await messages.next()
        #expect(merged.id == newer)
        #expect(merged.causationID == older)
        #expect(merged.headers["merged-from"] == .text("\(older),\(newer)"))
        #expect(merged.jobName == "ab")
    }

    @Test("leaves messages of two priorities apart")
    func priorities() async throws {
        let subscription = try await self.pausedQueue()
        try await self.bus.publish(Message.job("c", key: "x", priority: .critical))
        for name in ["a", "b", "d"] { try await self.bus.publish(Message.job(name, key: "x")) }
        try await subscription.resume()
        await self.bus.settled()
        #expect(self.log.all == ["c", "a", "bd"])
    }

    @Test("refuses what has nothing to be merged with")
    func refuses() async throws {
        _ = try await self.pausedQueue()
        for name in ["a", "b"] { try await self.bus.publish(Message.job(name, key: "x")) }
        await expectError(.overflow) { try await self.bus.publish(Message.job("c", key: "z")) }
        await expectError(.overflow) { try await self.bus.publish(Message.job("d")) }
        let queues = try await self.bus.metrics().queues
        #expect(queues.refused == 2)
        #expect(queues.pending == 2)
    }

    @Test("refuses a message whose merge throws, and keeps the older one")
    func throwingMerge() async throws {
        let subscription = try await self.pausedQueue(.coalesce { _, _ in throw Broken() })
        for name in ["a", "b"] { try await self.bus.publish(Message.job(name, key: "x")) }
        await expectError(.overflow) { try await self.bus.publish(Message.job("c", key: "x")) }
        try await subscription.resume()
        await self.bus.settled()
        #expect(self.log.all == ["a", "b"])
        #expect(try await self.bus.metrics().queues.refused == 1)
    }

    @Test("hands over nothing while it is merged, and merges what comes meanwhile")
    func whileMerging() async throws {
        let (bus, log) = (self.bus, self.log)
        let subscription = try await self.pausedQueue(
            .coalesce { older, newer in
                if newer.jobName == "c" {
                    // No lock is held here, so that others may publish to the very same queue.
                    try bus.publishNow(Message.job("d", key: "a"))
                    #expect(log.count == 0)
                }
                var merged = newer
                merged.payload = Payload(json: .string(older.jobName + newer.jobName))
                return merged
            }
        )
        for name in ["a", "b"] { try await self.bus.publish(Message.job(name, key: name)) }
        try await self.bus.publish(Message.job("c", key: "a"))
        try await subscription.resume()
        await self.bus.settled()
        #expect(self.log.all == ["acd", "b"])
        #expect(try await self.bus.metrics().queues.coalesced == 2)
    }

    @Test("merges into the message that waits behind its key", arguments: [1, 2])
    func behindHeldKey(concurrency: Int) async throws {
        let (gate, log) = (Gate(), self.log)
        let settings = HandlerSettings(
            concurrency: concurrency,
            bounds: QueueBounds(count: 8, cascade: 0, parkedPerKey: 1),
            overflow: Self.joining
        )
        try await self.bus.subscribe(to: "jobs", with: settings) { delivery in
            log.record(delivery.message.jobName)
            if delivery.message.jobName == "a" { try await gate.pass() }
        }
        try await self.bus.publish(Message.job("a", key: "x"))
        try await gate.arrivals(1)
        try await self.bus.publish(Message.job("b", key: "x"))
        // Somebody who is free has parked what it could not take, once this has been handled.
        try await self.bus.publish(Message.job("urgent", priority: .critical))
        if concurrency > 1 { _ = try await log.expect(2) }
        for name in ["c", "d"] { try await self.bus.publish(Message.job(name, key: "x")) }
        gate.open()
        await self.bus.settled()
        #expect(log.all == ["a", "urgent", "bcd"])
        let queues = try await self.bus.metrics().queues
        #expect(queues.coalesced == 2)
        #expect(queues.offered == 5)
    }

    @Test("of very many keys is exact, and remembers no more than waits")
    func manyKeys() async throws {
        let log = self.log
        let subscription = try await self.bus.subscribe(
            to: "jobs",
            with: HandlerSettings(bounds: QueueBounds(count: 8), overflow: Self.joining)
        ) { log.record($0.message.jobName) }
        for round in 0..<200 {
            try await subscription.pause()
            for number in 0..<24 {
                try await self.bus.publish(Message.job("\(number % 8),", key: "\(round).\(number % 8)"))
            }
            try await subscription.resume()
            await self.bus.settled()
        }
        #expect(log.all == (0..<200).flatMap { _ in (0..<8).map { "\($0),\($0),\($0)," } })
        #expect(try await self.bus.metrics().queues.coalesced == 200 * 16)
    }
}
