// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A handler's time limit", .timeLimit(.minutes(5)))
struct HandlerTimeoutTests {
    /// The ways on which an event gets to a handler.
    enum Path: CaseIterable {
        case event, delivery, middleware
    }

    let manual = ManualEnvironment(seed: 71)
    let gate = Gate()
    let seen = EventRecorder<Int>()

    private func makeBus(_ path: Path, _ policy: FailurePolicy = .noRetry) -> EventBus {
        let passing = HandleMiddleware.around("passing") { delivery, next in try await next(delivery) }
        return self.manual.makeBus(
            settings: BusSettings(failurePolicy: policy, handleMiddleware: path == .middleware ? [passing] : [])
        )
    }

    private func subscribe(
        _ bus: EventBus,
        _ path: Path,
        _ settings: HandlerSettings = HandlerSettings(timeout: .seconds(10)),
        _ handler: @escaping @Sendable (Step) async throws -> Void
    ) async throws {
        switch path {
        case .event, .middleware: try await bus.subscribe(to: Step.self, with: settings, handler: handler)
        case .delivery: try await bus.subscribe(to: Step.self, with: settings) { step, _ in try await handler(step) }
        }
    }

    /// The wall clock's reading some time after the start.
    private func time(after seconds: Int64) -> Timestamp {
        Timestamp(nanosecondsSinceEpoch: 1_767_225_600_000_000_000 + seconds * 1_000_000_000)
    }

    @Test("has failed the attempt, whatever the handler settles afterwards")
    func settlesLate() async throws {
        let (bus, gate) = (self.makeBus(.delivery), self.gate)
        let errors = EventRecorder<OmnibusError.Code?>()
        try await bus.subscribe(to: Step.self, with: HandlerSettings(timeout: .seconds(5))) { _, delivery in
            await gate.passStubbornly()
            do throws(OmnibusError) {
                try await delivery.ack()
                errors.record(nil)
            } catch {
                errors.record(error.code)
            }
        }
        try await bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        self.manual.clock.advance(by: .seconds(5))
        while bus.stuckHandlers.isEmpty { await Task.yield() }
        gate.open()
        await bus.settled()
        #expect(errors.all == [.leaseLost])
        let queues = try await bus.metrics().queues
        #expect(queues.acknowledged == 0)
        #expect(queues.deadLettered == 1)
        #expect(queues.pending == 0)
    }

    @Test("does not concern a handler that is in time, and leaves nothing behind", arguments: Path.allCases)
    func letsBe(path: Path) async throws {
        let (bus, seen) = (self.makeBus(path), self.seen)
        try await self.subscribe(bus, path) { seen.record($0.number) }
        for number in 0..<50 { try await bus.publish(Step(number: number)) }

        await bus.settled()
        #expect(seen.all == Array(0..<50))
        #expect(try await bus.metrics().queues.acknowledged == 50)
        #expect(self.manual.clock.pendingTimers == 0)
        #expect(bus.stuckHandlers.isEmpty)
        try await bus.shutdown()
    }

    @Test("passes on what a handler throws in time", arguments: Path.allCases)
    func passesErrorsOn(path: Path) async throws {
        let bus = self.makeBus(path)
        try await self.subscribe(bus, path) { _ in throw Broken() }
        try await bus.publish(Step(number: 1))

        await bus.settled()
        #expect(try bus.deadLetters.list().first?.lastError?.error.contains("it is broken") == true)
        #expect(self.manual.clock.pendingTimers == 0)
        try await bus.shutdown()
    }

    @Test("cancels the handler, and fails the attempt by name", arguments: Path.allCases)
    func cancels(path: Path) async throws {
        let (bus, gate) = (self.makeBus(path), self.gate)
        try await self.subscribe(bus, path) { _ in try await gate.pass() }
        try await bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        self.manual.clock.advance(by: .seconds(9))
        #expect(try bus.deadLetters.count == 0)

        self.manual.clock.advance(by: .seconds(1))
        await bus.settled()
        let letter = try #require(try bus.deadLetters.list().first)
        let error = try #require(letter.lastError)
        #expect(error.error.contains("timeout"))
        #expect(error.error.contains("'job.step'"))
        #expect(error.error.contains("10.0 seconds"))
        #expect(error.error.contains("HandlerTimeoutTests.swift"))
        // That it was cancelled is no news: no cause is named.
        #expect(!error.error.contains("caused by"))
        #expect(error.time == self.time(after: 10))
        #expect(bus.stuckHandlers.isEmpty)
        #expect(self.manual.clock.pendingTimers == 0)
        try await bus.shutdown()
    }

