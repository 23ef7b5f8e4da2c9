// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A handler that publishes more than a queue takes", .timeLimit(.minutes(5)))
struct BackPressureTests {
    let bus = ManualEnvironment(seed: 34).makeBus()
    let steps = EventRecorder<Int>()
    let done = EventRecorder<Int>()

    @Test("has its own queue held back until the other one has room again")
    func heldBack() async throws {
        let (gate, steps, done) = (Gate(), self.steps, self.done)
        try await self.bus.subscribe(to: StepDone.self, with: HandlerSettings(bounds: QueueBounds(count: 2))) { event in
            done.record(event.number)
            try await gate.pass()
        }
        try await self.bus.subscribe(to: Step.self) { [bus] step in
            steps.record(step.number)
            try await bus.publish(StepDone(number: step.number))
        }
        for number in 0..<50 { try await self.bus.publish(Step(number: number)) }
        _ = try await done.expect(1)
        let before = try await self.bus.metrics().queues
        // One is in the handler's hands, two fill the queue, and the one that is too many holds the steps back.
        #expect(steps.count <= 4)
        #expect(before.refused == 0)

        gate.open()
        await self.bus.settled()
        #expect(steps.all == Array(0..<50))
        #expect(done.all == Array(0..<50))
        #expect(try await self.bus.metrics().queues.deadLettered == 0)
    }

    @Test("cannot deadlock with another that publishes back")
    func twoOfThem() async throws {
        let (bus, steps, done) = (self.bus, self.steps, self.done)
        let settings = HandlerSettings(
            failurePolicy: .noRetry,
            bounds: QueueBounds(count: 2, cascade: 200)
        )
        try await bus.subscribe(to: Step.self, with: settings) { step in
            steps.record(step.number)
            guard step.number > 0 else { return }
            for _ in 0..<2 { try await bus.publish(StepDone(number: step.number - 1)) }
        }
        try await bus.subscribe(to: StepDone.self, with: settings) { event in
            done.record(event.number)
            guard event.number > 0 else { return }
            for _ in 0..<2 { try await bus.publish(Step(number: event.number - 1)) }
        }
        try await bus.publish(Step(number: 6))
        await bus.settled()
        #expect(steps.count + done.count == 127)
    }

    @Test("gets an error beyond the allowance, as a failure of its own")
    func beyondTheAllowance() async throws {
        let bus = self.bus
        let subscription = try await bus.subscribe(
            to: StepDone.self,
            with: HandlerSettings(bounds: QueueBounds(count: 2, cascade: 3))
        ) { _ in }
        try await subscription.pause()
        try await bus.subscribe(to: Step.self, with: HandlerSettings(failurePolicy: .noRetry)) { step in
            for number in 0..<step.number { try await bus.publish(StepDone(number: number)) }
        }
        try await bus.publish(Step(number: 9))
        await bus.settled()
        #expect(try await bus.metrics().queues.pending == 5)
        let letter = try #require(try bus.deadLetters.list().first)
        #expect(letter.lastError?.error.contains("overflow") == true)
    }
}
