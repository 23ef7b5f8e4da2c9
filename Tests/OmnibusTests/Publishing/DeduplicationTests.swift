// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A message that is published again", .timeLimit(.minutes(5)))
struct DeduplicationTests {
    let manual = ManualEnvironment(seed: 51)
    let bus: EventBus
    let seen = EventRecorder<Int>()
    let id: MessageID = .derived(from: .unassigned, "test")

    init() {
        let limits = InMemoryBroker.Limits(deduplication: DeduplicationWindow(time: .seconds(60), count: 100))
        let broker = InMemoryBroker(environment: self.manual.environment, limits: limits)
        self.bus = EventBus(provider: broker, environment: self.manual.environment)
    }

    @discardableResult
    private func subscribe(_ settings: HandlerSettings = HandlerSettings()) async throws -> Subscription {
        let seen = self.seen
        return try await self.bus.subscribe(to: Step.self, with: settings) { seen.record($0.number) }
    }

    /// A queue that is full, whose subscription is paused.
    private func fullQueue(_ overflow: OverflowPolicy = .suspend()) async throws -> Subscription {
        let subscription = try await self.subscribe(
            HandlerSettings(bounds: QueueBounds(count: 1), overflow: overflow)
        )
        try await subscription.pause()
        try await self.bus.publish(Step(number: 0))
        return subscription
    }

    private func publish(_ number: Int) -> Task<PublishReceipt, any Error> {
        Task { [bus, id] in try await bus.publish(Step(number: number), id: id) }
    }

    /// The calls of the broker: all, routed, duplicate, refused, cancelled.
    private var calls: [Int] {
        get async throws {
            let metrics = try await self.bus.metrics()
            return [metrics.published, metrics.routed, metrics.duplicate, metrics.refused, metrics.cancelled]
        }
    }

    @Test("is a duplicate within the window: nobody gets it, and the receipt is the first one's")
    func isDuplicate() async throws {
        try await self.subscribe()
        let first = try await self.bus.publish(Step(number: 1), id: self.id)
        let second = try await self.bus.publish(Step(number: 2), id: self.id)
        await self.bus.settled()

        #expect(!first.isDuplicate)
        #expect(second.isDuplicate)
        #expect([first.messageID, second.messageID] == [self.id, self.id])
        #expect(second.matched == 1)
        #expect(self.seen.all == [1])
        #expect(try await self.calls == [2, 1, 1, 0, 0])
    }

    @Test("is a new one after the window's time, on another topic, or from another source")
    func isNew() async throws {
        let messages = try await self.bus.recorder(of: "#")
        try await self.bus.publish(Step(number: 1), id: self.id)
        try await self.bus.publish(StepDone(number: 1), id: self.id)
        var other = Message(topic: Step.topic, payload: ["number": 2])
        other.id = self.id
        other.source = "elsewhere"
        try await self.bus.publish(other)
        self.manual.clock.advance(by: .seconds(60))
        #expect(try await !self.bus.publish(Step(number: 3), id: self.id).isDuplicate)
        await self.bus.settled()

        #expect(messages.count == 4)
        #expect(try await self.bus.metrics().duplicate == 0)
    }

    @Test("is recognised by its id alone: events that bring none are never duplicates")
    func needsID() async throws {
        try await self.subscribe()
        for _ in 0..<3 { try await self.bus.publish(Step(number: 1)) }
        await self.bus.settled()

        #expect(self.seen.all == [1, 1, 1])
    }

    @Test("keeps the first one's position")
    func keepsPosition() async throws {
        let configuration = TopicConfiguration(partitions: 1, deduplication: DeduplicationWindow(time: .seconds(5)))
        _ = try await self.bus.provider.createTopic(Step.topic, configuration)
        try await self.bus.publish(Step(number: 0))
        let first = try await self.bus.publish(Step(number: 1), id: self.id)
        try await self.bus.publish(Step(number: 2))

        #expect(first.position?.offset == 1)
        #expect(try await self.bus.publish(Step(number: 3), id: self.id).position == first.position)
        // The topic's own window is shorter than the broker's.
        self.manual.clock.advance(by: .seconds(5))
        #expect(try await self.bus.publish(Step(number: 4), id: self.id).position?.offset == 3)
    }

    @Test("is remembered when the window of its topic changes")
    func survivesUpdate() async throws {
        func configuration(_ seconds: Int) -> TopicConfiguration {
            TopicConfiguration(deduplication: DeduplicationWindow(time: .seconds(seconds)))
        }
        _ = try await self.bus.provider.createTopic(Step.topic, configuration(5))
        try await self.bus.publish(Step(number: 1), id: self.id)
        try await self.bus.provider.updateTopic(Step.topic, configuration(50))
        self.manual.clock.advance(by: .seconds(20))

        #expect(try await self.bus.publish(Step(number: 2), id: self.id).isDuplicate)
    }

    @Test("waits for what becomes of the first, and is its duplicate when that was accepted")
    func awaitsAcceptance() async throws {
        let subscription = try await self.fullQueue()
        let first = self.publish(1)
        await self.bus.suspendedPublishers(1)
        let second = self.publish(2)
        try await subscription.resume()

        #expect(try await !first.value.isDuplicate)
        #expect(try await second.value.isDuplicate)
        await self.bus.settled()
        #expect(self.seen.all == [0, 1])
        #expect(try await self.calls == [3, 2, 1, 0, 0])
    }

