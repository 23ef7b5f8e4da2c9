// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@Suite("What a test expects of an event recorder", .timeLimit(.minutes(5)))
struct RecorderExpectationTests {
    let recorder = EventRecorder<Int>()

    /// Expects that something fails, and returns how.
    private func failure(
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws(RecorderFailure) -> Void
    ) async throws -> RecorderFailure {
        do {
            try await body()
        } catch {
            return error
        }
        return try #require(nil, "nothing was thrown", sourceLocation: sourceLocation)
    }

    @Test("is met by the elements in their order, one call after the other")
    func inOrder() async throws {
        for number in 1...4 { self.recorder.record(number) }
        try await self.recorder.expectInOrder([1, 2])
        #expect(try await self.recorder.next() == 3)
        try await self.recorder.expectInOrder([4])
        try await self.recorder.expectInOrder([])
    }

    @Test("is waited for")
    func waits() async throws {
        let recorder = self.recorder
        let waiter = Task { try await recorder.expectInOrder([1, 2, 3]) }
        for number in 1...3 {
            await Task.yield()
            recorder.record(number)
        }
        try await waiter.value
    }

    @Test("fails at the first element that is out of order, and says what there was")
    func isOutOfOrder() async throws {
        for number in [1, 3, 2] { self.recorder.record(number) }
        let line = #line + 2
        let failure = try await self.failure { () throws(RecorderFailure) in
            try await self.recorder.expectInOrder([1, 2, 3])
        }

        #expect(failure.reason == .different)
        #expect(failure.count == 3)
        #expect(
            failure.description == """
                Expected 2 as number 2 of 3, but element 2 is 3 (at \
                OmnibusTestingTests/RecorderExpectationTests.swift:\(line)). 3 recorded:
                  - 1
                  - 3
                  - 2
                """
        )
    }

    @Test("is met in whatever order, each as often as it is named")
    func inAnyOrder() async throws {
        for number in [2, 1, 2, 5] { self.recorder.record(number) }
        try await self.recorder.expectInAnyOrder([1, 2, 2])
        #expect(try await self.recorder.next() == 5)
        try await self.recorder.expectInAnyOrder([])
    }

    @Test("fails at an element that is none of those expected")
    func isNoneOf() async throws {
        for number in [2, 2] { self.recorder.record(number) }
        let failure = try await self.failure { () throws(RecorderFailure) in
            try await self.recorder.expectInAnyOrder([1, 2, 3])
        }

        #expect(failure.reason == .different)
        #expect(failure.expected == "any of [1, 3]")
        #expect(failure.found == "element 2 is 2")
    }

    @Test("is an element that a condition is true for, recorded before or after")
    func waitsForCondition() async throws {
        let recorder = self.recorder
        for number in 1...3 { recorder.record(number) }
        #expect(try await recorder.wait { $0 > 1 } == 2)
        let waiter = Task { try await recorder.wait(for: { $0 == 40 }) }
        for number in 4...50 {
            if number.isMultiple(of: 7) { await Task.yield() }
            recorder.record(number)
        }
        #expect(try await waiter.value == 40)
        // Nothing was handed out.
        #expect(try await recorder.next() == 1)
    }

    @Test("asks its condition once of each element")
    func asksOnce() async throws {
        let recorder = self.recorder
        let asked = EventRecorder<Int>()
        let waiter = Task {
            try await recorder.wait { number in
                asked.record(number)
                return number == 9
            }
        }
        for number in 0...9 {
            recorder.record(number)
            try await asked.expect(number + 1)
        }
        _ = try await waiter.value
        #expect(asked.all == Array(0...9))
    }

    @Test("ends with its task, saying what it waited for")
    func isCancelled() async throws {
        let recorder = self.recorder
        recorder.record(1)
        let tasks = [
            Task { try await recorder.expectInOrder([1, 2]) }, Task { try await recorder.expectInAnyOrder([2]) },
            Task { _ = try await recorder.wait { $0 == 2 } }, Task { _ = try await recorder.expect(2) },
        ]
        for task in tasks { task.cancel() }
        for task in tasks {
            let failure = await #expect(throws: RecorderFailure.self) { try await task.value }
            #expect(failure?.recorded == ["1"])
        }
        let failure = await #expect(throws: RecorderFailure.self) { try await tasks[2].value }
        #expect(failure?.reason == .cancelled)
        #expect(failure?.description.contains("an element that the condition is true for") == true)
        #expect(failure?.description.contains("the task was cancelled") == true)
    }

    @Test("shows the first of many elements, and the beginning of long ones")
    func shortens() async throws {
        let texts = EventRecorder<String>()
        for _ in 0..<100 { texts.record(String(repeating: "x", count: 1_000)) }
        let failure = try await self.failure { () throws(RecorderFailure) in try await texts.expectInOrder(["y"]) }

        #expect(failure.count == 100)
        #expect(failure.recorded.count == 20)
        #expect(failure.description.hasSuffix("… and 80 more"))
        #expect(failure.description.count < 6_000)
    }

    @Test("may be a number that makes no sense", arguments: [0, -1, .min])
    func countsNothing(count: Int) async throws {
        self.recorder.record(1)
        #expect(try await self.recorder.expect(count) == [])
    }
}

