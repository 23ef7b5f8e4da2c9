// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Synchronization
import Testing

@Suite("A handler that does what it should not", .timeLimit(.minutes(5)))
struct HandlerFaultTests {
    let manual = ManualEnvironment(seed: 93)
    let seen = EventRecorder<Int>()

    private func makeBus(_ settings: BusSettings = BusSettings(failurePolicy: .noRetry)) -> EventBus {
        self.manual.makeBus(settings: settings)
    }

    /// DESIGN's equation for one queue, or several.
    private func expectExact(_ queues: QueueMetrics, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(queues.balance == 0, "\(queues)", sourceLocation: sourceLocation)
    }

    @Test("and throws a cancellation nobody has asked for has failed like any other")
    func throwsCancellation() async throws {
        let bus = self.makeBus()
        try await bus.subscribe(to: Step.self) { _ in throw CancellationError() }
        try await bus.subscribe(to: Step.self) { _, _ in throw CancellationError() }
        try await bus.publish(Step(number: 1))
        await bus.settled()

        #expect(try bus.deadLetters.list().map(\.reason) == [.retriesExhausted, .retriesExhausted])
        self.expectExact(try await bus.metrics().queues)
        try await assertClean(bus)
    }

    @Test("and throws an error with an endless description fills no header with it")
    func throwsAtLength() async throws {
        let bus = self.makeBus()
        try await bus.subscribe(to: Step.self) { _ in
            throw Broken(description: String(repeating: "\u{0}very broken\n", count: 50_000))
        }
        let dead = try await bus.recorder(of: "omnibus.dead.#")
        try await bus.publish(Step(number: 1))
        await bus.settled()

        #expect(try bus.deadLetters.count == 1)
        try await dead.expect(1)
        try await assertClean(bus)
    }

    @Test("and hangs until it is cancelled ends with the bus")
    func hangs() async throws {
        let bus = self.makeBus()
        let gate = Gate()
        try await bus.subscribe(to: Step.self, with: HandlerSettings(concurrency: 3)) { _ in try await gate.pass() }
        for number in 0..<5 { try await bus.publish(Step(number: number)) }
        try await gate.arrivals(3)

        let report = try await bus.shutdown(deadline: .zero)
        #expect(report.wasCancelled)
        #expect(report.stuck.isEmpty)
        try await assertClean(bus)
    }

    @Test("and ignores its cancellation is named, and leaves when it returns")
    func ignoresCancellation() async throws {
        let bus = self.makeBus()
        let gate = Gate()
        try await bus.subscribe(to: Step.self) { _ in await gate.passStubbornly() }
        try await bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        let shutdown = Task { try await bus.shutdown(deadline: .zero) }
        try await self.manual.clock.timers(atLeast: 1)
        self.manual.clock.advance(by: .seconds(1))

        let report = try await shutdown.value
        #expect(report.stuck.count == 1)
        #expect(report.stuck.first?.contains("HandlerFaultTests.swift") == true)
        #expect(bus.leaks().map(\.kind) == [.handler])
        gate.open()
        try await assertClean(bus)
    }

    @Test("and publishes to itself goes on, one after the other, for ever")
    func chains() async throws {
        let bus = self.makeBus()
        let seen = self.seen
        try await bus.subscribe(to: Step.self, with: HandlerSettings(bounds: QueueBounds(count: 1, cascade: 0))) {
            seen.record($0.number)
            if $0.number < 2_000 { try await bus.publish(Step(number: $0.number + 1)) }
        }
        try await bus.publish(Step(number: 1))
        await bus.settled()

        #expect(seen.all == Array(1...2_000))
        self.expectExact(try await bus.metrics().queues)
        try await assertClean(bus)
    }