    @Test("takes its turn when the first was refused, or cancelled", arguments: [true, false])
    func takesTurn(isCancelled: Bool) async throws {
        let subscription = try await self.fullQueue(.suspend(atMost: .seconds(5)))
        let first = self.publish(1)
        await self.bus.suspendedPublishers(1)
        let second = self.publish(2)
        if isCancelled {
            first.cancel()
            await expectError(.cancelled) { _ = try await first.value }
        } else {
            self.manual.clock.advance(by: .seconds(5))
            await expectError(.overflow) { _ = try await first.value }
        }
        try await subscription.resume()

        #expect(try await !second.value.isDuplicate)
        await self.bus.settled()
        #expect(self.seen.all == [0, 2])
        #expect(try await self.calls == (isCancelled ? [3, 2, 0, 0, 1] : [3, 2, 0, 1, 0]))
    }

    @Test("can be cancelled while it waits for the first")
    func cancelsWaiting() async throws {
        let subscription = try await self.fullQueue()
        let first = self.publish(1)
        await self.bus.suspendedPublishers(1)
        let second = self.publish(2)
        second.cancel()
        await expectError(.cancelled) { _ = try await second.value }
        try await subscription.resume()
        _ = try await first.value

        await self.bus.settled()
        #expect(self.seen.all == [0, 1])
        #expect(try await self.calls == [3, 2, 0, 0, 1])
    }

    @Test("is refused where waiting is not possible, and goes through once the id is free")
    func neverBlocks() async throws {
        let subscription = try await self.fullQueue()
        let first = self.publish(1)
        await self.bus.suspendedPublishers(1)
        var message = Message(topic: Step.topic, payload: ["number": 2])
        message.id = self.id
        let second = message
        await expectError(.overflow) { try self.bus.publishNow(second) }
        let bus = self.bus
        let id = self.id
        let failed = EventRecorder<OmnibusError.Code?>()
        try await bus.subscribe(to: "start") { _ in
            do {
                try await bus.publish(Step(number: 3), id: id)
            } catch {
                failed.record((error as? OmnibusError)?.code)
            }
        }
        try await bus.publish(1, to: "start")
        #expect(try await failed.next() == .overflow)

        first.cancel()
        await expectError(.cancelled) { _ = try await first.value }
        // publishNow gave its reservation up as well.
        await expectError(.overflow) { try bus.publishNow(second) }
        try await subscription.resume()
        await bus.settled()
        try bus.publishNow(second)
        await bus.settled()
        #expect(self.seen.all == [0, 2])
    }

    @Test("completes a publish that some queues had no room for")
    func completes() async throws {
        let other = try await self.bus.recorder(of: Step.self)
        let subscription = try await self.fullQueue(.reject)
        await expectError(.partiallyAccepted) { try await self.bus.publish(Step(number: 1), id: self.id) }
        await expectError(.partiallyAccepted) { try await self.bus.publish(Step(number: 1), id: self.id) }
        try await subscription.resume()
        await self.bus.settled()
        let receipt = try await self.bus.publish(Step(number: 1), id: self.id)

        #expect(receipt.isDuplicate)
        #expect(receipt.matched == 2)
        #expect(try await self.bus.publish(Step(number: 1), id: self.id).matched == 2)
        await self.bus.settled()
        #expect(self.seen.all == [0, 1])
        #expect(other.all.map(\.number) == [0, 1])
        #expect(try await self.calls == [5, 2, 3, 0, 0])
    }

    @Test("is published once where a handler publishes at every attempt")
    func helpsHandlers() async throws {
        let bus = self.bus
        let done = try await bus.recorder(of: StepDone.self)
        try await bus.subscribe(to: Step.self, with: HandlerSettings(failurePolicy: .threeTimes)) { step, delivery in
            try await bus.publish(StepDone(number: step.number), id: .derived(from: delivery, "done"))
            throw Broken()
        }
        try await bus.publish(Step(number: 1))
        for _ in 0..<3 {
            await bus.settled()
            self.manual.clock.advance(by: .seconds(1))
        }

        #expect(done.all == [StepDone(number: 1)])
        #expect(try await bus.metrics().duplicate == 2)
    }

    @Test("passes the window freely when it is redriven to its topic")
    func redrives() async throws {
        let isBroken = Switch()
        let seen = self.seen
        try await self.bus.subscribe(to: Step.self, with: HandlerSettings(failurePolicy: .noRetry)) { step in
            if isBroken.isOn { throw Broken() }
            seen.record(step.number)
        }
        try await self.bus.publish(Step(number: 1), id: self.id)
        await self.bus.settled()
        #expect(try await self.bus.deadLetters.redriveAll(to: .topic) == 1)
        await self.bus.settled()
        isBroken.turn(on: false)
        #expect(try await self.bus.deadLetters.redriveAll(to: .topic) == 1)
        await self.bus.settled()

        #expect(seen.all == [1])
        #expect(try await self.bus.metrics().duplicate == 0)
    }

    @Test("is recognised when the first is scheduled, until that is cancelled")
    func schedules() async throws {
        try await self.subscribe()
        var message = Message(topic: Step.topic, payload: ["number": 1])
        message.id = self.id
        let scheduled = try await self.bus.publish(message, after: .seconds(10))
        let again = try await self.bus.publish(message, after: .seconds(5))
        #expect(again.isDuplicate)
        #expect(try await !again.cancel())
        #expect(try await self.bus.publish(message).isDuplicate)

        #expect(try await scheduled.cancel())
        let other = try await self.bus.publish(message, after: .seconds(10))
        #expect(!other.isDuplicate)
        // Due, it does not pass the window again.
        self.manual.clock.advance(by: .seconds(10))
        await self.bus.settled()
        #expect(self.seen.all == [1])
        #expect(try await self.calls == [4, 1, 2, 0, 1])
    }

    @Test("is not noticed where no window is set")
    func isOptional() async throws {
        let bus = self.manual.makeBus()
        let seen = try await bus.recorder(of: Step.self)
        for number in 1...2 { try await bus.publish(Step(number: number), id: self.id) }
        await bus.settled()

        #expect(seen.count == 2)
    }
}
