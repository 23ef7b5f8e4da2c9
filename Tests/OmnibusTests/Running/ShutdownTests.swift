// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A shutdown", .timeLimit(.minutes(5)))
struct ShutdownTests {
    let manual = ManualEnvironment(seed: 18)
    let bus: EventBus
    let gate = Gate()
    let seen = EventRecorder<Int>()

    init() {
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .threeTimes))
    }

    @Test("drains what is there, and counts it")
    func drains() async throws {
        let (gate, seen) = (self.gate, self.seen)
        try await self.bus.subscribe(to: Step.self) { step in
            try await gate.pass()
            seen.record(step.number)
        }
        for number in 0..<100 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        let shutdown = Task { [bus] in try await bus.shutdown(deadline: .seconds(5)) }
        try await self.manual.clock.timers(atLeast: 1)

        gate.open()
        let report = try await shutdown.value
        #expect(seen.all == Array(0..<100))
        #expect(report.drained == 100)
        #expect(report.abandoned == 0)
        #expect(!report.wasCancelled)
        #expect(report.stuck.isEmpty)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("counts what subscriptions that end meanwhile have drained and abandoned")
    func endsMeanwhile() async throws {
        let (bus, gate, seen) = (self.bus, self.gate, self.seen)
        let busy = try await bus.subscribe(to: "busy") { _ in }
        for _ in 0..<100 { try await bus.publish(1, to: "busy") }
        await bus.settled()
        let paused = try await bus.subscribe(to: "paused") { _ in }
        try await paused.pause()
        for _ in 0..<30 { try await bus.publish(1, to: "paused") }
        try await bus.subscribe(to: Step.self) { step in
            try await gate.pass()
            if step.number == 0 {
                await busy.cancel()
                await paused.cancel()
            }
            seen.record(step.number)
        }
        for number in 0..<50 { try await bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        let shutdown = Task { try await bus.shutdown(deadline: .seconds(5)) }
        try await self.manual.clock.timers(atLeast: 1)
        gate.open()
        let report = try await shutdown.value
        #expect(report.drained == 50)
        #expect(report.abandoned == 30)
    }

    @Test("lets handlers publish while it drains, and nobody else")
    func letsHandlersPublish() async throws {
        let (bus, gate, seen) = (self.bus, self.gate, self.seen)
        try await bus.subscribe(to: Step.self) { step in
            try await gate.pass()
            try await bus.publish(StepDone(number: step.number))
        }
        try await bus.subscribe(to: StepDone.self) { seen.record($0.number) }
        try await bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        let shutdown = Task { try await bus.shutdown(deadline: .seconds(5)) }
        try await self.manual.clock.timers(atLeast: 1)

        await expectError(.busClosed) { try await bus.publish(Step(number: 2)) }
        gate.open()
        #expect(try await shutdown.value.drained == 2)
        #expect(seen.all == [1])
    }

    @Test("leaves no timer on the clock that nothing waits for")
    func forgetsTimers() async throws {
        let kept = EventRecorder<Delivery>()
        try await self.bus.subscribe(to: Step.self) { _ in throw Broken() }
        try await self.bus.subscribe(
            to: "leased",
            with: HandlerSettings(acknowledging: .manual, ackDeadline: .seconds(60))
        ) { kept.record($0) }
        let single = try await self.bus.subscribe(to: "single") { try await $0.nack(after: .seconds(60)) }
        try await self.bus.publish(Step(number: 1))
        try await self.bus.publish(1, to: "leased")
        try await self.bus.publish(1, to: "single")
        try await kept.expect(1)
        try await self.manual.clock.timers(atLeast: 3)

        await single.cancel()
        #expect(self.manual.clock.pendingTimers == 2)
        try await self.bus.shutdown(deadline: .zero)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("makes every further call fail by name, and changes nothing")
    func refusesAfterwards() async throws {
        let publisher = try await self.bus.publisher(of: Step.self)
        try await self.bus.shutdown()
        let bus = self.bus

        await expectError(.busClosed) { try await bus.publish(Step(number: 1)) }
        await expectError(.busClosed) { try await bus.publish(1, to: "x") }
        await expectError(.busClosed) { try await bus.publish(bytes: [1], to: "x") }
        await expectError(.busClosed) { try await bus.publish(Message(topic: "x", payload: 1)) }
        await expectError(.busClosed) { try await bus.publish(batch: [Step(number: 1)]) }
        await expectError(.busClosed) { try bus.publishNow(Step(number: 1)) }
        await expectError(.busClosed) { try await publisher.publish(Step(number: 1)) }
        await expectError(.busClosed) { try publisher.publishNow(Step(number: 1)) }
        await expectError(.busClosed) { _ = try await bus.publisher(of: Step.self) }
        await expectError(.busClosed) { try await bus.subscribe(to: Step.self) { _ in } }
        await expectError(.busClosed) { _ = try await bus.deliveries(of: "#") }
        await expectError(.busClosed) { try bus.observe(Step.self) { _ in } }
        await expectError(.busClosed) { try await bus.respond(to: "x", as: Int.self) { $0 } }
        await expectError(.busClosed) { _ = try await bus.request(1, to: "x", as: Int.self) }
        #expect(try await bus.metrics().subscriptions == 0)
    }

    @Test("cancels handlers at the deadline, and counts what is abandoned")
    func cancelsAtDeadline() async throws {
        let (gate, seen) = (self.gate, self.seen)
        try await self.bus.subscribe(to: Step.self) { step in
            do {
                try await gate.pass()
            } catch {
                seen.record(step.number)
                throw error
            }
        }
        for number in 0..<10 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        let shutdown = Task { [bus] in try await bus.shutdown(deadline: .seconds(5)) }
        try await self.manual.clock.timers(atLeast: 1)

        self.manual.clock.advance(by: .seconds(5))
        let report = try await shutdown.value
        #expect(report.wasCancelled)
        #expect(seen.all == [0])
        #expect(report.drained == 0)
        #expect(report.abandoned == 10)
        #expect(report.stuck.isEmpty)
        let queues = try await self.bus.metrics().queues
        #expect(queues.offered == 10)
        #expect(queues.abandoned == 10)
        #expect(queues.pending == 0)
    }

    @Test("gives all handlers that ignore their cancellation one second, not one after the other")
    func stuckSideBySide() async throws {
        let gate = self.gate
        for _ in 0..<2 {
            let settings = HandlerSettings(concurrency: 4)
            try await self.bus.subscribe(to: Step.self, with: settings) { _ in await gate.passStubbornly() }
        }
        for number in 0..<4 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(8)
        let start = self.manual.clock.uptime()
        let shutdown = Task { [bus] in try await bus.shutdown(deadline: .zero) }
        let isOver = Switch(isOn: false)
        let watching = Task {
            let report = try await shutdown.value
            isOver.turn(on: true)
            return report
        }
        while !isOver.isOn {
            // A tenth of a second at a time, each only while somebody waits for the clock.
            if self.manual.clock.pendingTimers > 0 { self.manual.clock.advance(by: .milliseconds(100)) }
            await Task.yield()
        }
        #expect(try await watching.value.stuck.count == 8)
        #expect(self.manual.clock.uptime() - start <= .milliseconds(1_500))
        #expect(self.manual.clock.pendingTimers == 0)
        gate.open()
    }

    @Test("names the subscription whose handler ignores its cancellation")
    func namesStuck() async throws {
        let gate = self.gate
        try await self.bus.subscribe(to: Step.self, group: "stubborn") { _ in await gate.passStubbornly() }
        try await self.bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        let shutdown = Task { [bus] in try await bus.shutdown(deadline: .seconds(5)) }
        try await self.manual.clock.timers(atLeast: 1)

        self.manual.clock.advance(by: .seconds(5))
        try await self.manual.clock.timers(atLeast: 1)
        self.manual.clock.advance(by: .seconds(1))
        let report = try await shutdown.value
        #expect(report.wasCancelled)
        #expect(report.stuck.count == 1)
        #expect(report.stuck.first?.contains("'stubborn'") == true)
        #expect(report.stuck.first?.contains("'job.step'") == true)
        gate.open()
    }

    @Test("gives every caller the same report")
    func reportsOnce() async throws {
        let gate = self.gate
        try await self.bus.subscribe(to: Step.self) { _ in try await gate.pass() }
        try await self.bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        let first = Task { [bus] in try await bus.shutdown(deadline: .seconds(5)) }
        try await self.manual.clock.timers(atLeast: 1)
        let second = Task { [bus] in try await bus.shutdown(deadline: .seconds(500)) }

        gate.open()
        let report = try await first.value
        #expect(report.drained == 1)
        #expect(try await second.value == report)
        #expect(try await self.bus.shutdown() == report)
    }

    @Test("waits for a retry that is due before the deadline")
    func waitsForRetries() async throws {
        let seen = self.seen
        try await self.bus.subscribe(to: Step.self) { _, delivery in
            seen.record(delivery.attempt)
            if delivery.attempt == 1 { throw Broken() }
        }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()
        let shutdown = Task { [bus] in try await bus.shutdown(deadline: .seconds(5)) }
        // The retry's own timer, the deadline, and the one that the shutdown waits with.
        try await self.manual.clock.timers(atLeast: 3)

        self.manual.clock.advance(by: .seconds(1))
        let report = try await shutdown.value
        #expect(seen.all == [1, 2])
        #expect(!report.wasCancelled)
        #expect(report.drained == 1)
    }

    @Test("does not wait for a retry that is due after the deadline, and counts it")
    func leavesLateRetries() async throws {
        let settings = HandlerSettings(failurePolicy: .retry(.fixed([], then: .seconds(60))))
        try await self.bus.subscribe(to: Step.self, with: settings) { _ in throw Broken() }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()

        let report = try await self.bus.shutdown(deadline: .seconds(5))
        #expect(!report.wasCancelled)
        #expect(report.abandoned == 1)
    }

    @Test("does not wait for a sequence that nobody reads")
    func ignoresUnread() async throws {
        let deliveries = try await self.bus.deliveries(of: "job.*")
        try await self.bus.publish(Step(number: 1))

        let report = try await self.bus.shutdown(deadline: .seconds(5))
        #expect(report.abandoned == 1)
        var iterator = deliveries.makeAsyncIterator()
        #expect(try await iterator.next() == nil)
    }

    @Test("ends a loop over a sequence")
    func endsLoops() async throws {
        let deliveries = try await self.bus.deliveries(of: "job.*")
        let seen = self.seen
        let reader = Task {
            for try await delivery in deliveries {
                seen.record(try delivery.message.payload.decode(as: Step.self, codec: JSONCodec()).number)
            }
        }
        for number in 0..<5 { try await self.bus.publish(Step(number: number)) }
        try await seen.expect(5)

        try await self.bus.shutdown()
        try await reader.value
        #expect(seen.all == Array(0..<5))
    }

    @Test("refuses a negative deadline, and goes on working")
    func refusesNegativeDeadline() async throws {
        await expectError(.invalidSettings) { try await self.bus.shutdown(deadline: .seconds(-1)) }
        try await self.bus.publish(Step(number: 1))
    }

    @Test("goes on when the task that waits for it is cancelled")
    func outlivesCaller() async throws {
        let gate = self.gate
        try await self.bus.subscribe(to: Step.self) { _ in try await gate.pass() }
        try await self.bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        let shutdown = Task { [bus] in try await bus.shutdown(deadline: .seconds(5)) }
        try await self.manual.clock.timers(atLeast: 1)

        shutdown.cancel()
        await expectError(.cancelled) { _ = try await shutdown.value }
        gate.open()
        #expect(try await self.bus.shutdown().drained == 1)
    }

    @Test("ends publishers that wait for room")
    func endsWaitingPublishers() async throws {
        let gate = self.gate
        let settings = HandlerSettings(bounds: QueueBounds(count: 1))
        try await self.bus.subscribe(to: Step.self, with: settings) { _ in try await gate.pass() }
        try await self.bus.publish(Step(number: 0))
        try await gate.arrivals(1)
        try await self.bus.publish(Step(number: 1))
        let publisher = Task { [bus] in try await bus.publish(Step(number: 2)) }
        try await self.manual.clock.timers(atLeast: 1)
        let shutdown = Task { [bus] in try await bus.shutdown(deadline: .seconds(1)) }
        try await self.manual.clock.timers(atLeast: 2)

        self.manual.clock.advance(by: .seconds(1))
        _ = await publisher.result
        #expect(try await shutdown.value.wasCancelled)
        #expect(self.manual.clock.pendingTimers == 0)
    }
}

@Suite("withEventBus", .timeLimit(.minutes(5)))
struct WithEventBusTests {
    @Test("returns what its body returns, when everything is handled")
    func returns() async throws {
        let seen = EventRecorder<Int>()
        let result = try await withEventBus { bus in
            try await bus.subscribe(to: Step.self) { seen.record($0.number) }
            for number in 0..<100 { try await bus.publish(Step(number: number)) }
            return "done"
        }

        #expect(result == "done")
        #expect(seen.all == Array(0..<100))
    }

    @Test("closes the bus when its body throws, and throws that")
    func throwsOn() async throws {
        let seen = EventRecorder<Int>()
        let kept = EventRecorder<EventBus>()
        await #expect(throws: Broken.self) {
            try await withEventBus { bus in
                kept.record(bus)
                try await bus.subscribe(to: Step.self) { seen.record($0.number) }
                try await bus.publish(Step(number: 1))
                throw Broken()
            }
        }

        #expect(seen.all == [1])
        let bus = try await kept.next()
        await expectError(.busClosed) { try await bus.publish(Step(number: 2)) }
    }

    @Test("drains and closes the bus when its task is cancelled")
    func closesWhenCancelled() async throws {
        let gate = Gate()
        let seen = EventRecorder<Int>()
        let task = Task {
            try await withEventBus { bus in
                try await bus.subscribe(to: Step.self) { seen.record($0.number) }
                try? await gate.pass()
                for number in 0..<100 { try bus.publishNow(Step(number: number)) }
            }
        }

        try await gate.arrivals(1)
        task.cancel()
        try await task.value
        #expect(seen.all == Array(0..<100))
    }

    @Test("has one clock for the bus and its broker")
    func hasOneClock() async throws {
        let manual = ManualEnvironment(seed: 1)
        try await withEventBus(environment: manual.environment) { bus in
            let seen = try await bus.recorder(of: "job.*")
            try await bus.publish(Step(number: 1))
            #expect(try await seen.next().acceptedAt == manual.clock.now)
        }
    }
}

@Suite("run()", .timeLimit(.minutes(5)))
struct RunTests {
    @Test("runs until its task is cancelled, and shuts the bus down then")
    func endsWithTask() async throws {
        let bus = EventBus()
        let seen = try await bus.recorder(of: Step.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.run() }
            for number in 0..<10 { try await bus.publish(Step(number: number)) }
            group.cancelAll()
            try await group.waitForAll()
        }

        #expect(seen.all == (0..<10).map(Step.init))
        await expectError(.busClosed) { try await bus.publish(Step(number: 10)) }
    }

    @Test("ends when the bus is shut down")
    func endsWithBus() async throws {
        let bus = EventBus()
        let running = Task { try await bus.run() }

        try await bus.shutdown()
        try await running.value
    }
}
