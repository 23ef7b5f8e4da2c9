// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus
import Synchronization

/// A clock that stands still until it is told how much time has passed.
///
/// The wall clock and the uptime move together, by ``advance(by:)``; ``jump(by:)`` moves the wall clock alone. A timer
/// fires on the thread that advances, while the clock shows the very time that the timer was set for.
///
/// ```swift
/// let clock = ManualClock()
/// let bus = EventBus(environment: BusEnvironment(clock: clock, random: SeededRandom(seed: 7)))
/// …
/// await bus.settled()             // the handler has failed and the message waits for its second attempt
/// clock.advance(by: .seconds(1))  // it is due
/// await bus.settled()             // it was handled
/// ```
public final class ManualClock: BusClock {
    private struct State {
        var uptime = Duration.zero
        /// By how much the wall clock has jumped.
        var jump = Duration.zero
        var timers = TimerQueue()
        /// Who waits for timers to be set, and for how many.
        var waiters: [(count: Int, pending: Pending<Bool>)] = []
    }

    private let state = Mutex(State())
    private let start: Timestamp

    /// Creates a clock whose uptime is zero.
    ///
    /// - Parameter start: what the wall clock shows until it is advanced; 2026-01-01T00:00:00Z unless said otherwise.
    public init(start: Timestamp = Timestamp(nanosecondsSinceEpoch: 1_767_225_600_000_000_000)) {
        self.start = start
    }

    /// Reads the start, and the time by which the clock was advanced and has jumped since.
    ///
    /// It stops at the ends of what 64 bits can say: the years 1677 and 2262.
    public func wallNanoseconds() -> Int64 {
        let elapsed = self.state.withLock { ($0.uptime + $0.jump).attoseconds / 1_000_000_000 }
        return Int64(clamping: Int128(self.start.nanosecondsSinceEpoch) + elapsed)
    }

    /// Reads the time by which the clock was advanced.
    public func uptime() -> Duration {
        self.state.withLock { $0.uptime }
    }

    /// Calls an action when the clock is advanced to a point; before this call returns, where the point is past.
    @discardableResult
    public func schedule(at uptime: Duration, _ action: @escaping @Sendable () -> Void) -> TimerID {
        let (timer, isDue, waiters) = self.state.withLock { state -> (TimerID, Bool, [Pending<Bool>]) in
            if uptime <= state.uptime {
                // The name of a timer that has fired already: nobody else gets it.
                let timer = state.timers.schedule(at: uptime, {})
                state.timers.cancel(timer)
                return (timer, true, [])
            }
            let timer = state.timers.schedule(at: uptime, action)
            let count = state.timers.count
            let waiters = state.waiters.filter { $0.count <= count }.map(\.pending)
            state.waiters.removeAll { $0.count <= count }
            return (timer, false, waiters)
        }
        if isDue { action() }
        for waiter in waiters { waiter.resolve(true) }
        return timer
    }

    /// Forgets a timer; one that has fired already is left alone.
    public func cancel(_ timer: TimerID) {
        self.state.withLock { _ = $0.timers.cancel(timer) }
    }

    /// Lets time pass, and fires the timers that become due: the earliest first, each one at its own time.
    ///
    /// What a timer's action schedules within the time is fired as well. The call does not wait for tasks that timers
    /// have woken up; `bus.settled()` does.
    ///
    /// - Parameter duration: how much; what is longer than ten thousand years counts as that.
    /// - Precondition: the duration is not negative.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "A clock is advanced by zero or more; use jump(by:) for the wall clock.")
        let end = self.state.withLock { $0.uptime + Self.bounded(duration) }
        while let action = self.state.withLock({ Self.takeNext(&$0, by: end) }) { action() }
    }

    /// Moves the wall clock alone, forward or back, as if somebody had set the machine's; timers do not notice.
    ///
    /// - Parameter duration: how far; what is longer than ten thousand years counts as that.
    public func jump(by duration: Duration) {
        self.state.withLock { $0.jump += Self.bounded(duration) }
    }

    /// Longer than any test needs, and short enough for sums.
    private static func bounded(_ duration: Duration) -> Duration {
        let limit = Duration.longestWait * 100
        return min(max(duration, .zero - limit), limit)
    }

    /// How many timers are set, sleeping tasks included.
    public var pendingTimers: Int { self.state.withLock { $0.timers.count } }

    /// How long it is until the earliest timer; nil when there is none.
    public var timeToNextTimer: Duration? {
        self.state.withLock { state in state.timers.earliest.map { $0 - state.uptime } }
    }

    /// Waits until there are at least so many timers, so that advancing the clock does not come before they are set.
    ///
    /// - Throws: ``OmnibusError`` with the code `cancelled` when the calling task is cancelled.
    public func timers(atLeast count: Int) async throws(OmnibusError) {
        let pending = self.state.withLock { state -> Pending<Bool>? in
            if state.timers.count >= count { return nil }
            let pending = Pending<Bool>()
            state.waiters.append((count, pending))
            return pending
        }
        guard let pending, await !pending.value(whenCancelled: false) else { return }
        self.state.withLock { state in state.waiters.removeAll { $0.pending === pending } }
        throw OmnibusError(.cancelled, "The task was cancelled while it waited for \(count) timers to be set.")
    }

    private static func takeNext(_ state: inout State, by end: Duration) -> (@Sendable () -> Void)? {
        guard let due = state.timers.earliest, due <= end else {
            state.uptime = max(state.uptime, end)
            return nil
        }
        state.uptime = max(state.uptime, due)
        return state.timers.takeDue(by: due)
    }
}

extension ManualClock: CustomStringConvertible {
    /// What the clock shows, and how many timers are set.
    public var description: String { "\(self.now), up for \(self.uptime()), \(self.pendingTimers) timers set" }
}
