// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Publish and subscribe", .timeLimit(.minutes(5)))
struct PubSubTests {
    private struct Recording: MessageHandler {
        let seen: EventRecorder<Int>

        func handle(_ delivery: Delivery) async throws {
            let envelope: any EventEnvelope<Step> = delivery.envelope(of: Step.self)
            self.seen.record(try await envelope.payload.number)
        }
    }

    @Test("works through the protocol alone: publish, enqueue, subscribe, unsubscribe by id, clear")
    func worksThroughProtocol() async throws {
        let bus: any EventPubSub = EventBus()
        let seen = EventRecorder<Int>()

        let first = try await bus.subscribe(Recording(seen: seen), to: "job.*")
        try await bus.publish(Step(number: 1))
        _ = try await bus.enqueue(Step(number: 2)).value()
        #expect(try await seen.expect(2) == [1, 2])
        try await bus.unsubscribe(first.id)
        await expectError(.unknownSubscription) { try await bus.unsubscribe(first.id) }
        #expect(try await bus.publish(Step(number: 3)).matched == 0)

        try await bus.subscribe(Recording(seen: seen), to: "job.*")
        try await bus.subscribe(Recording(seen: seen), to: "#")
        #expect(await bus.clear() == 2)
        #expect(await bus.clear() == 0)
        #expect(try await bus.publish(Step(number: 4)).matched == 0)
        try await bus.subscribe(Recording(seen: seen), to: "job.*")
        #expect(try await bus.publish(Step(number: 5)).matched == 1)
        try await (bus as? EventBus)?.shutdown()
    }

    @Test("ends sequences, observers and taps with clear")
    func clearsAll() async throws {
        let bus = EventBus()
        let deliveries = try await bus.deliveries(of: "#")
        try bus.observe(Step.self) { _ in }
        try bus.tap { _ in }

        #expect(await bus.clear() == 3)
        var count = 0
        for try await _ in deliveries { count += 1 }
        #expect(count == 0)
        try await bus.shutdown()
    }

    @Test("has an id that stays, and that no other bus has")
    func hasID() async throws {
        let buses = (0..<100).map { _ in EventBus() }

        #expect(Set(buses.map(\.busID)).count == 100)
        #expect(buses[0].busID == buses[0].busID)
        let digits = Array(buses[0].busID)
        #expect(digits.count == 36)
        #expect(digits[14] == "4")
        let seeded = [ManualEnvironment(seed: 1).makeBus(), ManualEnvironment(seed: 1).makeBus()]
        #expect(seeded[0].busID == seeded[1].busID)
        for bus in buses + seeded { try await bus.shutdown() }
    }

    @Test("hands an envelope out that says what cannot be decoded")
    func refusesOtherPayloads() async {
        let envelope = MessageEnvelope(Message(topic: "a", payload: "text"), of: Step.self)

        await expectError(.undecodable) { _ = try envelope.payload }
    }
}
