// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("A group whose provider can do less", .timeLimit(.minutes(5)))
struct HostedGroupTests {
    let manual = ManualEnvironment(seed: 23)
    let provider: ReducedBroker

    init() {
        self.provider = ReducedBroker([.acknowledgement, .groups, .wildcards], environment: self.manual.environment)
    }

    private func makeBus() -> EventBus { EventBus(provider: self.provider, environment: self.manual.environment) }

    @Test("has one queue on a bus, which its members share")
    func shares() async throws {
        let bus = self.makeBus()
        let gate = Gate()
        let first = EventRecorder<Int>()
        let second = EventRecorder<Int>()
        let one = try await bus.subscribe(to: Step.self, group: "g") { step in
            first.record(step.number)
            try await gate.pass()
        }
        let two = try await bus.subscribe(to: Step.self, group: "g") { step in
            second.record(step.number)
            try await gate.pass()
        }
        #expect(one.id != two.id)
        #expect(bus.subscriptions.record(one.id)?.lane === bus.subscriptions.record(two.id)?.lane)
        for number in 0..<2 { try await bus.publish(Step(number: number)) }
        try await gate.arrivals(2)
        #expect(first.count == 1)
        #expect(second.count == 1)
        await one.cancel()
        gate.open()
        for number in 2..<10 { try await bus.publish(Step(number: number)) }
        await bus.settled()
        #expect(first.count == 1)
        #expect(second.count == 9)
        let mismatch = HandlerSettings(bounds: QueueBounds(count: 3))
        await expectError(.groupMismatch) {
            try await bus.subscribe(to: Step.self, group: "g", with: mismatch) { _ in }
        }
        await two.cancel()
        try await bus.subscribe(to: Step.self, group: "g", with: mismatch) { _ in }
    }

    @Test("has members on several buses, of which one handles each message")
    func spans() async throws {
        let buses = [self.makeBus(), self.makeBus()]
        let seen = EventRecorder<Int>()
        for bus in buses { try await bus.subscribe(to: Step.self, group: "g") { seen.record($0.number) } }
        for number in 0..<50 { try await buses[0].publish(Step(number: number)) }
        try await seen.expect(50)
        for bus in buses { try await bus.shutdown() }
        #expect(seen.all.sorted() == Array(0..<50))
    }

    @Test("goes on with what a bus had fetched that is gone")
    func goesOn() async throws {
        let buses = [self.makeBus(), self.makeBus()]
        let gate = Gate()
        let subscription = try await buses[0].subscribe(to: Step.self, group: "g") { _ in try await gate.pass() }
        for number in 0..<10 { try await buses[0].publish(Step(number: number)) }
        try await gate.arrivals(1)
        await buses[0].subscriptions.record(subscription.id)?.hosted?.caughtUp()
        let seen = EventRecorder<Int>()
        try await buses[1].subscribe(to: Step.self, group: "g") { seen.record($0.number) }
        await subscription.cancel()
        gate.open()
        try await seen.expect(9)
        #expect(seen.all == Array(1..<10))
    }
}
