// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The machine's clocks, and timers on Swift's own executor.
///
/// One task sleeps until the earliest timer is due. It is made and ended seldom: requests, which set a timer each and take
/// it back a microsecond later, would spend most of their time on it. So one that has less than a minute to sleep goes on
/// when its timer is taken back; where there is no timer for longer than that, there is no task.
public final class SystemClock: BusClock {
    private struct State {
        var timers = TimerQueue()
        /// The task that sleeps for the earliest timer, and what it sleeps until.
        var sleeper: (task: Task<Void, Never>, due: Duration)?
    }

    /// How long a task may sleep on without a timer.
    private static let longestRest = Duration.seconds(60)

    private let state = Mutex(State())
    private let origin = ContinuousClock.now

    /// Creates a clock with no timers.
    public init() {}

    /// Reads the system's real-time clock.
    public func wallNanoseconds() -> Int64 { Self.read(CLOCK_REALTIME) }

    /// Reads the kernel's last tick on Linux, a few milliseconds old at most; elsewhere the real-time clock.
    public func coarseWallNanoseconds() -> Int64 { Self.coarseWallNanoseconds }

    /// The same for those who know that this is the clock: reading it needs no object.
    package static var coarseWallNanoseconds: Int64 {
        #if canImport(Darwin)
            self.read(CLOCK_REALTIME)
        #else
            // Five nanoseconds instead of twenty-five, at the resolution of the kernel's tick.
            self.read(CLOCK_REALTIME_COARSE)
        #endif
    }

    /// Reads a clock of the C library's, in nanoseconds.
    @inline(__always)
    private static func read(_ clock: clockid_t) -> Int64 {
        // The time is written as two words, seconds and nanoseconds. They are read as such because which module the
        // members of `timespec` belong to depends on what was imported first.
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 2) { words in
            guard let place = words.baseAddress else { return 0 }
            place.initialize(repeating: 0, count: 2)
            clock_gettime(clock, UnsafeMutableRawPointer(place).assumingMemoryBound(to: timespec.self))
            return Int64(words[0]) * 1_000_000_000 + Int64(words[1])
        }
    }

    /// Reads the time since this clock was made, the time that the machine slept included.
    public func uptime() -> Duration {
        self.origin.duration(to: .now)
    }

    /// Calls an action once, on Swift's executor, when the uptime has reached a point.
    @discardableResult
    public func schedule(at uptime: Duration, _ action: @escaping @Sendable () -> Void) -> TimerID {
        self.state.withLock { state in
            let timer = state.timers.schedule(at: uptime, action)
            self.arm(&state)
            return timer
        }
    }

    /// Forgets a timer; one that has fired already is left alone.
    public func cancel(_ timer: TimerID) {
        self.state.withLock { state in
            state.timers.cancel(timer)
            // A sleeper for a timer that is gone wakes up once for nothing, unless that is far away.
            if state.timers.count == 0, let sleeper = state.sleeper, sleeper.due - self.uptime() > Self.longestRest {
                sleeper.task.cancel()
                state.sleeper = nil
            }
        }
    }

    /// Sees to it that somebody sleeps no longer than until the earliest timer.
    private func arm(_ state: inout State) {
        guard let due = state.timers.earliest else {
            state.sleeper = nil
            return
        }
        if let sleeper = state.sleeper {
            guard due < sleeper.due else { return }
            sleeper.task.cancel()
        }
        let deadline = self.origin.advanced(by: due)
        let task = Task.detached { [weak self] in
            try? await Task.sleep(until: deadline, tolerance: nil, clock: .continuous)
            guard !Task.isCancelled else { return }
            self?.fire()
        }
        state.sleeper = (task, due)
    }

    private func fire() {
        while let action = self.state.withLock({ $0.timers.takeDue(by: self.uptime()) }) {
            action()
        }
        self.state.withLock { state in
            state.sleeper = nil
            self.arm(&state)
        }
    }
}
