// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A subscription", .timeLimit(.minutes(5)))
struct SubscriptionTests {
    let bus = EventBus()

    @Test("sees every publish that starts after subscribing has returned")
    func seesEverything() async throws {
        for number in 0..<100 {
            let bus = EventBus()
            let steps = try await bus.recorder(of: Step.self)
            try await bus.publish(Step(number: number))
            #expect(try await steps.next() == Step(number: number))
        }
    }

    @Test("lives on when its handle is dropped")
    func outlivesHandle() async throws {
        let seen = EventRecorder<Step>()
        do {
            let handle = try await self.bus.subscribe(to: Step.self) { seen.record($0) }
            #expect(handle.group == nil)
        }

        try await self.bus.publish(Step(number: 1))
        #expect(try await seen.next() == Step(number: 1))
    }

    @Test("starts no handler after cancel has returned")
    func startsNothingAfterCancel() async throws {
        let gate = Gate()
        let started = EventRecorder<Int>()
        let subscription = try await self.bus.subscribe(to: Step.self) { step in
            started.record(step.number)
            try await gate.pass()
        }

        for number in 0..<10 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        await subscription.cancel()
        gate.open()
        #expect(try await self.bus.publish(Step(number: 10)).matched == 0)
        try await self.bus.shutdown()
        #expect(started.all == [0])
        #expect(try await self.bus.metrics().queues.abandoned == 9)
    }

    @Test("can be cancelled again, and by its own handler")
    func cancelsItself() async throws {
        let ended = EventRecorder<Int>()
        try await self.bus.subscribe(to: Step.self) { step, delivery in
            await delivery.subscription.cancel()
            await delivery.subscription.cancel()
            ended.record(step.number)
        }

        for number in 0..<5 { try await self.bus.publish(Step(number: number)) }
        #expect(try await ended.next() == 0)
        try await self.bus.shutdown()
        #expect(ended.all == [0])
    }

    @Test("is unsubscribed once; the second time is an error")
    func unsubscribesOnce() async throws {
        let subscription = try await self.bus.subscribe(to: Step.self) { _ in }

        try await self.bus.unsubscribe(subscription.id)
        await expectError(.unknownSubscription) { try await self.bus.unsubscribe(subscription.id) }
        await expectError(.unknownSubscription) { try await subscription.pause() }
        await expectError(.unknownSubscription) { try await subscription.resume() }
        await subscription.cancel()
    }

    @Test("keeps what arrives while it is paused, and goes on with it in order")
    func pauses() async throws {
        let seen = EventRecorder<Int>()
        let subscription = try await self.bus.subscribe(to: Step.self) { seen.record($0.number) }

        try await subscription.pause()
        for number in 0..<100 { try await self.bus.publish(Step(number: number)) }
        await self.bus.settled()
        #expect(seen.count == 0)
        let info = try await self.bus.provider.info(of: subscription.id)
        #expect(info?.isPaused == true)
        #expect(info?.waiting == 100)
        try await subscription.resume()
        #expect(try await seen.expect(100) == Array(0..<100))
        #expect(try await self.bus.provider.info(of: subscription.id)?.isPaused == false)
    }

    @Test("starts no handler after pausing has returned, also for what a worker has taken", arguments: [false, true])
    func pausesWhatIsTaken(withDelivery: Bool) async throws {
        let gate = Gate()
        let seen = EventRecorder<Int>()
        @Sendable func handle(_ step: Step) async throws {
            try await gate.pass()
            seen.record(step.number)
        }
        let subscription =
            if withDelivery {
                try await self.bus.subscribe(to: Step.self) { step, _ in try await handle(step) }
            } else {
                try await self.bus.subscribe(to: Step.self) { step in try await handle(step) }
            }
        for number in 0..<100 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)

        try await subscription.pause()
        gate.open()
        #expect(try await seen.next() == 0)
        while try await self.bus.metrics().queues.inFlight > 0 { await Task.yield() }
        #expect(seen.count == 1)
        try await subscription.resume()
        #expect(try await seen.expect(100) == Array(0..<100))
    }

    @Test("leaves the messages to the other members while it is paused")
    func pausesOneMember() async throws {
        let paused = EventRecorder<Int>()
        let other = EventRecorder<Int>()
        let subscription = try await self.bus.subscribe(to: Step.self, group: "g") { paused.record($0.number) }
        try await self.bus.subscribe(to: Step.self, group: "g") { other.record($0.number) }

        try await subscription.pause()
        for number in 0..<50 { try await self.bus.publish(Step(number: number)) }
        #expect(try await other.expect(50) == Array(0..<50))
        #expect(paused.count == 0)
    }

    @Test("can be a value with a handler's type")
    func takesHandlerValues() async throws {
        struct Counting: MessageHandler {
            let topics: EventRecorder<Topic>
            func handle(_ delivery: Delivery) async throws { self.topics.record(delivery.message.topic) }
        }
        let topics = EventRecorder<Topic>()
        try await self.bus.subscribe(to: "job.#", handler: Counting(topics: topics))

        try await self.bus.publish(Step(number: 1))
        #expect(try await topics.next() == "job.step")
    }

    @Test("hands an event that was published as bytes to a typed handler")
    func decodesBytes() async throws {
        let steps = try await self.bus.recorder(of: Step.self)

        try await self.bus.publish(bytes: Array(#"{"number":7}"#.utf8), to: Step.topic)
        #expect(try await steps.next() == Step(number: 7))
    }
}
