// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A wire tap", .timeLimit(.minutes(5)))
struct TapTests {
    let manual = ManualEnvironment(seed: 61)
    let bus: EventBus
    let seen = EventRecorder<Message>()

    init() {
        self.bus = self.manual.makeBus()
    }

    @discardableResult
    private func tap(_ pattern: TopicPattern = "#") throws -> Subscription {
        let seen = self.seen
        return try self.bus.tap(pattern) { seen.record($0) }
    }

    @Test("sees what is accepted, at once, and counts as nobody who listens")
    func seesAll() async throws {
        try await self.bus.subscribe(to: Step.self) { _ in }
        try self.tap()
        #expect(try await self.bus.publish(Step(number: 1)).matched == 1)
        #expect(self.seen.count == 1)
        #expect(try await self.bus.publish(StepDone(number: 1)).matched == 0)
        let publisher = try await self.bus.publisher(of: Step.self)
        try publisher.publishNow(Step(number: 2))

        #expect(self.seen.all.map(\.topic) == [Step.topic, StepDone.topic, Step.topic])
        #expect(self.seen.all.allSatisfy { $0.id != .unassigned && $0.acceptedAt != nil })
        await self.bus.settled()
        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.unrouted, metrics.subscriptions] == [3, 2, 1, 1])
        await expectError(.noResponder) { _ = try await self.bus.request(1, to: "ask", as: Int.self) }
    }

    @Test("ends by its handle, and the publishes after that take the shortest way again")
    func ends() async throws {
        try await self.bus.subscribe(to: Step.self) { _ in }
        let tap = try self.tap("job.*")
        try await self.bus.publish(Step(number: 1))
        await tap.cancel()
        await tap.cancel()
        try await self.bus.publish(Step(number: 2))

        #expect(self.seen.count == 1)
        #expect(try await self.bus.metrics().routed == 2)
    }

    @Test("does not see what is refused; what waits for room it sees once there is some")
    func seesAccepted() async throws {
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .suspend(atMost: .seconds(5)))
        let subscription = try await self.bus.subscribe(to: Step.self, with: settings) { _ in }
        try await subscription.pause()
        try self.tap()
        try await self.bus.publish(Step(number: 0))
        let refused = Task { [bus] in try await bus.publish(Step(number: 1)) }
        await self.bus.suspendedPublishers(1)
        self.manual.clock.advance(by: .seconds(5))
        await expectError(.overflow) { _ = try await refused.value }
        let accepted = Task { [bus] in try await bus.publish(Step(number: 2)) }
        await self.bus.suspendedPublishers(1)
        #expect(self.seen.count == 1)
        try await subscription.resume()

        let receipt = try await accepted.value
        #expect(self.seen.all.map(\.id).last == receipt.messageID)
        #expect(self.seen.count == 2)
    }

    @Test("sees a message once that some queues had no room for, and no duplicates")
    func seesOnce() async throws {
        let limits = InMemoryBroker.Limits(deduplication: DeduplicationWindow())
        let bus = EventBus(provider: InMemoryBroker(limits: limits))
        let seen = self.seen
        try bus.tap { seen.record($0) }
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .reject)
        let paused = try await bus.subscribe(to: Step.self, with: settings) { _ in }
        try await paused.pause()
        try await bus.subscribe(to: Step.self) { _ in }
        try await bus.publish(Step(number: 0))
        let id = MessageID.derived(from: .unassigned, "x")
        let error = await expectError(.partiallyAccepted) { try await bus.publish(Step(number: 1), id: id) }
        try await paused.resume()
        await bus.settled()
        try await (error?.details as? PartialAcceptance)?.resume()
        #expect(try await bus.publish(Step(number: 1), id: id).isDuplicate)

        #expect(seen.count == 2)
        #expect(seen.all.last?.id == id)
    }

    @Test("sees a scheduled message when it is due, and the system's topics where they are asked for")
    func seesLater() async throws {
        try self.tap()
        try self.tap("omnibus.dead.#")
        try await self.bus.subscribe(to: Step.self, with: HandlerSettings(failurePolicy: .noRetry)) { _ in
            throw Broken()
        }
        try await self.bus.publish(Step(number: 1), after: .seconds(1))
        #expect(self.seen.count == 0)
        self.manual.clock.advance(by: .seconds(1))
        #expect(self.seen.count == 1)
        await self.bus.settled()
        #expect(self.seen.all.map(\.topic.name) == ["job.step", "omnibus.dead.job.step"])
    }

    @Test("is for the in-memory broker, while the bus is open")
    func isLimited() async throws {
        await expectError(.unsupported) { try EventBus(provider: PoorProvider()).tap { _ in } }
        try await self.bus.shutdown()
        await expectError(.busClosed) { try self.tap() }
    }
}

@Suite("The signal that nobody listens", .timeLimit(.minutes(5)))
struct UnroutedSignalTests {
    @Test("is sent for each publish that nobody listened to, and for no other")
    func isSent() async throws {
        let bus = EventBus()
        let signals = EventRecorder<BusSignal>()
        let listener = bus.onSignal { if $0.kind == .unrouted { signals.record($0) } }
        try await bus.subscribe(to: Step.self) { _ in }
        try bus.tap { _ in }
        try await bus.publish(Step(number: 1))
        let receipt = try await bus.publish(StepDone(number: 1))
        try bus.publishNow(1, to: "nobody")

        #expect(signals.all.map(\.topic) == [StepDone.topic, "nobody"])
        #expect(signals.all.first?.messageID == receipt.messageID)
        #expect(signals.all.allSatisfy { $0.message.contains("nobody listens") })
        listener.cancel()
        try await bus.publish(StepDone(number: 2))
        #expect(signals.count == 2)
    }

    @Test("is sent for what was scheduled when it is due, and not for the system's own topics")
    func isSentWhenDue() async throws {
        let manual = ManualEnvironment(seed: 62)
        let bus = manual.makeBus(settings: BusSettings(failurePolicy: .noRetry))
        let signals = EventRecorder<Topic?>()
        bus.onSignal { if $0.kind == .unrouted { signals.record($0.topic) } }
        try await bus.subscribe(to: Step.self) { _ in throw Broken() }
        try await bus.publish(Step(number: 1))
        await bus.settled()
        try await bus.publish(StepDone(number: 1), after: .seconds(1))
        #expect(signals.all == [])
        manual.clock.advance(by: .seconds(1))
        #expect(signals.all == [StepDone.topic])
    }
}