    @Test("is over at a handler that ignores it, which keeps its place until it returns", arguments: Path.allCases)
    func waitsForTheStubborn(path: Path) async throws {
        let (bus, gate, seen) = (self.makeBus(path), self.gate, self.seen)
        let signals = EventRecorder<BusSignal>()
        bus.onSignal { signals.record($0) }
        try await self.subscribe(bus, path) { step in
            seen.record(step.number)
            if step.number == 1 { await gate.passStubbornly() }
        }
        try await bus.publish(Step(number: 1))
        try await bus.publish(Step(number: 2))
        try await gate.arrivals(1)
        self.manual.clock.advance(by: .seconds(10))
        try await self.manual.clock.timers(atLeast: 1)

        let stuck = try #require(bus.stuckHandlers.first)
        #expect(bus.stuckHandlers.count == 1)
        #expect(stuck.since == self.time(after: 10))
        #expect(stuck.subscription.pattern == "job.step")
        #expect(stuck.description.contains("HandlerTimeoutTests.swift"))
        #expect(signals.count == 0)
        self.manual.clock.advance(by: .seconds(1))
        #expect(signals.all.map(\.kind) == [.stuck])
        #expect(signals.all.first?.messageID == stuck.messageID)
        #expect(seen.all == [1])
        #expect(try bus.deadLetters.count == 0)

        self.manual.clock.advance(by: .seconds(100))
        self.gate.open()
        await bus.settled()
        #expect(bus.stuckHandlers.isEmpty)
        #expect(seen.all == [1, 2])
        // It has returned, without an error; it has failed all the same, and long ago.
        let letter = try #require(try bus.deadLetters.list().first)
        #expect(letter.message.id == stuck.messageID)
        #expect(letter.lastError?.time == self.time(after: 10))
        let queues = try await bus.metrics().queues
        #expect([queues.acknowledged, queues.deadLettered] == [1, 1])
        #expect(self.manual.clock.pendingTimers == 0)
        try await bus.shutdown()
    }

    @Test("leaves the other workers alone")
    func leavesOthers() async throws {
        let (bus, gate, seen) = (self.makeBus(.event), self.gate, self.seen)
        try await self.subscribe(bus, .event, HandlerSettings(concurrency: 2, timeout: .seconds(1))) { step in
            if step.number == 0 { await gate.passStubbornly() } else { seen.record(step.number) }
        }
        try await bus.publish(Step(number: 0))
        try await gate.arrivals(1)
        self.manual.clock.advance(by: .seconds(1))
        for number in 1...20 { try await bus.publish(Step(number: number)) }

        #expect(try await seen.expect(20) == Array(1...20))
        self.gate.open()
        await bus.settled()
        #expect(try bus.deadLetters.count == 1)
        try await bus.shutdown()
    }

    @Test("names what a handler throws after it as the cause", arguments: Path.allCases)
    func namesTheCause(path: Path) async throws {
        let (bus, gate) = (self.makeBus(path), self.gate)
        try await self.subscribe(bus, path) { _ in
            await gate.passStubbornly()
            throw Broken()
        }
        try await bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        self.manual.clock.advance(by: .seconds(10))
        try await self.manual.clock.timers(atLeast: 1)

        self.gate.open()
        await bus.settled()
        let error = try #require(try bus.deadLetters.list().first?.lastError?.error)
        #expect(error.contains("timeout"))
        #expect(error.contains("caused by it is broken"))
        try await bus.shutdown()
    }

