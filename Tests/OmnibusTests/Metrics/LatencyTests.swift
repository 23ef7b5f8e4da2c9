// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Measured latency", .timeLimit(.minutes(5)))
struct LatencyTests {
    private let manual = ManualEnvironment(seed: 13)
    private var clock: ManualClock { self.manual.clock }

    private func makeBus(seriesLimit: Int = 100) -> EventBus {
        self.manual.makeBus(
            settings: BusSettings(metrics: MetricsSettings(measuresLatency: true, seriesLimit: seriesLimit))
        )
    }

    @Test(
        "is from acceptance to the handler's end, and for the handler alone",
        arguments: ["event", "delivery", "message"]
    )
    func measuresHandlers(kind: String) async throws {
        let bus = self.makeBus()
        let clock = self.clock
        let subscription: Subscription
        switch kind {
        case "event": subscription = try await bus.subscribe(to: Step.self) { _ in clock.advance(by: .seconds(2)) }
        case "delivery":
            subscription = try await bus.subscribe(to: Step.self) { _, _ in clock.advance(by: .seconds(2)) }
        default: subscription = try await bus.subscribe(to: "job.*") { _ in clock.advance(by: .seconds(2)) }
        }
        try await subscription.pause()
        try await bus.publish(Step(number: 1))
        clock.advance(by: .milliseconds(500))
        try await subscription.resume()
        await bus.settled()
        try await bus.measured(1)

        let snapshot = try await bus.metrics.snapshot()

        let latency = try #require(snapshot.latency)
        #expect(latency.delivery.count == 1)
        #expect(latency.delivery.longest == .milliseconds(2_500))
        #expect(latency.handling.count == 1)
        #expect(latency.handling.longest == .seconds(2))
        #expect(snapshot.topics.map(\.latency) == [latency])
        #expect(snapshot.subscriptions.map(\.latency) == [latency])
        #expect(snapshot.events.averageDeliveryTime == 2.5)
        try await bus.shutdown()
    }

    @Test(
        "of attempts that fail is their handler's; that of the delivery is of all attempts",
        arguments: [false, true]
    )
    func measuresRetries(takesDelivery: Bool) async throws {
        let bus = self.makeBus()
        let clock = self.clock
        let recorder = EventRecorder<Int>()
        let settings = HandlerSettings(failurePolicy: .threeTimes)
        @Sendable func handle(_ step: Step) async throws {
            clock.advance(by: .seconds(1))
            recorder.record(step.number)
            if recorder.all.count < 3 { throw Broken() }
        }
        if takesDelivery {
            try await bus.subscribe(to: Step.self, with: settings) { step, _ in try await handle(step) }
        } else {
            try await bus.subscribe(to: Step.self, with: settings) { step in try await handle(step) }
        }
        try await bus.publish(Step(number: 1))
        for _ in 0..<2 {
            await bus.settled()
            clock.advance(by: .seconds(1))
        }
        await bus.settled()
        try await bus.measured(1)

        let latency = try #require(try await bus.metrics.snapshot().latency)

        #expect(latency.handling.count == 3)
        #expect(latency.handling.sum == .seconds(3))
        #expect(latency.delivery.count == 1)
        #expect(latency.delivery.longest == .seconds(5))
        try await bus.shutdown()
    }

    @Test("of a sequence and of manual acknowledgement ends when it is acknowledged")
    func measuresSequences() async throws {
        let bus = self.makeBus()
        let deliveries = try await bus.deliveries(of: "job.step", with: HandlerSettings(acknowledging: .manual))
        try await bus.publish(Step(number: 1))
        try await bus.publish(Step(number: 2))
        var iterator = deliveries.makeAsyncIterator()
        let first = try #require(try await iterator.next())
        self.clock.advance(by: .seconds(3))
        try await first.ack()
        let second = try #require(try await iterator.next())
        try await second.reject(reason: "no")
        await #expect(throws: OmnibusError.self) { try await first.ack() }

        let latency = try #require(try await bus.metrics.snapshot().latency)

        #expect(latency.delivery.count == 1)
        #expect(latency.delivery.longest == .seconds(3))
        #expect(latency.handling.count == 0)
        await deliveries.cancel()
        try await bus.shutdown()
    }

    @Test("adds up beyond the limit, and when subscriptions have ended")
    func addsUp() async throws {
        let bus = self.makeBus(seriesLimit: 2)
        for number in 0..<5 {
            let subscription = try await bus.subscribe(to: "t.*") { _ in }
            for _ in 0...number { try await bus.publish(number, to: Topic(validating: "t.\(number)")) }
            await bus.settled()
            if number != 1 { await subscription.cancel() }
        }
        await bus.settled()
        try await bus.measured(27)

        let snapshot = try await bus.metrics.snapshot()

        let latency = try #require(snapshot.latency)
        #expect(latency.delivery.count == snapshot.bus.queues.acknowledged)
        #expect(latency.delivery.count == 27)
        let bySubscription = snapshot.subscriptions.reduce(into: LatencyMetrics()) {
            $0 += $1.latency ?? LatencyMetrics()
        }
        let byTopic = snapshot.topics.reduce(into: LatencyMetrics()) { $0 += $1.latency ?? LatencyMetrics() }
        #expect(bySubscription == latency)
        #expect(byTopic == latency)
        #expect(snapshot.subscriptions.last?.queue == nil)
        #expect(snapshot.topics.count == 3)
        try await bus.shutdown()
    }

    @Test("is measured over other providers, where the bus has no queue to count")
    func measuresOtherProviders() async throws {
        let settings = BusSettings(metrics: MetricsSettings(measuresLatency: true))
        let bus = EventBus(provider: PoorProvider(), environment: self.manual.environment, settings: settings)
        let begun = EventRecorder<Step>()
        try await bus.subscribe(to: Step.self) { step in begun.record(step) }
        try await bus.publish(Step(number: 1))
        // In flight from here on, until it is acknowledged.
        _ = try await begun.next()
        await bus.settled()
        try await bus.measured(1)

        let snapshot = try await bus.metrics.snapshot()

        #expect(snapshot.latency?.delivery.count == 1)
        #expect(snapshot.bus.published == 1)
        #expect(snapshot.topics.map(\.metrics.published) == [1])
        #expect(snapshot.subscriptions.reduce(0) { $0 + $1.metrics.acknowledged } == snapshot.bus.queues.acknowledged)
        try await bus.shutdown()
    }

    @Test("counts a message that was accepted in the future, after the clock was set back, as taking no time")
    func survivesClockJumps() async throws {
        let bus = self.makeBus()
        let subscription = try await bus.subscribe(to: Step.self) { _ in }
        try await subscription.pause()
        try await bus.publish(Step(number: 1))
        self.clock.jump(by: .seconds(-3_600))
        #expect((try await bus.metrics.snapshot()).lag == MessageLag(messages: 1, age: .zero))
        try await subscription.resume()
        await bus.settled()

        #expect(try await bus.metrics.snapshot().latency?.delivery.longest == .zero)
        try await bus.shutdown()
    }
}

extension EventBus {
    /// Waits until the latency of so many deliveries is known, which is just after they are settled.
    fileprivate func measured(_ count: Int) async throws {
        while try await self.metrics.snapshot().latency?.delivery.count ?? 0 < count, !Task.isCancelled {
            await Task.yield()
        }
    }
}