@Suite("What a test expects not to be recorded", .timeLimit(.minutes(5)))
struct RecorderAbsenceTests {
    struct Order: Event, Equatable {
        static let topic: Topic = "absence.order"
        var number: Int
    }

    let manual = ManualEnvironment(seed: 3)

    @Test("is judged once the bus is settled")
    func isJudgedWhenSettled() async throws {
        let bus = self.manual.makeBus()
        let gate = Gate()
        let orders = EventRecorder<Order>()
        try await bus.subscribe(to: Order.self) { order in
            try await gate.pass()
            orders.record(order)
        }
        for number in 1...3 { try await bus.publish(Order(number: number)) }
        let judge = Task { try await orders.expectNone(on: bus) { $0.number == 3 } }
        let other = Task { try await orders.expectNone(on: bus) { $0.number == 4 } }
        try await gate.arrivals(1)
        gate.open()

        let failure = await #expect(throws: RecorderFailure.self) { try await judge.value }
        #expect(failure?.reason == .unexpected)
        #expect(failure?.found == "element 3 is Order(number: 3)")
        #expect(failure?.count == 3)
        try await other.value
        try await bus.shutdown()
    }

    @Test("is anything that was not handed out")
    func isMore() async throws {
        let bus = self.manual.makeBus()
        let orders = try await bus.recorder(of: Order.self)
        try await orders.expectNoMore(on: bus)
        try await bus.publish(Order(number: 1))
        try await orders.expectInOrder([Order(number: 1)])
        try await orders.expectNoMore(on: bus)
        try await bus.publish(Order(number: 2))

        let failure = await #expect(throws: RecorderFailure.self) { try await orders.expectNoMore(on: bus) }
        #expect(failure?.expected == "no element after number 1, the last that was handed out")
        #expect(failure?.found == "element 2 is Order(number: 2)")
        try await bus.shutdown()
    }

    @Test("is not known when the task is cancelled")
    func isUnknown() async throws {
        let bus = self.manual.makeBus()
        let gate = Gate()
        let orders = EventRecorder<Order>()
        try await bus.subscribe(to: Order.self) { _ in try await gate.pass() }
        try await bus.publish(Order(number: 1))
        let judge = Task { try await orders.expectNoMore(on: bus) }
        try await gate.arrivals(1)
        judge.cancel()

        let failure = await #expect(throws: RecorderFailure.self) { try await judge.value }
        #expect(failure?.reason == .cancelled)
        gate.open()
        try await bus.shutdown()
    }
}