    @Test("is over for a handler that takes just as long", arguments: Path.allCases)
    func isExclusive(path: Path) async throws {
        let (bus, clock) = (self.makeBus(path), self.manual.clock)
        try await self.subscribe(bus, path) { _ in try? await clock.sleep(for: .seconds(10)) }
        try await bus.publish(Step(number: 1))
        try await clock.timers(atLeast: 2)
        clock.advance(by: .seconds(10))

        await bus.settled()
        #expect(try bus.deadLetters.list().first?.lastError?.error.contains("timeout") == true)
        #expect(clock.pendingTimers == 0)
        try await bus.shutdown()
    }

    @Test("is a failure like any other: it is tried again, each attempt with the whole time", arguments: Path.allCases)
    func isRetried(path: Path) async throws {
        let (bus, gate) = (self.makeBus(path, .threeTimes), self.gate)
        try await self.subscribe(bus, path) { _ in try await gate.pass() }
        try await bus.publish(Step(number: 1))
        for attempt in 1...3 {
            try await gate.arrivals(attempt)
            self.manual.clock.advance(by: .seconds(10))
            await bus.settled()
            self.manual.clock.advance(by: .seconds(1))
        }

        let letter = try #require(try bus.deadLetters.list().first)
        #expect(letter.attempts.map(\.time) == [10, 21, 32].map(self.time(after:)))
        try await bus.shutdown()
    }

    @Test("is the bus's where a subscription names none, and the subscription's where it does")
    func hasDefault() async throws {
        let (gate, seen) = (self.gate, self.seen)
        let bus = self.manual.makeBus(
            settings: BusSettings(failurePolicy: .noRetry, handlerTimeout: .seconds(5))
        )
        try await bus.subscribe(to: "default") { _ in try await gate.pass() }
        try await bus.subscribe(to: "own", with: HandlerSettings(timeout: .seconds(20))) { _ in
            try await gate.pass()
            seen.record(1)
        }
        for topic in ["default", "own"] as [Topic] { try await bus.publish(1, to: topic) }
        try await gate.arrivals(2)
        self.manual.clock.advance(by: .seconds(5))
        gate.open()

        await bus.settled()
        #expect(try bus.deadLetters.list().map(\.message.topic) == ["default"])
        #expect(seen.all == [1])
        try await bus.shutdown()
    }

    @Test("does not undo what a handler has settled by hand")
    func leavesSettlements() async throws {
        let bus = self.makeBus(.delivery)
        let gate = self.gate
        let settings = HandlerSettings(acknowledging: .manual, timeout: .seconds(10))
        try await bus.subscribe(to: "settled", with: settings) { delivery in
            try await delivery.ack()
            try await gate.pass()
        }
        try await bus.subscribe(to: "forgotten", with: settings) { _ in try await gate.pass() }
        try await bus.subscribe(to: "kept", with: settings) { _ in }
        for topic in ["settled", "forgotten", "kept"] as [Topic] { try await bus.publish(1, to: topic) }
        try await gate.arrivals(2)
        self.manual.clock.advance(by: .seconds(10))
        // What was kept for later has no handler that could be late: the ack deadline is for that.
        while try bus.deadLetters.count == 0 { await Task.yield() }

        #expect(try bus.deadLetters.list().map(\.message.topic) == ["forgotten"])
        let queues = try await bus.metrics().queues
        #expect([queues.acknowledged, queues.deadLettered, queues.inFlight] == [1, 1, 1])
        try await bus.shutdown(deadline: .zero)
    }

    @Test("goes on while the bus shuts down, whose deadline cancels as well", arguments: Path.allCases)
    func meetsShutdown(path: Path) async throws {
        let (bus, gate, clock) = (self.makeBus(path), self.gate, self.manual.clock)
        try await self.subscribe(bus, path) { _ in try await gate.pass() }
        try await bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        // The handler's own timer, and the deadline's.
        let shutdown = Task { try await bus.shutdown(deadline: .seconds(3)) }
        try await clock.timers(atLeast: 2)
        clock.advance(by: .seconds(3))

        let report = try await shutdown.value
        #expect(report.wasCancelled)
        #expect(report.stuck.isEmpty)
        #expect(clock.pendingTimers == 0)
    }

