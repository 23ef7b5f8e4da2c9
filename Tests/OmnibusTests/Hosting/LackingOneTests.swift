// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

/// A bus over the in-memory broker, which declares all that it can do but one ability: so the bus has the queues.
@Suite("Over a provider that lacks one thing,", .timeLimit(.minutes(5)))
struct LackingOneTests {
    static let abilities: [Capability] = [.priority, .timeToLive, .deadLetters, .overflow, .acknowledgement]

    let manual = ManualEnvironment(seed: 27)

    private func makeBus(without ability: Capability, takesNotices: Bool = true) -> EventBus {
        EventBus(
            provider: ReducedBroker(
                without: ability,
                takesNotices: takesNotices,
                environment: self.manual.environment
            ),
            environment: self.manual.environment,
            settings: BusSettings(failurePolicy: .threeTimes)
        )
    }

    @Test("a key is held while its message waits for its retry", arguments: Self.abilities)
    func holdsKey(_ ability: Capability) async throws {
        let bus = self.makeBus(without: ability)
        let handled = EventRecorder<String>()
        let subscription = try await bus.subscribe(to: "job.keyed") { delivery in
            let name = delivery.message.subject ?? "?"
            handled.record("\(name) \(delivery.attempt)")
            if name == "first", delivery.attempt < 3 { throw Broken() }
        }
        #expect(bus.plan(of: subscription.id)?.isHosted == true)
        for name in ["first", "second"] {
            var message = Message(topic: "job.keyed", key: "k", payload: .empty)
            message.subject = name
            try await bus.publish(message)
        }
        await bus.settled()
        #expect(handled.all == ["first 1"])
        for _ in 0..<2 {
            try await self.manual.clock.timers(atLeast: 1)
            self.manual.clock.advance(by: .seconds(1))
            await bus.settled()
        }
        #expect(handled.all == ["first 1", "first 2", "first 3", "second 1"])
    }

    @Test("a handler that publishes to its own full queue does not wait for itself", arguments: Self.abilities)
    func doesNotWaitForItself(_ ability: Capability) async throws {
        let bus = self.makeBus(without: ability)
        let handled = EventRecorder<Int>()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .suspend(atMost: .seconds(86_400)))
        try await bus.subscribe(to: Step.self, with: settings) { step in
            if step.number == 0 {
                for number in 1...2 { try await bus.publish(Step(number: number)) }
            }
            handled.record(step.number)
        }
        try await bus.publish(Step(number: 0))
        #expect(try await handled.expect(3) == [0, 1, 2])
    }

    @Test("members of a group have one message of a key at a time", arguments: Self.abilities)
    func sharesKeys(_ ability: Capability) async throws {
        let bus = self.makeBus(without: ability)
        let gate = Gate()
        let handled = EventRecorder<String>()
        for _ in 0..<2 {
            try await bus.subscribe(to: "job.keyed", group: "g") { delivery in
                let name = delivery.message.subject ?? "?"
                handled.record("\(name) begins")
                if name == "first" { try await gate.pass() }
                handled.record("\(name) ends")
            }
        }
        for (name, key) in [("first", "k"), ("second", "k"), ("other", "l")] {
            var message = Message(topic: "job.keyed", key: key, payload: .empty)
            message.subject = name
            try await bus.publish(message)
        }
        try await gate.arrivals(1)
        #expect(try await handled.expect(3).contains("other ends"))
        gate.open()
        await bus.settled()
        #expect(handled.all.suffix(3) == ["first ends", "second begins", "second ends"])
    }

    @Test(
        "notices of dead letters come, whether or not it takes messages of the system",
        arguments: [Capability.deadLetters, .acknowledgement],
        [true, false]
    )
    func givesNotice(without ability: Capability, takesNotices: Bool) async throws {
        let bus = self.makeBus(without: ability, takesNotices: takesNotices)
        let notices = EventRecorder<String>()
        try await bus.subscribe(to: "omnibus.dead.#", group: "watch") { notices.record($0.message.topic.name) }
        let all = EventRecorder<String>()
        try await bus.subscribe(to: "#") { all.record($0.message.topic.name) }
        try await bus.subscribe(to: Step.self) { _, delivery in try await delivery.reject(reason: "no") }
        try await bus.publish(Step(number: 1))
        await bus.settled()
        #expect(notices.all == ["omnibus.dead.job.step"])
        #expect(all.all == ["job.step"])
        #expect(try bus.deadLetters.count == 1)
    }

    @Test("a queue that is full does without a notice that the provider does not take")
    func dropsNotices() async throws {
        let bus = self.makeBus(without: .deadLetters, takesNotices: false)
        let gate = Gate()
        let notices = EventRecorder<String>()
        let settings = HandlerSettings(bounds: QueueBounds(count: 2, cascade: 0))
        try await bus.subscribe(to: "omnibus.dead.#", with: settings) { delivery in
            notices.record(delivery.message.topic.name)
            try await gate.pass()
        }
        try await bus.subscribe(to: Step.self) { _, delivery in try await delivery.reject(reason: "no") }
        try await bus.publish(Step(number: 0))
        try await gate.arrivals(1)
        for number in 1..<10 { try await bus.publish(Step(number: number)) }
        // A notice is sent after the dead letter is kept: the queue has to have seen all ten.
        while bus.offeredNotices < 10 { await Task.yield() }
        gate.open()
        await bus.settled()
        #expect(notices.count == 3)
    }
}

extension EventBus {
    /// How many notices of dead letters the queue in the bus was offered.
    fileprivate var offeredNotices: Int {
        self.subscriptions.all.first { $0.subscription.pattern == "omnibus.dead.#" }?.lane?.metrics.offered ?? 0
    }
}
