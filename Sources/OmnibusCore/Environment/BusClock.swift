// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// The time that a bus lives in: a wall clock, a clock that never goes back, and timers.
///
/// Production uses ``SystemClock``; tests hand in one that they move themselves.
public protocol BusClock: Sendable {
    /// Reads the wall clock, in nanoseconds since 1970-01-01T00:00:00Z. It may jump in either direction.
    func wallNanoseconds() -> Int64

    /// Reads the wall clock cheaply, a few milliseconds old at most. It is read for every message.
    func coarseWallNanoseconds() -> Int64

    /// Reads the clock that never goes back, as the time since an origin of the clock's own choosing.
    func uptime() -> Duration

    /// Calls an action once, when the uptime has reached a point; a point in the past is due at once.
    ///
    /// The action runs on a thread of the clock's and must be short: it is there to wake something up.
    @discardableResult
    func schedule(at uptime: Duration, _ action: @escaping @Sendable () -> Void) -> TimerID

    /// Forgets a timer. One that has fired already, or is firing, is left alone.
    func cancel(_ timer: TimerID)
}

/// The name of one scheduled timer, unique for its clock.
public struct TimerID: Hashable, Sendable {
    package let rawValue: UInt64

    /// Creates the name of a timer, for those who write a clock.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }
}

extension BusClock {
    /// Reads the wall clock, for clocks that have no cheaper one.
    public func coarseWallNanoseconds() -> Int64 { self.wallNanoseconds() }

    /// The uptime at which a duration from now is over, for deadlines and delays of users.
    ///
    /// Nothing waits longer than a hundred years: what is longer counts as that, so that no sum overflows.
    package func deadline(after duration: Duration) -> Duration {
        self.uptime() + min(max(duration, .zero), .longestWait)
    }

    /// The wall clock's reading as a ``Timestamp``.
    public var now: Timestamp { Timestamp(nanosecondsSinceEpoch: self.wallNanoseconds()) }

    /// Waits for a time, on this clock.
    ///
    /// - Throws: ``OmnibusError`` with the code `cancelled`, promptly, when the calling task is cancelled.
    public func sleep(for duration: Duration) async throws(OmnibusError) {
        let waiting = Pending<Bool>()
        let timer = self.schedule(at: self.deadline(after: duration)) { waiting.resolve(true) }
        let isOver = await waiting.value(whenCancelled: false)
        guard isOver else {
            self.cancel(timer)
            throw OmnibusError(.cancelled, "The task was cancelled while it waited for \(duration).")
        }
    }
}

extension Duration {
    /// A hundred years: longer waits count as this.
    package static let longestWait = Duration.seconds(100 * 365 * 86_400)
}
