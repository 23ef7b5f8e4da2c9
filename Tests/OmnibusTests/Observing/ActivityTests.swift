// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("The activity of a bus", .timeLimit(.minutes(5)))
struct ActivityTests {
    let manual = ManualEnvironment(seed: 71)
    let bus: EventBus

    init() {
        self.bus = self.manual.makeBus()
    }

    /// What a feed has, once the bus has been shut down.
    ///
    /// A handler may be faster than the publisher's thread, which says last that it has published: that comes first here.
    private func rest(of feed: ActivityFeed) async throws -> [Activity] {
        try await self.bus.shutdown()
        var all: [Activity] = []
        for await activity in feed { all.append(activity) }
        return all.filter { $0.kind == .emitted } + all.filter { $0.kind != .emitted }
    }

    @Test("tells each publish, delivery and settlement of a handler of events")
    func events() async throws {
        let feed = try self.bus.activity()
        try await self.bus.subscribe(to: Step.self, group: "workers") { _ in }
        let receipt = try await self.bus.publish(Step(number: 1))
        await self.bus.settled()
        let all = try await self.rest(of: feed)
        #expect(all.map(\.kind) == [.emitted, .delivered, .acknowledged])
        #expect(all.allSatisfy { $0.messageID == receipt.messageID && $0.topic == Step.topic && $0.missed == 0 })
        #expect(all[0].matched == 1)
        #expect(all[1].attempt == 1)
        #expect(all[1].group == "workers")
        #expect(all[2].subscription == all[1].subscription)
    }

    @Test("tells the same of deliveries: what is settled by hand, given back, and read in a loop")
    func deliveries() async throws {
        let feed = try self.bus.activity()
        let rejected = EventRecorder<Int>()
        try await self.bus.subscribe(to: "a", with: HandlerSettings(acknowledging: .manual)) { delivery in
            try await delivery.extend(by: .seconds(1))
            try await delivery.reject(reason: "no good")
            rejected.record(1)
        }
        let deliveries = try await self.bus.deliveries(of: "b")
        try await self.bus.publish(1, to: "a")
        try await rejected.expect(1)
        try await self.bus.publish(2, to: "b")
        try await self.bus.publish(3, to: "b")
        try await self.bus.publish(4, to: "b")
        for try await delivery in deliveries where delivery.message.topic == "b" { break }
        var iterator = deliveries.makeAsyncIterator()
        _ = try await iterator.next()
        _ = try await iterator.next()

        let all = try await self.rest(of: feed)
        let atA = all.filter { $0.topic == "a" }
        #expect(atA.map(\.kind) == [.emitted, .delivered, .extended, .deadLettered])
        #expect(atA.last?.reason == "rejected")
        let atB = all.filter { $0.topic == "b" && $0.kind != .emitted }
        #expect(atB.map(\.kind).prefix(5) == [.delivered, .returned, .delivered, .acknowledged, .delivered])
    }

    @Test("names the error and the delay of what comes again, and the reason of what is given up on")
    func failures() async throws {
        let feed = try self.bus.activity()
        let settings = HandlerSettings(failurePolicy: .retry(.fixed([.seconds(2)], then: .seconds(2)), attempts: 2))
        try await self.bus.subscribe(to: Step.self, with: settings) { _ in throw Broken() }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()
        self.manual.clock.advance(by: .seconds(2))
        await self.bus.settled()
        let all = try await self.rest(of: feed).filter { $0.topic == Step.topic }
        #expect(all.map(\.kind) == [.emitted, .delivered, .retried, .delivered, .deadLettered])
        #expect(all[2].delay == .seconds(2))
        #expect(all[2].reason?.contains("Broken") == true)
        #expect(all[3].attempt == 2)
        #expect(all[4].reason?.hasPrefix("retriesExhausted") == true)
    }

    @Test("holds a bounded number, drops the oldest, and says how many")
    func bounded() async throws {
        let feed = try self.bus.activity(limit: 4)
        for number in 0..<10 { try await self.bus.publish(Step(number: number)) }
        var iterator = feed.makeAsyncIterator()
        #expect(await iterator.next()?.missed == 6)
        #expect(await iterator.next()?.missed == 0)
        try await self.bus.publish(Step(number: 10))
        #expect(try await self.rest(of: feed).map(\.missed) == [0, 0, 0])
    }

