// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A group", .timeLimit(.minutes(5)))
struct GroupTests {
    let bus = EventBus()

    @Test("hands each message to exactly one of four members")
    func shares() async throws {
        let seen = EventRecorder<Int>()
        for _ in 0..<4 {
            try await self.bus.subscribe(to: Step.self, group: "workers") { seen.record($0.number) }
        }

        for number in 0..<1_000 {
            #expect(try await self.bus.publish(Step(number: number)).matched == 1)
        }
        await self.bus.settled()
        #expect(seen.count == 1_000)
        #expect(Set(seen.all) == Set(0..<1_000))
    }

    @Test("keeps a message from waiting behind a member that is busy")
    func worksAroundBusyMember() async throws {
        let gate = Gate()
        let seen = EventRecorder<Int>()
        for _ in 0..<2 {
            try await self.bus.subscribe(to: Step.self, group: "workers") { step in
                if step.number == 0 { try await gate.pass() }
                seen.record(step.number)
            }
        }

        try await self.bus.publish(Step(number: 0))
        try await gate.arrivals(1)
        for number in 1...50 { try await self.bus.publish(Step(number: number)) }
        #expect(try await seen.expect(50) == Array(1...50))
        gate.open()
        await self.bus.settled()
        #expect(seen.all.last == 0)
    }

    @Test("keeps no message waiting behind a handler that has become slow")
    func worksAroundSlowHandler() async throws {
        let gate = Gate()
        let seen = EventRecorder<Int>()
        @Sendable func handle(_ step: Step) async throws {
            if step.number == 500 { try await gate.pass() }
            seen.record(step.number)
        }
        for _ in 0..<2 {
            try await self.bus.subscribe(to: Step.self, group: "workers") { step, _ in try await handle(step) }
        }
        let publisher = Task { [bus] in
            for number in 0..<1_000 { try await bus.publish(Step(number: number)) }
        }
        try await gate.arrivals(1)
        try await publisher.value

        // What is left when nobody but the slow handler works is what the slow handler keeps back.
        while try await self.bus.metrics().queues.pending > self.bus.metrics().queues.inFlight { await Task.yield() }
        try await seen.expect(999)
        #expect(!seen.all.contains(500))
        gate.open()
        await self.bus.settled()
    }

    @Test("is one by name and pattern: other names and patterns get the messages too")
    func isByNameAndPattern() async throws {
        let seen = EventRecorder<String>()
        try await self.bus.subscribe(to: "job.step", group: "a") { _ in seen.record("a") }
        try await self.bus.subscribe(to: "job.step", group: "b") { _ in seen.record("b") }
        try await self.bus.subscribe(to: "job.*", group: "a") { _ in seen.record("a.*") }

        #expect(try await self.bus.publish(Step(number: 1)).matched == 3)
        #expect(try await Set(seen.expect(3)) == ["a", "b", "a.*"])
    }

    @Test(
        "refuses a member with other settings",
        arguments: [
            HandlerSettings(bounds: QueueBounds(count: 7)), HandlerSettings(overflow: .reject),
            HandlerSettings(failurePolicy: FailurePolicy.noRetry),
            HandlerSettings(acknowledging: .manual, ackDeadline: .seconds(1)),
        ]
    )
    func refusesOtherSettings(settings: HandlerSettings) async throws {
        try await self.bus.subscribe(to: Step.self, group: "workers") { _ in }
        let error = await expectError(.groupMismatch) {
            try await self.bus.subscribe(to: Step.self, group: "workers", with: settings) { _ in }
        }

        #expect(error?.message.contains("workers") == true)
        #expect(try await self.bus.metrics().subscriptions == 1)
        try await self.bus.subscribe(to: Step.self, group: "workers") { _ in }
    }

    @Test("gets back what a member that ends had taken and not begun")
    func getsBackWhatWasTaken() async throws {
        let gate = Gate()
        let seen = EventRecorder<Int>()
        let leaving = try await self.bus.subscribe(to: Step.self, group: "g") { step in
            try await gate.pass()
            seen.record(step.number)
        }
        for number in 0..<100 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        try await self.bus.subscribe(to: Step.self, group: "g") { seen.record($0.number) }

        await leaving.cancel()
        gate.open()
        #expect(try await Set(seen.expect(100)) == Set(0..<100))
        try await self.bus.shutdown()
        #expect(seen.count == 100)
    }

    @Test("goes on with the members that are left")
    func goesOnWithoutMember() async throws {
        let first = EventRecorder<Int>()
        let second = EventRecorder<Int>()
        let leaving = try await self.bus.subscribe(to: Step.self, group: "g") { first.record($0.number) }
        try await self.bus.subscribe(to: Step.self, group: "g") { second.record($0.number) }

        await leaving.cancel()
        for number in 0..<100 { try await self.bus.publish(Step(number: number)) }
        #expect(try await second.expect(100) == Array(0..<100))
        #expect(first.count == 0)
    }

    @Test("hands a message on when the member that was woken for it is cancelled", arguments: 0..<50)
    func handsOn(round: Int) async throws {
        let bus = EventBus()
        let seen = EventRecorder<Int>()
        @Sendable func read(_ deliveries: Deliveries) async {
            do {
                for try await delivery in deliveries {
                    seen.record((try? delivery.message.payload.decode(as: Int.self, codec: JSONCodec())) ?? -1)
                }
            } catch {}
        }
        let first = try await bus.deliveries(of: "numbers", group: "g")
        let second = try await bus.deliveries(of: "numbers", group: "g")
        let readers = [Task { await read(first) }, Task { await read(second) }]

        async let published = bus.publish(round, to: "numbers")
        readers[1].cancel()
        _ = try await published
        #expect(try await seen.next() == round)
        readers[0].cancel()
    }

    @Test("runs as many handlers at once as a subscription's concurrency says")
    func hasConcurrency() async throws {
        let gate = Gate()
        try await self.bus.subscribe(to: Step.self, with: HandlerSettings(concurrency: 3)) { _ in
            try await gate.pass()
        }

        for number in 0..<5 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(3)
        #expect(try await self.bus.metrics().queues.inFlight == 3)
        gate.open()
        await self.bus.settled()
        #expect(try await self.bus.metrics().queues.acknowledged == 5)
    }
}
