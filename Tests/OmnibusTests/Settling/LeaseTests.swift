// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("An ack deadline", .timeLimit(.minutes(5)))
struct LeaseTests {
    let manual = ManualEnvironment(seed: 14)
    let bus: EventBus
    let kept = EventRecorder<Delivery>()

    init() async throws {
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .threeTimes))
        let kept = self.kept
        let settings = HandlerSettings(acknowledging: .manual, ackDeadline: .seconds(10))
        try await self.bus.subscribe(to: Step.self, with: settings) { (_, delivery: Delivery) in kept.record(delivery) }
    }

    @Test("brings the message again with the next attempt number, and the old delivery is lost")
    func redelivers() async throws {
        try await self.bus.publish(Step(number: 1))
        let first = try await self.kept.next()
        self.manual.clock.advance(by: .seconds(10))
        let second = try await self.kept.next()

        #expect([first.attempt, second.attempt] == [1, 2])
        #expect(first.message.id == second.message.id)
        await expectError(.leaseLost) { try await first.ack() }
        try await second.ack()
        await expectError(.leaseLost) { try await first.ack() }
        await expectError(.alreadySettled) { try await second.ack() }
        #expect(try await self.bus.metrics().queues.acknowledged == 1)
    }

    @Test("does not pass before its time")
    func waits() async throws {
        try await self.bus.publish(Step(number: 1))
        let first = try await self.kept.next()
        self.manual.clock.advance(by: .milliseconds(9_999))

        try await first.ack()
        self.manual.clock.advance(by: .seconds(10))
        #expect(self.kept.count == 1)
        #expect(try await self.bus.metrics().queues.acknowledged == 1)
    }

    @Test("is counted from when it is extended")
    func extends() async throws {
        try await self.bus.publish(Step(number: 1))
        let first = try await self.kept.next()
        self.manual.clock.advance(by: .seconds(9))
        try await first.extend(by: .seconds(20))
        self.manual.clock.advance(by: .milliseconds(19_999))

        #expect(self.kept.count == 1)
        self.manual.clock.advance(by: .milliseconds(1))
        #expect(try await self.kept.expect(2).map(\.attempt) == [1, 2])
        await expectError(.leaseLost) { try await first.extend(by: .seconds(1)) }
    }

    @Test("that passes every time leads to a dead letter in the end")
    func givesUp() async throws {
        try await self.bus.publish(Step(number: 1))
        for attempt in 1...3 {
            #expect(try await self.kept.next().attempt == attempt)
            self.manual.clock.advance(by: .seconds(10))
        }

        #expect(self.kept.count == 3)
        #expect(try self.bus.deadLetters.list().map(\.reason) == [.retriesExhausted])
        #expect(try await self.bus.metrics().queues.deadLettered == 1)
    }

    @Test("must be positive")
    func refusesNonsense() async throws {
        await expectError(.invalidSettings) {
            try await self.bus.subscribe(to: "x", with: HandlerSettings(ackDeadline: .zero)) { _ in }
        }
    }
}
