// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@Suite("A gate", .timeLimit(.minutes(5)))
struct GateTests {
    @Test("holds whoever comes until it is opened")
    func holds() async throws {
        let gate = Gate()
        let passed = EventRecorder<Int>()
        async let first: Void = Self.pass(gate, 1, passed)
        async let second: Void = Self.pass(gate, 2, passed)

        try await gate.arrivals(2)
        #expect(passed.count == 0)
        gate.open()
        try await first
        try await second
        try await gate.pass()
        #expect(Set(passed.all) == [1, 2])
    }

    @Test("lets one through and stays shut")
    func letsOneThrough() async throws {
        let gate = Gate()
        let passed = EventRecorder<Int>()
        async let first: Void = Self.pass(gate, 1, passed)
        try await gate.arrivals(1)
        async let second: Void = Self.pass(gate, 2, passed)
        try await gate.arrivals(2)

        gate.letOneThrough()
        try await first
        #expect(passed.all == [1])
        gate.open()
        try await second
    }

    @Test("lets a cancelled task go with an error")
    func cancels() async throws {
        let gate = Gate()
        let task = Task { try await gate.pass() }

        try await gate.arrivals(1)
        task.cancel()
        let error = await #expect(throws: OmnibusError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test("holds a stubborn task even if it is cancelled")
    func holdsTheStubborn() async throws {
        let gate = Gate()
        let passed = EventRecorder<Bool>()
        let task = Task {
            await gate.passStubbornly()
            passed.record(Task.isCancelled)
        }

        try await gate.arrivals(1)
        task.cancel()
        #expect(passed.count == 0)
        gate.open()
        await task.value
        #expect(passed.all == [true])
    }

    private static func pass(_ gate: Gate, _ number: Int, _ passed: EventRecorder<Int>) async throws {
        try await gate.pass()
        passed.record(number)
    }
}
