// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Synchronization
import Testing

private struct Tick: Event {
    static let topic: Topic = "simulation.tick"
    var number: Int
}

private struct Failed: Error {}

private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isRaised: Bool { self.value.load(ordering: .acquiring) }
    func raise() { self.value.store(true, ordering: .releasing) }
}

@Suite("Simulation", .timeLimit(.minutes(5)))
struct SimulationTests {
    @Test("returns what its body returns and throws what it throws")
    func result() throws {
        #expect(try Simulation(seed: 1).run { 42 } == 42)
        #expect(throws: Failed.self) { try Simulation(seed: 1).run { throw Failed() } }
    }

    /// Runs three tasks that note each of their steps.
    private func race(_ seed: UInt64) throws -> SimulationTrace {
        let simulation = Simulation(seed: seed)
        try simulation.run {
            await withTaskGroup(of: Void.self) { group in
                for name in ["a", "b", "c"] {
                    group.addTask {
                        for step in 1...4 {
                            simulation.note("\(name)\(step)")
                            await Task.yield()
                        }
                    }
                }
            }
        }
        return simulation.trace
    }

    @Test("runs tasks in the same order for the same seed, and in others for other seeds")
    func order() throws {
        var orders: Set<[String]> = []
        for seed in UInt64(1)...50 {
            let first = try self.race(seed)
            let second = try self.race(seed)
            #expect(first.hash == second.hash)
            #expect(first.lines == second.lines)
            #expect(first.lines.count == 12)
            orders.insert(first.lines.map(\.text))
        }
        #expect(orders.count > 25)
    }

    @Test("lets time pass only when nothing is ready, from timer to timer")
    func time() throws {
        let simulation = Simulation(seed: 5)
        try simulation.run {
            await withTaskGroup(of: Void.self) { group in
                for seconds in [3600, 1, 60] {
                    group.addTask {
                        try? await simulation.clock.sleep(for: .seconds(seconds))
                        simulation.note("\(seconds)")
                    }
                }
            }
        }
        #expect(simulation.trace.lines.map(\.text) == ["1", "60", "3600"])
        #expect(simulation.trace.lines.map(\.uptime) == [.seconds(1), .seconds(60), .seconds(3600)])
        #expect("\(simulation.trace)".hasSuffix("3600000 ms: 3600"))
    }

    @Test("says that nothing can go on")
    func deadlock() throws {
        let simulation = Simulation(seed: 9)
        let gate = Gate()
        let error = #expect(throws: SimulationError.self) {
            try simulation.run { await gate.passStubbornly() }
        }
        #expect(error?.reason == .deadlock)
        #expect(error?.description.contains("seed 9,") == true)
        gate.open()
    }

    @Test("ends what runs in circles, and what waits for ever")
    func limits() throws {
        let circles = Simulation(seed: 1, limits: Simulation.Limits(steps: 100))
        let tooManySteps = #expect(throws: SimulationError.self) {
            try circles.run { while !Task.isCancelled { await Task.yield() } }
        }
        #expect(tooManySteps?.reason == .tooManySteps)
        #expect(tooManySteps?.steps == 100)

        let waits = Simulation(seed: 1, limits: Simulation.Limits(uptime: .seconds(10)))
        let tooMuchTime = #expect(throws: SimulationError.self) {
            try waits.run { while true { try await waits.clock.sleep(for: .seconds(1)) } }
        }
        #expect(tooMuchTime?.reason == .tooMuchTime)
        #expect(tooMuchTime?.uptime == .seconds(10))
    }

    @Test("notices work that has escaped to other threads")
    func escaped() throws {
        let simulation = Simulation(seed: 1)
        let gate = Gate()
        let error = #expect(throws: SimulationError.self) {
            try simulation.run {
                async let held: Void = gate.passStubbornly()
                try await gate.arrivals(1)
                let hasOpened = Flag()
                Task.detached {
                    gate.open()
                    hasOpened.raise()
                }
                // The simulation's thread waits here, until the other one has made its task ready.
                while !hasOpened.isRaised {}
                await held
            }
        }
        #expect(error?.reason == .escaped)
    }

    /// A bus with a retry, a request, concurrent handlers and its end; returns the trace.
    private func wholeBus(_ seed: UInt64) throws -> SimulationTrace {
        let simulation = Simulation(seed: seed)
        try simulation.run {
            let bus = EventBus(environment: simulation.environment)
            try await bus.subscribe(
                to: Tick.self,
                group: "g",
                with: HandlerSettings(concurrency: 3, failurePolicy: .retry(.exponential(), attempts: 3))
            ) { tick, delivery in
                simulation.note("tick \(tick.number) attempt \(delivery.attempt)")
                try await simulation.clock.sleep(for: .milliseconds(tick.number))
                if tick.number % 3 == 0 { throw Failed() }
            }
            await withTaskGroup(of: Void.self) { group in
                for start in [0, 10, 20] {
                    group.addTask {
                        for number in start..<(start + 5) { _ = try? await bus.publish(Tick(number: number)) }
                    }
                }
            }
            let report = try await bus.shutdown(deadline: .seconds(3600))
            simulation.note("drained \(report.drained), dead \(try bus.deadLetters.count)")
        }
        return simulation.trace
    }

    @Test("runs a whole bus, everything that it starts included")
    func bus() throws {
        var hashes: Set<UInt64> = []
        for seed in UInt64(1)...30 {
            let trace = try self.wholeBus(seed)
            #expect(try self.wholeBus(seed).hash == trace.hash)
            #expect(trace.lines.last?.text.hasSuffix("dead 5") == true)
            #expect(trace.lines.count == 15 + 5 * 2 + 1)
            hashes.insert(trace.hash)
        }
        #expect(hashes.count == 30)
    }

    @Test("finds the first seed that fails, and its trace")
    func search() throws {
        /// Two tasks read and write one number, with a suspension between; returns what it is in the end.
        func count(in simulation: Simulation) throws -> Int {
            try simulation.run {
                let numbers = EventRecorder<Int>()
                await withTaskGroup(of: Void.self) { group in
                    for name in ["a", "b"] {
                        group.addTask {
                            let number = numbers.all.last ?? 0
                            await Task.yield()
                            numbers.record(number + 1)
                            simulation.note("\(name) has written \(number + 1)")
                        }
                    }
                }
                return numbers.all.last ?? 0
            }
        }
        let failure = try #require(
            Simulation.firstFailure(in: 1...100) { if try count(in: $0) != 2 { throw Failed() } }
        )
        #expect(failure.error is Failed)
        #expect(failure.trace.lines.map(\.text.last) == ["1", "1"])
        let again = Simulation(seed: failure.seed)
        #expect(try count(in: again) == 1)
        #expect(again.trace.hash == failure.trace.hash)
        #expect(Simulation.firstFailure(in: 1...10) { _ = try count(in: $0) } == nil)
    }
}
