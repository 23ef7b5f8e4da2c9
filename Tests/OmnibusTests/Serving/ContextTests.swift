// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Contexts", .timeLimit(.minutes(5)))
struct ContextTests {
    /// Runs a function with whatever bus a context makes.
    private func use<Context: EventBusContext>(
        _ context: Context,
        _ body: (Context.Bus) async throws -> Void
    ) async throws {
        try await context.withEventBus(body)
    }

    @Test("make a bus, and end it on every path", arguments: [false, true])
    func endsBuses(throwing: Bool) async throws {
        let context = BusContext(settings: BusSettings(source: "orders"))
        let made = EventRecorder<EventBus>()
        let seen = EventRecorder<Int>()

        do {
            try await self.use(context) { bus in
                made.record(bus)
                try await bus.subscribe(to: Step.self) { seen.record($0.number) }
                try await bus.publish(Step(number: 1))
                if throwing { throw Broken() }
            }
            #expect(!throwing)
        } catch is Broken {
            #expect(throwing)
        }
        #expect(seen.all == [1])
        #expect(made.all[0].settings.source == "orders")
        await expectError(.busClosed) { try await made.all[0].publish(Step(number: 2)) }
    }

    @Test("end the bus though the task is cancelled, and make a new one each time")
    func endsWhenCancelled() async throws {
        let context = BusContext()
        let made = EventRecorder<EventBus>()
        let seen = EventRecorder<Int>()
        for round in 0..<2 {
            let task = Task {
                try await context.withEventBus { bus in
                    made.record(bus)
                    try await bus.subscribe(to: Step.self) { seen.record($0.number) }
                    try await bus.publish(Step(number: round))
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            try await task.value
        }

        #expect(seen.all == [0, 1])
        #expect(made.all[0] !== made.all[1])
        #expect(made.all[0].busID != made.all[1].busID)
    }

    @Test("throw what making the provider throws")
    func failsToOpen() async {
        let context = BusContext { throw Broken() }

        await #expect(throws: Broken.self) { try await context.withEventBus { _ in } }
    }
}
