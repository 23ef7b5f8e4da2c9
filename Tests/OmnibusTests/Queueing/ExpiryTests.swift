// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A time to live", .timeLimit(.minutes(5)))
struct ExpiryTests {
    let manual = ManualEnvironment(seed: 16)
    let bus: EventBus

    init() {
        self.bus = self.manual.makeBus()
    }

    private func publish(_ number: Int, living duration: Duration) async throws {
        var message = Message(topic: Step.topic, payload: ["number": .integer(Int64(number))])
        message.timeToLive = duration
        try await self.bus.publish(message)
    }

    @Test("that is over makes a dead letter of the message, which no handler sees", arguments: [false, true])
    func expires(withDelivery: Bool) async throws {
        let seen = EventRecorder<Int>()
        let subscription =
            if withDelivery {
                try await self.bus.subscribe(to: Step.self) { step, _ in seen.record(step.number) }
            } else {
                try await self.bus.subscribe(to: Step.self) { seen.record($0.number) }
            }
        try await subscription.pause()
        try await self.publish(1, living: .seconds(5))
        try await self.publish(2, living: .seconds(6))
        self.manual.clock.advance(by: .seconds(5))

        try await subscription.resume()
        await self.bus.settled()
        #expect(seen.all == [2])
        let letters = try self.bus.deadLetters.list()
        #expect(letters.map(\.reason) == [.expired])
        #expect(letters.first?.attempts.isEmpty == true)
        #expect(try await self.bus.metrics().queues.expired == 1)
    }

    @Test("ends retries as well")
    func endsRetries() async throws {
        let attempts = EventRecorder<Int>()
        let settings = HandlerSettings(failurePolicy: .retry(.fixed([], then: .seconds(3)), attempts: 9))
        try await self.bus.subscribe(to: Step.self, with: settings) { _, delivery in
            attempts.record(delivery.attempt)
            throw Broken()
        }
        try await self.publish(1, living: .seconds(5))
        await self.bus.settled()
        for _ in 0..<4 {
            self.manual.clock.advance(by: .seconds(3))
            await self.bus.settled()
        }

        #expect(attempts.all == [1, 2])
        let letter = try #require(try self.bus.deadLetters.list().first)
        #expect(letter.reason == .expired)
        #expect(letter.attempts.map(\.attempt) == [1, 2])
    }
}

@Suite("A critical message", .timeLimit(.minutes(5)))
struct PriorityTests {
    @Test("overtakes a backlog, also what a worker has taken and not begun", arguments: [0, 500])
    func overtakes(published: Int) async throws {
        let bus = EventBus()
        let gate = Gate()
        let seen = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self) { step in
            if step.number == 0 { try await gate.pass() }
            seen.record(step.number)
        }
        for number in 0..<1_000 { try await bus.publish(Step(number: number)) }
        try await gate.arrivals(1)

        try await bus.publish(Alarm(number: -1))
        gate.open()
        await bus.settled()
        #expect(Array(seen.all.prefix(2)) == [0, -1])
        #expect(Array(seen.all.dropFirst(2)) == Array(1..<1_000))
    }

    @Test("gets into a queue that is full of others")
    func getsIn() async throws {
        let bus = EventBus()
        let seen = EventRecorder<Int>()
        let settings = HandlerSettings(bounds: QueueBounds(count: 2), overflow: .reject)
        let subscription = try await bus.subscribe(to: "job.step", with: settings) { delivery in
            seen.record(try delivery.message.payload.decode(as: Step.self, codec: JSONCodec()).number)
        }
        try await subscription.pause()
        for number in 0..<2 { try await bus.publish(Step(number: number)) }

        await expectError(.overflow) { try await bus.publish(Step(number: 2)) }
        try await bus.publish(Alarm(number: -1))
        try await subscription.resume()
        #expect(try await seen.expect(3) == [-1, 0, 1])
    }
}
