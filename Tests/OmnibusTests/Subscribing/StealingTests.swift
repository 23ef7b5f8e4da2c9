// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Synchronization
import Testing

/// Workers of a group take events ahead; whoever is free takes them away again.
@Suite("What a member of a group has taken ahead", .timeLimit(.minutes(5)))
struct StealingTests {
    private let bus = EventBus()

    /// Four members, one of which is held at a number; the others see what they handle.
    private func subscribe(_ seen: EventRecorder<Int>, holding held: Int, _ gate: Gate) async throws -> [Subscription] {
        var members: [Subscription] = []
        for _ in 0..<4 {
            members.append(
                try await self.bus.subscribe(to: Step.self, group: "workers") { step in
                    if step.number == held { try await gate.pass() }
                    seen.record(step.number)
                }
            )
        }
        return members
    }

    @Test("waits for no handler, whoever is held and when", arguments: [0, 1, 70, 333, 998])
    func isStolen(held: Int) async throws {
        let gate = Gate()
        let seen = EventRecorder<Int>()
        _ = try await self.subscribe(seen, holding: held, gate)

        for number in 0..<1_000 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        _ = try await seen.expect(999)
        #expect(Set(seen.all) == Set(0..<1_000).subtracting([held]))
        gate.open()
        await self.bus.settled()
        #expect(seen.count == 1_000)
    }

    @Test("comes to the others when the member is cancelled")
    func isGivenBack() async throws {
        let gate = Gate()
        let seen = EventRecorder<Int>()
        let members = try await self.subscribe(seen, holding: 0, gate)

        for number in 0..<500 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        for member in members.dropFirst() { await member.cancel() }
        gate.open()
        await self.bus.settled()
        for number in 500..<600 { try await self.bus.publish(Step(number: number)) }
        try await self.bus.shutdown()
        let metrics = try await self.bus.metrics().queues
        #expect(seen.count + metrics.abandoned == 600)
        #expect(Set(seen.all).count == seen.count)
    }

    @Test("stays with the others while all but one are paused")
    func pausing() async throws {
        let seen = EventRecorder<Int>()
        let members = try await self.subscribe(seen, holding: -1, Gate())
        for member in members.dropFirst() { try await member.pause() }

        for number in 0..<500 { try await self.bus.publish(Step(number: number)) }
        _ = try await seen.expect(500)
        #expect(seen.all == Array(0..<500))
    }

    @Test("counts against the bound of the queue")
    func isBounded() async throws {
        let gate = Gate()
        var settings = HandlerSettings()
        settings.bounds = QueueBounds(count: 64)
        settings.overflow = .reject
        for _ in 0..<2 {
            try await self.bus.subscribe(to: Step.self, group: "workers", with: settings) { _ in try await gate.pass() }
        }

        var accepted = 0
        for number in 0..<200 {
            do {
                try await self.bus.publish(Step(number: number))
                accepted += 1
            } catch let error as OmnibusError {
                #expect(error.code == .overflow)
            }
        }
        // Two are with the handlers, or on their way to them.
        #expect((64...66).contains(accepted))
        gate.open()
        await self.bus.settled()
        #expect(try await self.bus.metrics().queues.acknowledged == accepted)
    }

    @Test("gives way to what is more urgent")
    func isOvertaken() async throws {
        let gate = Gate()
        let seen = EventRecorder<Int>()
        _ = try await self.subscribe(seen, holding: 0, gate)
        for number in 0..<200 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)

        let urgent = EventRecorder<String>()
        try await self.bus.subscribe(to: "alarm", group: "workers") { urgent.record($0.message.topic.name) }
        var message = Message(topic: "alarm", bytes: [])
        message.priority = .critical
        try await self.bus.publish(message)
        #expect(try await urgent.next() == "alarm")
        gate.open()
        await self.bus.settled()
        #expect(seen.count == 200)
    }

    @Test("is handled once, with many members, publishers and concurrency")
    func isHandledOnce() async throws {
        let seen = Mutex([Int](repeating: 0, count: 20_000))
        for _ in 0..<8 {
            try await self.bus.subscribe(
                to: Step.self,
                group: "workers",
                with: HandlerSettings(concurrency: 2)
            ) { step in
                if step.number.isMultiple(of: 97) { await Task.yield() }
                seen.withLock { $0[step.number] += 1 }
            }
        }
        await withTaskGroup { group in
            for part in 0..<4 {
                group.addTask { [bus] in
                    for number in 0..<5_000 { _ = try? await bus.publish(Step(number: part * 5_000 + number)) }
                }
            }
        }
        await self.bus.settled()
        #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
        #expect(try await self.bus.metrics().queues.inFlight == 0)
    }
}