    @Test("is seen by those who watch, from then on, in the middle of a batch too")
    func beginsInBatch() async throws {
        let gate = Gate()
        try await self.bus.subscribe(to: Step.self) { step in
            if step.number == 0 { try await gate.pass() }
        }
        for number in 0..<5 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        let feed = try self.bus.activity()
        gate.open()
        await self.bus.settled()
        let all = try await self.rest(of: feed)
        #expect(all.count { $0.kind == .delivered } == 4)
        #expect(all.count { $0.kind == .acknowledged } == 4)
    }

    @Test("costs the shortest way again once nobody watches")
    func ends() async throws {
        try await self.bus.subscribe(to: Step.self) { _ in }
        do {
            let feed = try self.bus.activity()
            try await self.bus.publish(Step(number: 1))
            #expect(self.bus.activities.isOn)
            _ = feed
        }
        #expect(!self.bus.activities.isOn)
        let before = try #require(self.bus.memory).matchCount(of: Step.topic)
        #expect(before == 1)
        try await self.bus.publish(Step(number: 2))
        await self.bus.settled()
        #expect(try await self.bus.metrics().queues.acknowledged == 2)
    }

    @Test("waits for what comes, and ends when the task is cancelled or the bus is shut down")
    func waits() async throws {
        let feed = try self.bus.activity()
        let reader = Task {
            var iterator = feed.makeAsyncIterator()
            return await iterator.next()?.kind
        }
        try await self.bus.publish(Step(number: 1))
        #expect(await reader.value == .emitted)
        let cancelled = Task {
            var iterator = feed.makeAsyncIterator()
            return await iterator.next() == nil
        }
        cancelled.cancel()
        #expect(await cancelled.value)
        try await self.bus.shutdown()
        var iterator = feed.makeAsyncIterator()
        #expect(await iterator.next() == nil)
        #expect(throws: OmnibusError.self) { try self.bus.activity() }
    }

    @Test("refuses a limit that is not positive", arguments: [0, -1])
    func limit(limit: Int) throws {
        let error = #expect(throws: OmnibusError.self) { try self.bus.activity(limit: limit) }
        #expect(error?.code == .invalidSettings)
    }

    @Test("is told of other providers by the bus")
    func otherProviders() async throws {
        let bus = EventBus(
            provider: QueueProvider(
                Set(InMemoryBroker.capabilities.abilities),
                keyExclusivity: .global,
                clock: self.manual.clock
            ),
            environment: self.manual.environment
        )
        let feed = try bus.activity()
        let handled = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self) { handled.record($0.number) }
        try await bus.publish(Step(number: 1))
        try await handled.expect(1)
        var kinds: [Activity.Kind] = []
        var iterator = feed.makeAsyncIterator()
        while kinds.count < 3, let activity = await iterator.next() { kinds.append(activity.kind) }
        #expect(Set(kinds) == [.emitted, .delivered, .acknowledged])
        try await bus.shutdown()
    }
}

@Suite("A line of activity")
struct ActivityLineTests {
    @Test("has names and values, and quotes what would break it up")
    func line() {
        var message = Message(topic: "a.b", key: "k 1\n", payload: ["secret": "payload"])
        message.id = "id-1"
        var activity = Activity(.retried, message, at: Timestamp(secondsSinceEpoch: 0, nanoseconds: 0))
        activity.attempt = 2
        activity.reason = "x=y"
        #expect(
            activity.description == """
                EVENT_RETRIED time=1970-01-01T00:00:00Z topic=a.b id=id-1 key="k 1\\n" attempt=2 reason="x=y"
                """
        )
    }

    @Test("escapes what cannot be seen, and what ends a line elsewhere")
    func unseen() {
        let message = Message(topic: "a.b", key: "k\u{2028}\u{2029}\u{85}\u{202E}", payload: 1)
        let line = Activity(.emitted, message, at: .epoch).description
        #expect(line.contains(#" key="k\u2028\u2029\u0085\u202e""#), "\(line)")
    }
}
