// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Synchronization
import Testing

@testable import Omnibus
@testable import OmnibusCore

@Suite("The members of a group", .timeLimit(.minutes(1)))
struct MixedGroupTests {
    enum Second: String, CaseIterable {
        case alike, limited, deliveries
    }

    let manual = ManualEnvironment(seed: 61)
    let gate = Gate()
    let done = EventRecorder<Int>()

    private func join(_ second: Second, _ bus: EventBus) async throws {
        let (gate, done) = (self.gate, self.done)
        if second == .deliveries {
            try await bus.subscribe(to: "job.step", group: "g") { delivery in
                try await gate.pass()
                done.record(1)
            }
            return
        }
        let settings = HandlerSettings(timeout: second == .limited ? .seconds(60) : nil)
        try await bus.subscribe(to: Step.self, group: "g", with: settings) { _ in
            try await gate.pass()
            done.record(1)
        }
    }

    /// How many messages workers have taken and not begun.
    private func held(_ bus: EventBus) -> Int {
        bus.memory?.lanes.map { lane in lane.state.withLock { $0.machine.held } }.reduce(0, +) ?? 0
    }

    @Test("take no message ahead that one of them cannot steal", arguments: Second.allCases, [false, true])
    func takesAhead(second: Second, isLate: Bool) async throws {
        let bus = self.manual.makeBus()
        let first = try await bus.subscribe(to: Step.self, group: "g") { [gate, done] _ in
            try await gate.pass()
            done.record(0)
        }
        // All are there before the first one takes any.
        try await first.pause()
        try await bus.publish(batch: (0..<60).map { Step(number: $0) })
        if !isLate { try await self.join(second, bus) }
        try await first.resume()
        if isLate {
            try await self.gate.arrivals(1)
            #expect(self.held(bus) > 0)
            try await self.join(second, bus)
            // The first one gives back what it has taken ahead, once it is asked.
            self.gate.letOneThrough()
            try await self.gate.arrivals(3)
        } else {
            try await self.gate.arrivals(2)
        }
        // What was given back is not taken ahead again.
        #expect((self.held(bus) > 0) == (second == .alike && !isLate))
        self.gate.open()
        await bus.settled()
        #expect(self.done.count == 60)
        #expect(Set(self.done.all) == [0, 1])
    }
}
