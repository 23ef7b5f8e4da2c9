// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@Suite("An event recorder", .timeLimit(.minutes(5)))
struct EventRecorderTests {
    struct Counted: Event, Equatable {
        static let topic: Topic = "recorder.counted"
        var number: Int
    }

    @Test("hands out each element once, in order")
    func handsOutInOrder() async throws {
        let recorder = EventRecorder<Int>()
        recorder.record(1)
        recorder.record(2)

        #expect(try await recorder.next() == 1)
        #expect(try await recorder.next() == 2)
        #expect(recorder.all == [1, 2])
    }

    @Test("waits for what has not happened yet")
    func waits() async throws {
        let recorder = EventRecorder<Int>()
        async let next = recorder.next()
        async let all = recorder.expect(2)

        recorder.record(1)
        recorder.record(2)
        #expect(try await next == 1)
        #expect(try await all == [1, 2])
    }

    @Test("gives two that wait two elements")
    func servesTwo() async throws {
        let recorder = EventRecorder<Int>()
        async let first = recorder.next()
        async let second = recorder.next()

        recorder.record(1)
        recorder.record(2)
        #expect(try await Set([first, second]) == [1, 2])
    }

    @Test("loses nothing to a task that is cancelled while it waits")
    func losesNothing() async throws {
        let recorder = EventRecorder<Int>()
        let waiter = Task { try await recorder.next() }

        waiter.cancel()
        let error = await #expect(throws: RecorderFailure.self) { try await waiter.value }
        #expect(error?.reason == .cancelled)
        recorder.record(1)
        #expect(try await recorder.next() == 1)
    }

    @Test("ends waiting for a number with the task")
    func cancelsExpecting() async throws {
        let recorder = EventRecorder<Int>()
        let waiter = Task { try await recorder.expect(1) }

        waiter.cancel()
        let error = await #expect(throws: RecorderFailure.self) { try await waiter.value }
        #expect(error?.reason == .cancelled)
        #expect(error?.description.contains("Nothing was recorded") == true)
    }

    @Test("records the events of a type")
    func recordsEvents() async throws {
        let bus = EventBus()
        let recorder = try await bus.recorder(of: Counted.self)

        for number in 0..<10 { try await bus.publish(Counted(number: number)) }
        #expect(try await recorder.expect(10) == (0..<10).map(Counted.init))
        try await bus.shutdown()
    }

    @Test("records the messages of a pattern")
    func recordsMessages() async throws {
        let bus = EventBus()
        let recorder = try await bus.recorder(of: "recorder.#")

        try await bus.publish(1, to: "recorder.one")
        try await bus.publish(2, to: "elsewhere")
        try await bus.publish(3, to: "recorder.three")
        #expect(try await recorder.expect(2).map(\.topic) == ["recorder.one", "recorder.three"])
        try await bus.shutdown()
        #expect(recorder.count == 2)
    }
}
