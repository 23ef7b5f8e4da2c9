// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus
import Synchronization

/// Runs concurrent code on one thread, in an order and at a time that follow from a seed.
///
/// Each seed gives one of the orders in which the code's tasks may run. Run many seeds to find a race; run the one that
/// failed again to see the same thing happen again. Time is virtual: it passes only when nothing is ready to run, so
/// that an hour of retries takes no time.
///
/// ```swift
/// let simulation = Simulation(seed: 42)
/// let total = try simulation.run {
///     let bus = EventBus(environment: simulation.environment)
///     …
/// }
/// ```
///
/// What runs under the seed: the body, its child tasks (`async let`, task groups), actors that they call, the bus and
/// everything that the bus starts, and `Task(executorPreference: simulation.executor)`. What escapes: `Task {}` and
/// `Task.detached` without an executor, `Task.sleep`, the main actor, actors with executors of their own, and threads.
/// Work that comes back from there ends the simulation with ``SimulationError/Reason/escaped``.
public final class Simulation: Sendable {
    /// How far a simulation may go before it counts as endless.
    public struct Limits: Sendable, Hashable {
        /// How many pieces of work, each one from one suspension to the next, may run.
        public var steps: Int
        /// How much virtual time may pass.
        public var uptime: Duration

        /// Creates limits.
        public init(steps: Int = 1_000_000, uptime: Duration = .seconds(7 * 86_400)) {
            self.steps = steps
            self.uptime = uptime
        }
    }

    private struct State {
        var scheduler: SimulationScheduler
        var trace = SimulationTrace()
        var steps = 0
    }

    /// What the order, the random numbers and the ids follow from.
    public let seed: UInt64
    /// How far the simulation may go.
    public let limits: Limits
    /// The virtual time: sleep on it, read it; the simulation advances it.
    public let clock: ManualClock
    /// Random numbers for the simulated code.
    public let random: SeededRandom

    private let runner: SimulationExecutor
    private let state: Mutex<State>

    /// Creates a simulation in which nothing has happened.
    public init(seed: UInt64, limits: Limits = Limits()) {
        self.seed = seed
        self.limits = limits
        self.clock = ManualClock()
        var seeds = SplitMix64(seed: seed)
        self.random = SeededRandom(seed: seeds.next())
        self.runner = SimulationExecutor()
        self.state = Mutex(State(scheduler: SimulationScheduler(seed: seeds.next())))
    }

    /// Where the simulated tasks run, for `Task(executorPreference:)` in code that is simulated.
    public var executor: any TaskExecutor { self.runner }

    /// What a bus, a broker and their like take from the outside: the simulation's clock, random numbers and executor.
    public var environment: BusEnvironment {
        BusEnvironment(clock: self.clock, random: self.random, executor: self.runner)
    }

    /// Writes a line into the trace.
    ///
    /// Use names of your own in it. Ids are fine; addresses and the order of a `Set` differ from run to run.
    public func note(_ text: String) {
        let uptime = self.clock.uptime()
        self.state.withLock { state in
            state.trace.append(SimulationTrace.Line(step: state.steps, uptime: uptime, text: text))
        }
    }

    /// What has happened so far.
    public var trace: SimulationTrace { self.state.withLock { $0.trace } }

    /// How many steps have run so far.
    public var steps: Int { self.state.withLock { $0.steps } }

    /// Runs a function to its end on the calling thread, and then what is ready, without letting more time pass.
    ///
    /// Call it from synchronous code, or from a test that can do without its thread for a while. One run at a time; a
    /// further one goes on where the last one has ended.
    ///
    /// - Throws: what the function throws; ``SimulationError`` when it cannot go on, or goes on for too long. The
    ///   function's task is cancelled then, and what does not end by that is never run again.
    public func run<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) throws -> Result {
        let outcome = Outcome<Result>()
        return try self.runner.withThread {
            let task = Task.detached(executorPreference: self.runner) {
                do {
                    outcome.finish(.success(try await body()))
                } catch {
                    outcome.finish(.failure(error))
                }
            }
            do {
                while !outcome.isFinished { try self.step() }
                while try self.runReady() {}
            } catch {
                // What notices the cancellation may clean up; nothing is waited for.
                task.cancel()
                var rest = 10_000
                while rest > 0, self.runner.runOne({ _ in 0 }) != nil { rest -= 1 }
                throw error
            }
            return try outcome.result(or: self.error(.deadlock))
        }
    }

    // MARK: Steps

    private func step() throws(SimulationError) {
        if try self.runReady() { return }
        guard let wait = self.clock.timeToNextTimer else { throw self.error(.deadlock) }
        guard self.clock.uptime() + wait <= self.limits.uptime else { throw self.error(.tooMuchTime) }
        self.clock.advance(by: wait)
    }

    /// Runs one job; returns false when none was ready.
    private func runReady() throws(SimulationError) -> Bool {
        guard self.steps < self.limits.steps else { throw self.error(.tooManySteps) }
        let ran = self.runner.runOne { count in
            self.state.withLock { state in
                let index = state.scheduler.choose(from: count)
                state.steps += 1
                state.trace.mix(UInt64(truncatingIfNeeded: count) << 32 | UInt64(truncatingIfNeeded: index))
                return index
            }
        }
        guard self.runner.foreignJobs == 0 else { throw self.error(.escaped) }
        return ran != nil
    }

    private func error(_ reason: SimulationError.Reason) -> SimulationError {
        SimulationError(reason: reason, seed: self.seed, steps: self.steps, uptime: self.clock.uptime())
    }
}

extension Simulation: CustomStringConvertible {
    /// The seed that brings a run back.
    public var description: String { "Simulation(seed: \(self.seed))" }
}

/// What a simulation's body has returned or thrown.
private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)

    var isFinished: Bool { self.result.withLock { $0 != nil } }

    func finish(_ result: Result<Value, any Error>) {
        self.result.withLock { $0 = result }
    }

    func result(or missing: any Error) throws -> Value {
        guard let result = self.result.withLock({ $0 }) else { throw missing }
        return try result.get()
    }
}