    @Test("that is over before a shutdown's deadline lets the bus drain", arguments: Path.allCases)
    func drains(path: Path) async throws {
        let (bus, gate, clock) = (self.makeBus(path), self.gate, self.manual.clock)
        try await self.subscribe(bus, path) { _ in try await gate.pass() }
        try await bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        let shutdown = Task { try await bus.shutdown(deadline: .seconds(30)) }
        try await clock.timers(atLeast: 2)
        clock.advance(by: .seconds(10))

        let report = try await shutdown.value
        #expect(!report.wasCancelled)
        #expect(clock.pendingTimers == 0)
    }

    @Test("keeps the handler's causes", arguments: Path.allCases)
    func keepsCauses(path: Path) async throws {
        let bus = self.makeBus(path)
        let causes = try await bus.recorder(of: "job.step")
        let effects = try await bus.recorder(of: "job.done")
        try await self.subscribe(bus, path) { step in try await bus.publish(StepDone(number: step.number)) }
        for number in 0..<20 { try await bus.publish(Step(number: number)) }

        await bus.settled()
        #expect(effects.all.map(\.causationID) == causes.all.map(\.id))
        #expect(effects.count == 20)
        try await bus.shutdown()
    }

    @Test("is seen by middleware, which is not limited itself")
    func isInsideMiddleware() async throws {
        let codes = EventRecorder<OmnibusError.Code?>()
        let watching = HandleMiddleware.around("watching") { delivery, next in
            do {
                try await next(delivery)
            } catch {
                codes.record((error as? OmnibusError)?.code)
                throw error
            }
        }
        let bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .noRetry, handleMiddleware: [watching]))
        let gate = self.gate
        try await self.subscribe(bus, .event) { _ in try await gate.pass() }
        try await bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        self.manual.clock.advance(by: .seconds(10))

        await bus.settled()
        #expect(codes.all == [.timeout])
        try await bus.shutdown()
    }

    @Test("that makes no sense is refused by name, and one without an end is none")
    func validates() async throws {
        let bus = self.makeBus(.event)
        for timeout in [Duration.zero, .seconds(-1), Duration(attoseconds: .min)] {
            let error = await expectError(.invalidSettings) {
                try await bus.subscribe(to: Step.self, with: HandlerSettings(timeout: timeout)) { _ in }
            }
            #expect(error?.message.contains("'timeout'") == true)
            let strict = self.manual.makeBus(settings: BusSettings(handlerTimeout: timeout))
            let other = await expectError(.invalidSettings) { try await strict.subscribe(to: Step.self) { _ in } }
            #expect(other?.message.contains("'handlerTimeout'") == true)
            try await strict.shutdown()
        }
        await expectError(.invalidSettings) {
            _ = try await bus.deliveries(of: "job.step", with: HandlerSettings(timeout: .seconds(1)))
        }
        let seen = self.seen
        for timeout in [Duration(attoseconds: .max), .seconds(Int64.max), Duration(attoseconds: 1)] {
            try await bus.subscribe(to: Step.self, with: HandlerSettings(timeout: timeout)) { seen.record($0.number) }
        }
        try await bus.publish(Step(number: 1))
        await bus.settled()
        #expect(seen.all == [1, 1, 1])
        try await bus.shutdown()
    }

    @Test("starts no handler once the subscription is cancelled, or while it is paused", arguments: [true, false])
    func startsNothingAfterwards(isPaused: Bool) throws {
        for seed in UInt64(1)...60 {
            let simulation = Simulation(seed: seed)
            try simulation.run {
                let bus = EventBus(environment: simulation.environment)
                let seen = EventRecorder<String>()
                let settings = HandlerSettings(timeout: .seconds(1))
                let subscription = try await bus.subscribe(to: Step.self, with: settings) { _ in
                    seen.record("started")
                }
                try await bus.publish(Step(number: 1))
                for _ in 0..<seed % 4 { await Task.yield() }
                if isPaused { try await subscription.pause() } else { await subscription.cancel() }
                seen.record("stopped")

                await bus.settled()
                #expect(seen.all.last == "stopped", "seed \(seed)")
                if isPaused {
                    try await subscription.resume()
                    await bus.settled()
                    #expect(Set(seen.all) == ["started", "stopped"], "seed \(seed)")
                    #expect(try await bus.metrics().queues.retried == 0)
                }
                try await bus.shutdown()
            }
        }
    }
}
