// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A predicate of a subscription", .timeLimit(.minutes(5)))
struct PredicateTests {
    let manual = ManualEnvironment(seed: 71)
    let bus: EventBus
    let seen = EventRecorder<Int>()

    init() {
        self.bus = self.manual.makeBus()
    }

    private func subscribe(_ settings: HandlerSettings = HandlerSettings(), group: String? = nil) async throws {
        let seen = self.seen
        try await self.bus.subscribe(to: Step.self, group: group, with: settings, where: { $0.number % 2 == 0 }) {
            seen.record($0.number)
        }
    }

    @Test("keeps from the queue what is not wanted, and counts it as filtered")
    func filters() async throws {
        try await self.subscribe()
        #expect(try await self.bus.publish(Step(number: 1)).matched == 0)
        #expect(try await self.bus.publish(Step(number: 2)).matched == 1)
        try self.bus.publishNow(Step(number: 3))
        try await self.bus.publisher(of: Step.self).publish(Step(number: 4))
        await self.bus.settled()

        #expect(self.seen.all == [2, 4])
        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.unrouted] == [4, 2, 2])
        #expect([metrics.queues.offered, metrics.queues.filtered, metrics.queues.acknowledged] == [4, 2, 2])
        #expect(metrics.queues.balance == 0)
    }

    @Test("leaves the room to what is wanted")
    func savesRoom() async throws {
        let seen = self.seen
        let settings = HandlerSettings(bounds: QueueBounds(count: 2), overflow: .reject)
        let subscription = try await self.bus.subscribe(to: Step.self, with: settings, where: { $0.number > 10 }) {
            step,
            _ in seen.record(step.number)
        }
        try await subscription.pause()
        for number in 1...10 { try await self.bus.publish(Step(number: number)) }
        for number in 11...12 { try await self.bus.publish(Step(number: number)) }
        await expectError(.overflow) { try await self.bus.publish(Step(number: 13)) }
        #expect(try await self.bus.publish(Step(number: 3)).matched == 0)

        try await subscription.resume()
        await self.bus.settled()
        #expect(seen.all == [11, 12])
    }

    @Test("is each subscription's own, and asked once for a message")
    func isAskedOnce() async throws {
        let asked = EventRecorder<Int>()
        let all = try await self.bus.recorder(of: Step.self)
        let predicate = MessagePredicate("keyed") { message in
            asked.record(1)
            return message.key != nil
        }
        let keyed = EventRecorder<String?>()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), predicate: predicate)
        let subscription = try await self.bus.subscribe(to: "job.*", with: settings) { keyed.record($0.message.key) }
        try await subscription.pause()
        try await self.bus.publish(Message(topic: Step.topic, key: "a", payload: ["number": 1]))
        try await self.bus.publish(Step(number: 2))
        let waiting = Task { [bus] in
            try await bus.publish(Message(topic: Step.topic, key: "b", payload: ["number": 3]))
        }
        await self.bus.suspendedPublishers(1)
        try await subscription.resume()
        #expect(try await waiting.value.matched == 2)
        await self.bus.settled()

        #expect(keyed.all == ["a", "b"])
        #expect(all.count == 3)
        #expect(asked.count == 3)
    }

    @Test("is not asked again for a retry, nor for a redrive")
    func isAskedAtAcceptance() async throws {
        let isWanted = Switch()
        let isBroken = Switch()
        let seen = self.seen
        let settings = HandlerSettings(failurePolicy: .threeTimes)
        try await self.bus.subscribe(to: Step.self, with: settings, where: { _ in isWanted.isOn }) { step in
            if isBroken.isOn { throw Broken() }
            seen.record(step.number)
        }
        try await self.bus.publish(Step(number: 1))
        isWanted.turn(on: false)
        for _ in 0..<3 {
            await self.bus.settled()
            self.manual.clock.advance(by: .seconds(1))
        }
        isBroken.turn(on: false)
        #expect(try await self.bus.deadLetters.redriveAll() == 1)
        await self.bus.settled()

        #expect(seen.all == [1])
    }

    @Test("applies to a scheduled message when it is due")
    func appliesWhenDue() async throws {
        try await self.subscribe()
        for number in 1...4 { try await self.bus.publish(Step(number: number), after: .seconds(1)) }
        self.manual.clock.advance(by: .seconds(1))
        await self.bus.settled()

        #expect(self.seen.all == [2, 4])
    }

    @Test("lets pass what is no such event, which becomes a dead letter as ever")
    func passesOthers() async throws {
        try await self.subscribe()
        try await self.bus.publish(bytes: [1, 2, 3], to: Step.topic)
        await self.bus.settled()

        #expect(try self.bus.deadLetters.count == 1)
    }

    @Test("has one name in a group")
    func isOneOfAGroup() async throws {
        for _ in 0..<2 { try await self.subscribe(group: "even") }
        func settings(_ name: String) -> HandlerSettings {
            HandlerSettings(predicate: MessagePredicate(name) { $0.key != nil })
        }
        await expectError(.groupMismatch) {
            try await self.bus.subscribe(to: Step.self, group: "even", with: settings("x")) { _ in }
        }
        try await self.bus.subscribe(to: Step.self, group: "keyed", with: settings("x")) { _ in }
        try await self.bus.subscribe(to: Step.self, group: "keyed", with: settings("x")) { _ in }
        await expectError(.groupMismatch) {
            try await self.bus.subscribe(to: Step.self, group: "keyed", with: settings("y")) { _ in }
        }
        #expect(try await self.bus.publish(Step(number: 2)).matched == 1)
    }

    @Test("adds to the one of the settings")
    func combines() async throws {
        let predicate = MessagePredicate("keyed") { $0.key != nil }
        try await self.subscribe(HandlerSettings(predicate: predicate))
        for (number, key) in [(1, "a"), (2, nil), (3, nil), (4, "b")] {
            try await self.bus.publish(
                Message(topic: Step.topic, key: key, value: Step(number: number), codec: JSONCodec())
            )
        }
        await self.bus.settled()

        #expect(self.seen.all == [4])
        #expect(predicate == MessagePredicate("keyed") { _ in false })
        #expect(predicate.description == "keyed")
    }

    @Test("is asked by the bus where the provider knows none")
    func needsNoCapability() async throws {
        let bus = EventBus(provider: PoorProvider())
        let seen = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self, where: { $0.number > 1 }) { seen.record($0.number) }

        for number in 0..<4 { try await bus.publish(Step(number: number)) }
        #expect(try await seen.expect(2) == [2, 3])
        #expect(InMemoryBroker.capabilities.has(.predicates))
    }
}
