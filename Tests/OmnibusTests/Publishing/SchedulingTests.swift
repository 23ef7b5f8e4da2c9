// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A message that is scheduled", .timeLimit(.minutes(5)))
struct SchedulingTests {
    let manual = ManualEnvironment(seed: 41)
    let bus: EventBus
    let seen = EventRecorder<Int>()

    init() {
        self.bus = self.manual.makeBus()
    }

    private func subscribe() async throws {
        let seen = self.seen
        try await self.bus.subscribe(to: Step.self) { seen.record($0.number) }
    }

    private func advance(by duration: Duration) async {
        self.manual.clock.advance(by: duration)
        await self.bus.settled()
    }

    @Test("is delivered when its time has come, and not before")
    func waits() async throws {
        try await self.subscribe()
        let scheduled = try await self.bus.publish(Step(number: 1), after: .seconds(10))
        #expect(scheduled.topic == Step.topic)
        #expect(scheduled.due == self.manual.clock.now.advanced(by: .seconds(10)))

        await self.advance(by: .milliseconds(9_999))
        #expect(self.seen.all == [])
        await self.advance(by: .milliseconds(1))
        #expect(self.seen.all == [1])
        #expect(try await !scheduled.cancel())
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("is delivered by its time; of one time, in the order of scheduling")
    func keepsOrder() async throws {
        try await self.subscribe()
        let start = self.manual.clock.now
        try await self.bus.publish(Step(number: 4), at: start.advanced(by: .seconds(3)))
        try await self.bus.publish(Step(number: 1), after: .seconds(1))
        try await self.bus.publish(Step(number: 2), at: start.advanced(by: .seconds(1)))
        try await self.bus.publish(Step(number: 3), to: Step.topic, after: .seconds(1))
        #expect(self.manual.clock.pendingTimers == 1)

        await self.advance(by: .seconds(1))
        #expect(self.seen.all == [1, 2, 3])
        #expect(self.manual.clock.pendingTimers == 1)
        await self.advance(by: .seconds(2))
        #expect(self.seen.all == [1, 2, 3, 4])
    }

    @Test("is published at once when its time has passed")
    func isDueAtOnce() async throws {
        try await self.subscribe()
        let now = try await self.bus.publish(Step(number: 1), after: .zero)
        let past = try await self.bus.publish(Step(number: 2), at: self.manual.clock.now.advanced(by: .seconds(-9)))
        await self.bus.settled()

        #expect(self.seen.all == [1, 2])
        #expect(past.due == self.manual.clock.now)
        #expect(try await !now.cancel())
        #expect(try await self.bus.metrics().routed == 2)
    }

    @Test("can be cancelled until then, once, and leaves no timer behind")
    func cancels() async throws {
        try await self.subscribe()
        let first = try await self.bus.publish(Step(number: 1), after: .seconds(1))
        let second = try await self.bus.publish(Step(number: 2), after: .seconds(2))
        #expect(try await first.cancel())
        #expect(try await !first.cancel())
        await self.advance(by: .seconds(1))
        #expect(try await second.cancel())
        #expect(self.manual.clock.pendingTimers == 0)
        await self.advance(by: .seconds(10))

        #expect(self.seen.all == [])
        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.cancelled, metrics.scheduled] == [2, 2, 0])
    }

    @Test("is refused for a time that makes no sense, and counts nothing")
    func refusesTimes() async throws {
        await expectError(.invalidSettings) { try await self.bus.publish(Step(number: 1), after: .seconds(-1)) }
        await expectError(.invalidSettings) {
            try await self.bus.publish(Step(number: 1), after: .seconds(3_651 * 86_400))
        }
        await expectError(.invalidSettings) { try await self.bus.publish(Step(number: 1), at: .latest) }
        #expect(try await self.bus.metrics().published == 0)
    }

    @Test("is refused where it could not be published either")
    func refusesMessages() async throws {
        await expectError(.invalidTopic) {
            try await self.bus.publish(Message(topic: "omnibus.x", payload: 1), after: .seconds(1))
        }
        var invalid = Message(topic: "a", payload: 1)
        invalid.timeToLive = .seconds(-1)
        let message = invalid
        await expectError(.invalidMessage) { try await self.bus.publish(message, after: .seconds(1)) }
        let large = Message(topic: "a", bytes: Array(repeating: 0, count: 1_024 * 1_024 + 1))
        await expectError(.tooLarge) { try await self.bus.publish(large, at: .epoch) }
        await expectError(.tooLarge) { try await self.bus.publish(large, after: .seconds(1)) }
        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.refused, metrics.scheduled] == [2, 2, 0])
    }

    @Test("is refused by a full store, whose name and limits the error gives")
    func isBounded() async throws {
        let limits = InMemoryBroker.Limits(scheduledMessages: 2)
        let broker = InMemoryBroker(environment: self.manual.environment, limits: limits)
        let bus = EventBus(provider: broker, environment: self.manual.environment)
        let first = try await bus.publish(Step(number: 1), after: .seconds(1))
        try await bus.publish(Step(number: 2), after: .seconds(1))

        let error = await expectError(.overflow) { try await bus.publish(Step(number: 3), after: .seconds(1)) }
        #expect(error?.message.contains("scheduledMessages") == true)
        try await first.cancel()
        try await bus.publish(Step(number: 4), after: .seconds(1))
        let metrics = try await bus.metrics()
        #expect([metrics.published, metrics.refused, metrics.cancelled, metrics.scheduled] == [4, 1, 1, 2])
    }

    @Test("goes to those who listen when it is due, in their positions then, and lives from then on")
    func beginsWhenDue() async throws {
        _ = try await self.bus.provider.createTopic("a", TopicConfiguration(partitions: 1))
        var message = Message(topic: "a", payload: 1)
        message.timeToLive = .seconds(5)
        let id = try await self.bus.publish(message, after: .seconds(60)).id
        self.manual.clock.advance(by: .seconds(30))
        let seen = EventRecorder<Delivery>()
        try await self.bus.subscribe(to: "a") { seen.record($0) }
        try await self.bus.publish(Message(topic: "a", payload: 0))
        await self.advance(by: .seconds(30))

        let delivery = try #require(seen.all.last)
        #expect(delivery.message.id == id)
        #expect(seen.all.map(\.position?.offset) == [0, 1])
        #expect(delivery.message.acceptedAt == self.manual.clock.now)
        #expect(delivery.message.expiresAt == self.manual.clock.now.advanced(by: .seconds(5)))
    }

    @Test("is taken by a queue that is full, because it was accepted before")
    func exceedsBounds() async throws {
        let seen = self.seen
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .reject)
        let subscription = try await self.bus.subscribe(to: Step.self, with: settings) { seen.record($0.number) }
        try await subscription.pause()
        for number in 1...3 { try await self.bus.publish(Step(number: number), after: .seconds(1)) }
        try await self.bus.publish(Step(number: 0))
        await self.advance(by: .seconds(1))
        await expectError(.overflow) { try await self.bus.publish(Step(number: 4)) }

        try await subscription.resume()
        await self.bus.settled()
        #expect(seen.all == [0, 1, 2, 3])
    }

    @Test("names the message as its cause whose handler has scheduled it")
    func carriesCause() async throws {
        let bus = self.bus
        let causes = EventRecorder<MessageID?>()
        try await bus.subscribe(to: StepDone.self) { _, delivery in causes.record(delivery.message.causationID) }
        try await bus.subscribe(to: Step.self) { step in
            try await bus.publish(StepDone(number: step.number), after: .seconds(5))
        }
        let id = try await bus.publish(Step(number: 1)).messageID
        await bus.settled()
        await self.advance(by: .seconds(5))

        #expect(causes.all == [id])
    }

    @Test("is listed by pattern, the earliest first, and can be cancelled there")
    func isListed() async throws {
        try await self.bus.publish(Step(number: 1), after: .seconds(3))
        let publisher = try await self.bus.publisher(of: Step.self)
        let early = try await publisher.publish(Step(number: 2), at: self.manual.clock.now.advanced(by: .seconds(1)))
        try await self.bus.publish(1, to: "other", at: self.manual.clock.now.advanced(by: .seconds(2)))
        try await publisher.publish(Step(number: 3), after: .seconds(4))

        #expect(try await self.bus.scheduled().count == 4)
        let steps = try await self.bus.scheduled(of: "job.*")
        #expect(steps.map(\.due) == [1, 3, 4].map { self.manual.clock.now.advanced(by: .seconds($0)) })
        #expect(steps.first?.id == early.id)
        #expect(try await steps.first?.cancel() == true)
        #expect(try await !early.cancel())
        #expect(try await self.bus.scheduled(of: "job.#").count == 2)
        await self.advance(by: .seconds(5))
        #expect(try await self.bus.scheduled().isEmpty)
    }

    @Test("passes the middleware once, when it is scheduled")
    func passesMiddleware() async throws {
        let passed = EventRecorder<Topic>()
        let tag = PublishMiddleware.changing("tag") { message in
            passed.record(message.topic)
            message.key = "tagged"
        }
        let keep = PublishMiddleware.around("keep") { message, next in
            if message.topic == "kept" { return PublishReceipt(messageID: .unassigned, matched: 0) }
            return try await next(message)
        }
        let bus = self.manual.makeBus(settings: BusSettings(publishMiddleware: [tag, keep]))
        let seen = try await bus.recorder(of: "#")
        try await bus.publish(Step(number: 1), after: .seconds(1))
        let kept = try await bus.publish(1, to: "kept", after: .seconds(1))
        #expect(passed.count == 2)
        self.manual.clock.advance(by: .seconds(1))
        await bus.settled()

        #expect(seen.all.map(\.key) == ["tagged"])
        #expect(passed.count == 2)
        #expect(try await !kept.cancel())
    }

    @Test("counts as scheduled until it is due, and as what became of it from then on")
    func isCounted() async throws {
        try await self.bus.publish(StepDone(number: 1), after: .seconds(1))
        try await self.bus.publish(Step(number: 1), after: .seconds(1))
        try await self.bus.publish(1, to: "deleted", after: .seconds(1))
        try await self.subscribe()
        try await self.bus.publish(1, to: "deleted")
        #expect(try await self.bus.provider.deleteTopic("deleted"))
        var metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.scheduled, metrics.routed, metrics.unrouted] == [4, 3, 0, 1])

        await self.advance(by: .seconds(1))
        metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.scheduled, metrics.routed, metrics.unrouted] == [4, 0, 1, 2])
        #expect(metrics.refused == 1)
    }

    @Test("may be scheduled while others are delivered, and time may pass meanwhile")
    func isReentrant() async throws {
        let (bus, clock) = (self.bus, self.manual.clock)
        let seen = self.seen
        try bus.tap("first") { _ in
            // Due before the delivery of this very message has ended.
            clock.advance(by: .seconds(5))
        }
        try bus.tap("job.step") { _ in seen.record(clock.uptime().components.seconds == 6 ? 1 : 0) }
        try await bus.publish(0, to: "first", after: .seconds(1))
        try await bus.publish(Step(number: 1), after: .seconds(2))
        try await bus.publish(Step(number: 2), after: .seconds(9))
        clock.advance(by: .seconds(1))
        #expect(seen.all == [1])
        #expect(clock.pendingTimers == 1)

        clock.advance(by: .seconds(3))
        #expect(seen.count == 2)
        #expect(clock.pendingTimers == 0)
    }

    @Test("goes with a bus that nobody has any more")
    func endsWithBus() async throws {
        let manual = ManualEnvironment(seed: 42)
        var scheduled: ScheduledMessage?
        do {
            let bus = manual.makeBus()
            scheduled = try await bus.publish(Step(number: 1), after: .seconds(1))
            #expect(manual.clock.pendingTimers == 1)
        }

        #expect(manual.clock.pendingTimers == 0)
        #expect(try await scheduled?.cancel() == false)
    }

    @Test("is waited for by a shutdown when it is due in time, and given up otherwise")
    func isShutDown() async throws {
        try await self.subscribe()
        try await self.bus.publish(Step(number: 1), after: .seconds(2))
        try await self.bus.publish(Step(number: 2), after: .seconds(20))
        try await self.bus.publish(Step(number: 3), after: .seconds(30))
        let shutdown = Task { [bus] in try await bus.shutdown(deadline: .seconds(5)) }
        // The store's timer, the deadline, and the wait for the next thing that is due.
        try await self.manual.clock.timers(atLeast: 3)
        self.manual.clock.advance(by: .seconds(2))

        let report = try await shutdown.value
        #expect(self.seen.all == [1])
        #expect(report.scheduled == 2)
        #expect(report.drained == 1)
        #expect(!report.wasCancelled)
        #expect(self.manual.clock.pendingTimers == 0)
        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.cancelled, metrics.scheduled] == [3, 1, 2, 0])
        await expectError(.busClosed) { try await self.bus.publish(Step(number: 4), after: .seconds(1)) }
    }

    @Test("of another bus is left alone by a shutdown, and ends with the broker")
    func endsWithBroker() async throws {
        let broker = InMemoryBroker(environment: self.manual.environment)
        let first = EventBus(provider: broker, environment: self.manual.environment)
        let second = EventBus(provider: broker, environment: self.manual.environment)
        try await first.publish(Step(number: 1), after: .seconds(1))
        let other = try await second.publish(Step(number: 2), after: .seconds(1))

        #expect(try await first.shutdown(deadline: .milliseconds(999)).scheduled == 1)
        #expect(try await second.scheduled().map(\.id) == [other.id])
        try await broker.disconnect()
        #expect(try await !other.cancel())
        #expect(self.manual.clock.pendingTimers == 0)
        await expectError(.busClosed) { try await second.publish(Step(number: 3), after: .seconds(1)) }
    }

    @Test("is beyond a provider that cannot schedule, which says so")
    func needsCapability() async throws {
        let bus = EventBus(provider: PoorProvider())

        let error = await expectError(.unsupported) { try await bus.publish(Step(number: 1), after: .seconds(1)) }
        #expect(error?.details as? String == Capability.scheduling.rawValue)
        await expectError(.unsupported) { _ = try await bus.scheduled() }
        #expect(InMemoryBroker.capabilities.has(.scheduling))
    }
}
