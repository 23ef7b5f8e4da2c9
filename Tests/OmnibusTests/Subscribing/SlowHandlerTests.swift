// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A group with a slow handler", .timeLimit(.minutes(5)))
struct SlowHandlerTests {
    let bus = EventBus()

    @Test("keeps no message waiting behind a handler that has become slow, for handlers of events alone")
    func worksAroundSlowHandler() async throws {
        let gate = Gate()
        let seen = EventRecorder<Int>()
        @Sendable func handle(_ step: Step) async throws {
            if step.number == 500 { try await gate.pass() }
            seen.record(step.number)
        }
        for _ in 0..<2 {
            try await self.bus.subscribe(to: Step.self, group: "workers") { step in try await handle(step) }
        }
        let publisher = Task { [bus] in
            for number in 0..<1_000 { try await bus.publish(Step(number: number)) }
        }
        try await gate.arrivals(1)
        try await publisher.value

        // What is left when nobody but the slow handler works is what the slow handler keeps back.
        while try await self.bus.metrics().queues.pending > self.bus.metrics().queues.inFlight { await Task.yield() }
        for _ in 0..<1_000 where seen.count < 999 { await Task.yield() }
        #expect(seen.count == 999)
        gate.open()
        await self.bus.settled()
    }
}
