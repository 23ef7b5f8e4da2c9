// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Keeps the jobs that are ready until the simulation runs them, one at a time, on its one thread.
final class SimulationExecutor: TaskExecutor {
    private struct State {
        /// The jobs that are ready, ordered by when they became so.
        var ready: [UnownedJob] = []
        /// The thread that runs the jobs; nil while the simulation does not run.
        var thread: UInt?
        /// How many jobs came from other threads: from work that has escaped.
        var foreign = 0
    }

    private let state = Mutex(State())

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let thread = Self.currentThread
        self.state.withLock { state in
            state.ready.append(job)
            if let own = state.thread, own != thread { state.foreign += 1 }
        }
    }

    func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        UnownedTaskExecutor(ordinary: self)
    }

    /// Runs a function on the calling thread, during which jobs are expected from this thread alone.
    func withThread<Result>(_ body: () throws -> Result) rethrows -> Result {
        self.state.withLock { $0.thread = Self.currentThread }
        defer { self.state.withLock { $0.thread = nil } }
        return try body()
    }

    /// How many jobs came from other threads.
    var foreignJobs: Int { self.state.withLock { $0.foreign } }

    /// Runs one of the jobs that are ready; returns how many there were and which one it was, nil when there was none.
    func runOne(_ choose: (Int) -> Int) -> (ready: Int, index: Int)? {
        let choice = self.state.withLock { state -> (job: UnownedJob, ready: Int, index: Int)? in
            let count = state.ready.count
            guard count > 0 else { return nil }
            let index = choose(count)
            return (state.ready.remove(at: index), count, index)
        }
        guard let choice else { return nil }
        choice.job.runSynchronously(on: self.asUnownedTaskExecutor())
        return (choice.ready, choice.index)
    }

    private static var currentThread: UInt {
        #if canImport(Darwin)
            UInt(bitPattern: pthread_self())
        #else
            UInt(pthread_self())
        #endif
    }
}
