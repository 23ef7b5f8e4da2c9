// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Settling", .timeLimit(.minutes(5)))
struct SettlementTests {
    let manual = ManualEnvironment(seed: 13)
    let bus: EventBus

    init() {
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .threeTimes))
    }

    private var metrics: QueueMetrics {
        get async throws { try await self.bus.metrics().queues }
    }

    @Test("acknowledges when the handler returns")
    func onReturn() async throws {
        let gate = Gate()
        try await self.bus.subscribe(to: "job.*") { _ in try await gate.pass() }

        try await self.bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        #expect(try await self.metrics.inFlight == 1)
        gate.open()
        await self.bus.settled()
        #expect(try await self.metrics.acknowledged == 1)
    }

    @Test("acknowledges a sequence's message when the next one is asked for")
    func onNext() async throws {
        let deliveries = try await self.bus.deliveries(of: "job.*")
        for number in 0..<2 { try await self.bus.publish(Step(number: number)) }
        var iterator = deliveries.makeAsyncIterator()

        _ = try await iterator.next()
        #expect(try await self.metrics.acknowledged == 0)
        _ = try await iterator.next()
        #expect(try await self.metrics.acknowledged == 1)
    }

    @Test("gives back what a loop has left by break, without counting an attempt")
    func givesBackOnBreak() async throws {
        let deliveries = try await self.bus.deliveries(of: "job.*")
        for number in 0..<2 { try await self.bus.publish(Step(number: number)) }

        for try await delivery in deliveries {
            #expect(delivery.attempt == 1)
            break
        }
        #expect(try await self.metrics.acknowledged == 0)
        for try await delivery in deliveries {
            #expect(try delivery.message.payload.decode(as: Step.self, codec: JSONCodec()) == Step(number: 0))
            #expect(delivery.attempt == 1)
            break
        }
    }

    @Test("gives back what a cancelled loop has not handled")
    func givesBackOnCancel() async throws {
        let first = try await self.bus.deliveries(of: "job.*", group: "g")
        let second = try await self.bus.deliveries(of: "job.*", group: "g")
        let gate = Gate()
        let reader = Task {
            for try await _ in first { try await gate.pass() }
        }
        try await self.bus.publish(Step(number: 7))
        try await gate.arrivals(1)

        reader.cancel()
        _ = await reader.result
        var iterator = second.makeAsyncIterator()
        let delivery = try #require(try await iterator.next())
        #expect(delivery.attempt == 1)
    }

    @Test("ends a loop whose task is cancelled while it waits")
    func cancelsWaitingLoop() async throws {
        let deliveries = try await self.bus.deliveries(of: "job.*")
        let reader = Task {
            var iterator = deliveries.makeAsyncIterator()
            return try await iterator.next()
        }

        reader.cancel()
        await expectError(.cancelled) { _ = try await reader.value }
    }

    @Test("acknowledges before the handler runs when told so, and never tries again")
    func onReceipt() async throws {
        let attempts = EventRecorder<Int>()
        let settings = HandlerSettings(acknowledging: .onReceipt)
        try await self.bus.subscribe(to: Step.self, with: settings) { _, delivery in
            attempts.record(delivery.attempt)
            throw Broken()
        }

        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()
        #expect(try await self.metrics.acknowledged == 1)
        #expect(attempts.all == [1])
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("acknowledges a sequence's message on receipt when told so")
    func sequenceOnReceipt() async throws {
        let deliveries = try await self.bus.deliveries(
            of: "job.*",
            with: HandlerSettings(acknowledging: .onReceipt)
        )
        try await self.bus.publish(Step(number: 1))
        var iterator = deliveries.makeAsyncIterator()

        _ = try await iterator.next()
        #expect(try await self.metrics.acknowledged == 1)
    }

    @Test("leaves it to the handler when told so")
    func manually() async throws {
        let kept = EventRecorder<Delivery>()
        try await self.bus.subscribe(to: "job.*", with: HandlerSettings(acknowledging: .manual)) { kept.record($0) }

        try await self.bus.publish(Step(number: 1))
        let delivery = try await kept.next()
        #expect(try await self.metrics.inFlight == 1)
        try await delivery.ack()
        #expect(try await self.metrics.acknowledged == 1)
        #expect(try await self.metrics.inFlight == 0)
    }

    @Test("refuses a sequence that acknowledges when a handler returns")
    func refusesOnReturn() async throws {
        await expectError(.invalidSettings) {
            _ = try await self.bus.deliveries(of: "#", with: HandlerSettings(acknowledging: .onReturn))
        }
        #expect(try await self.bus.metrics().subscriptions == 0)
    }

    @Test("is done once: the second time is an error, whatever it is")
    func settlesOnce() async throws {
        let kept = EventRecorder<Delivery>()
        try await self.bus.subscribe(to: "job.*", with: HandlerSettings(acknowledging: .manual)) { kept.record($0) }
        try await self.bus.publish(Step(number: 1))
        let delivery = try await kept.next()

        try await delivery.ack()
        await expectError(.alreadySettled) { try await delivery.ack() }
        await expectError(.alreadySettled) { try await delivery.nack() }
        await expectError(.alreadySettled) { try await delivery.extend(by: .seconds(1)) }
        await expectError(.alreadySettled) { try await delivery.reject(reason: "late") }
        #expect(try await self.metrics.acknowledged == 1)
        #expect(try self.bus.deadLetters.count == 0)
    }

    @Test("by the handler replaces what would be done when it returns")
    func replacesAutomaticSettlement() async throws {
        let attempts = EventRecorder<Int>()
        try await self.bus.subscribe(to: "job.*") { delivery in
            attempts.record(delivery.attempt)
            if delivery.attempt == 1 { try await delivery.nack() } else { try await delivery.ack() }
        }

        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()
        #expect(attempts.all == [1, 2])
        #expect(try await self.metrics.acknowledged == 1)
    }

    @Test("negatively brings the message again, not before the delay is over")
    func nacks() async throws {
        let attempts = EventRecorder<Int>()
        try await self.bus.subscribe(to: "job.*") { delivery in
            attempts.record(delivery.attempt)
            if delivery.attempt == 1 { try await delivery.nack(after: .seconds(10)) }
        }

        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()
        self.manual.clock.advance(by: .milliseconds(9_999))
        await self.bus.settled()
        #expect(attempts.all == [1])
        self.manual.clock.advance(by: .milliseconds(1))
        await self.bus.settled()
        #expect(attempts.all == [1, 2])
    }

    @Test("refuses a negative delay and a deadline in the past, and leaves the delivery as it is")
    func refusesNonsense() async throws {
        let kept = EventRecorder<Delivery>()
        try await self.bus.subscribe(to: "job.*", with: HandlerSettings(acknowledging: .manual)) { kept.record($0) }
        try await self.bus.publish(Step(number: 1))
        let delivery = try await kept.next()

        await expectError(.invalidSettings) { try await delivery.nack(after: .seconds(-1)) }
        await expectError(.invalidSettings) { try await delivery.extend(by: .zero) }
        try await delivery.ack()
    }

    @Test("by the message's id works for handlers that have kept the id alone")
    func acknowledgesByID() async throws {
        let ids = EventRecorder<MessageID>()
        let settings = HandlerSettings(acknowledging: .manual)
        let subscription = try await self.bus.subscribe(to: "job.*", with: settings) { ids.record($0.message.id) }
        try await self.bus.publish(Step(number: 1))
        let id = try await ids.next()

        try await subscription.ack(id)
        #expect(try await self.metrics.acknowledged == 1)
        await expectError(.alreadySettled) { try await subscription.ack(id) }
    }

    @Test("survives a handler that throws after it has settled")
    func ignoresThrowAfterSettling() async throws {
        try await self.bus.subscribe(to: "job.*") { delivery in
            try await delivery.ack()
            throw Broken()
        }

        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()
        #expect(try await self.metrics.acknowledged == 1)
        #expect(try await self.metrics.retried == 0)
    }
}