    @Test("and publishes to itself more than it handles has failed when the cascade is full")
    func cascades() async throws {
        let bus = self.makeBus()
        let seen = self.seen
        let settings = HandlerSettings(bounds: QueueBounds(count: 4, cascade: 3))
        try await bus.subscribe(to: Step.self, with: settings) { step in
            seen.record(step.number)
            guard seen.count < 200 else { return }
            for next in 1...3 { try await bus.publish(Step(number: step.number + next)) }
        }
        try await bus.publish(Step(number: 1))
        await bus.settled()

        let letters = try bus.deadLetters.list(limit: .max)
        #expect(letters.count > 100)
        #expect(letters.allSatisfy { $0.lastError?.error.contains("overflow") == true })
        let queues = try await bus.metrics().queues
        #expect(queues.acknowledged + queues.deadLettered == seen.count)
        #expect(queues.refused > 0)
        self.expectExact(queues)
        try await assertClean(bus)
    }

    @Test("and subscribes inside itself gets what is published afterwards, not what it handles")
    func subscribesInside() async throws {
        let bus = self.makeBus()
        let seen = self.seen
        try await bus.subscribe(to: Step.self) { step in
            guard step.number == 1 else { return }
            try await bus.subscribe(to: Step.self) { seen.record($0.number) }
        }
        for number in 1...3 {
            try await bus.publish(Step(number: number))
            await bus.settled()
        }

        #expect(seen.all == [2, 3])
        try await assertClean(bus)
    }

    @Test("and ends its own subscription handles nothing more", arguments: [1, 4])
    func endsItself(concurrency: Int) async throws {
        let bus = self.makeBus()
        let (seen, own, gate) = (self.seen, EventRecorder<Subscription>(), Gate())
        let subscription = try await bus.subscribe(
            to: Step.self,
            with: HandlerSettings(concurrency: concurrency)
        ) { step in
            try await gate.pass()
            if step.number == 1 { await own.all.first?.cancel() }
            seen.record(step.number)
        }
        own.record(subscription)
        for number in 1...20 { try await bus.publish(Step(number: number)) }
        try await gate.arrivals(concurrency)
        gate.open()
        try await seen.wait { $0 == 1 }
        try await assertClean(bus)

        #expect(seen.count < 20 || concurrency > 1)
        #expect(concurrency > 1 || seen.all == [1])
        self.expectExact(try await bus.metrics().queues)
    }

    @Test("and ends another subscription, which is at work, lets it finish what it has in hand")
    func endsAnother() async throws {
        let bus = self.makeBus()
        let (seen, gate, ended) = (self.seen, Gate(), EventRecorder<Void>())
        let other = try await bus.subscribe(to: "job.other") { delivery in
            try await gate.pass()
            seen.record(1)
        }
        try await bus.subscribe(to: Step.self) { _ in
            await other.cancel()
            ended.record(())
        }
        for _ in 0..<3 { try await bus.publish(1, to: "job.other") }
        try await gate.arrivals(1)
        try await bus.publish(Step(number: 1))
        try await ended.expect(1)
        gate.open()
        try await assertClean(bus)

        #expect(seen.all == [1])
        self.expectExact(try await bus.metrics().queues)
    }

    @Test("and subscribes and unsubscribes all the time loses nobody else's messages")
    func churns() async throws {
        let bus = self.makeBus()
        let (seen, mine) = (self.seen, EventRecorder<Subscription>())
        try await bus.subscribe(to: Step.self) { seen.record($0.number) }
        try await bus.subscribe(to: Step.self, with: HandlerSettings(concurrency: 4)) { step in
            if step.number.isMultiple(of: 3), let oldest = mine.all.last { await oldest.cancel() }
            mine.record(try await bus.subscribe(to: Step.self, group: "g\(step.number % 5)") { _ in })
        }
        for number in 0..<300 { try await bus.publish(Step(number: number)) }
        await bus.settled()

        #expect(seen.all == Array(0..<300))
        #expect(mine.count == 300)
        self.expectExact(try await bus.metrics().queues)
        try await assertClean(bus)
    }
}
