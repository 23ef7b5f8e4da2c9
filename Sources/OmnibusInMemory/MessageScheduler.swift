// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import Synchronization

/// The messages of a broker that wait for their time, and the one timer that is set for the earliest of them.
///
/// Its lock comes before a stripe's; nothing foreign runs under it.
package final class MessageScheduler: Sendable {
    /// A message that was accepted and is not due yet.
    struct Waiting: Sendable {
        var message: Message
        /// When it is due, by the wall clock at the time of the call.
        var due: Timestamp
        /// The bus that has scheduled it; nil where the broker was asked directly.
        var owner: ObjectIdentifier?
        /// The window that remembers the message, and lets go of it when it is cancelled.
        var window: DeduplicationStore?
    }

    private struct State {
        var entries: ScheduledEntries<Waiting>
        var timer: (number: UInt64, id: TimerID?, due: Duration)?
        var lastTimer: UInt64 = 0
        /// Whether somebody delivers what is due; others leave it to them, so that the order is kept.
        var isDelivering = false
        /// Messages that were taken out and are not counted elsewhere yet.
        var delivering = 0
        var isClosed = false
    }

    private let clock: any BusClock
    private let state: Mutex<State>

    init(clock: any BusClock, limits: InMemoryBroker.Limits) {
        self.clock = clock
        let entries = ScheduledEntries<Waiting>(
            maximumCount: limits.scheduledMessages,
            maximumBytes: limits.scheduledBytes
        )
        self.state = Mutex(State(entries: entries))
    }

    /// Adds a message; nil where the store is full, or closed.
    func add(_ waiting: Waiting, due: Duration, deliver: @escaping @Sendable () -> Void) -> UInt64? {
        let size = waiting.message.estimatedSize
        let id = self.state.withLock { $0.isClosed ? nil : $0.entries.add(waiting, due: due, size: size) }
        if id != nil { self.arm(deliver) }
        return id
    }

    /// Takes a message out before its time; nil where that is over.
    ///
    /// - Parameter count: counts the call, while nobody can see it in neither count.
    func cancel(_ id: UInt64, count: (Message) -> Void) -> Waiting? {
        let (waiting, timer) = self.state.withLock { state -> (Waiting?, TimerID?) in
            guard let waiting = state.entries.cancel(id) else { return (nil, nil) }
            count(waiting.message)
            return (waiting, Self.unusedTimer(&state))
        }
        if let timer { self.clock.cancel(timer) }
        return waiting
    }

    /// Takes out all messages of an owner, or of everybody, and accepts no more from everybody then.
    func cancelAll(of owner: ObjectIdentifier?, count: (Message) -> Void) -> [Waiting] {
        let (removed, timer) = self.state.withLock { state -> ([Waiting], TimerID?) in
            if owner == nil { state.isClosed = true }
            let removed = state.entries.removeAll { owner == nil || $0.owner == owner }
            for waiting in removed { count(waiting.message) }
            return (removed, Self.unusedTimer(&state))
        }
        if let timer { self.clock.cancel(timer) }
        return removed
    }

    /// All that waits, the earliest first.
    var all: [(id: UInt64, waiting: Waiting)] {
        self.state.withLock { state in state.entries.sorted.map { ($0.id, $0.element) } }
    }

    /// When the earliest message of an owner is due; O(n) in all that wait.
    package func nextDue(of owner: ObjectIdentifier) -> Duration? {
        self.state.withLock { $0.entries.earliest { $0.owner == owner } }
    }

    /// Hands out how many messages wait, none of which becomes due meanwhile.
    func withCount<Result>(_ body: (Int) -> Result) -> Result {
        self.state.withLock { body($0.entries.count + $0.delivering) }
    }

    // MARK: Time

    /// Delivers what is due, one after the other.
    ///
    /// - Parameters:
    ///   - deliver: offers a message to whoever listens, with no lock held, and says how the call is to be counted.
    ///   - count: counts it.
    func deliverDue(_ deliver: (Message) -> CallCounts, count: (Message, CallCounts) -> Void) {
        while let waiting = self.takeDue() {
            let calls = deliver(waiting.message)
            self.state.withLock { state in
                count(waiting.message, calls)
                state.delivering = 0
                state.isDelivering = false
            }
        }
    }

    private func takeDue() -> Waiting? {
        let now = self.clock.uptime()
        return self.state.withLock { state in
            guard !state.isDelivering, let waiting = state.entries.takeDue(by: now) else { return nil }
            state.isDelivering = true
            state.delivering = 1
            return waiting
        }
    }

    /// Sees to it that there is a timer for the earliest message.
    func arm(_ deliver: @escaping @Sendable () -> Void) {
        let armed = self.state.withLock { state -> (number: UInt64, due: Duration, replaced: TimerID?)? in
            // Whoever delivers sees to it when there is nothing more to deliver; a timer for now would only fire again.
            guard !state.isDelivering else { return nil }
            guard let due = state.entries.earliest, state.timer.map({ due < $0.due }) ?? true else { return nil }
            let replaced = state.timer?.id
            state.lastTimer += 1
            // Noted before it is set: it may fire before the clock has returned, and an earlier one may overtake it.
            state.timer = (state.lastTimer, nil, due)
            return (state.lastTimer, due, replaced)
        }
        guard let armed else { return }
        if let replaced = armed.replaced { self.clock.cancel(replaced) }
        let timer = self.clock.schedule(at: armed.due) {
            self.state.withLock { state in
                if state.timer?.number == armed.number { state.timer = nil }
            }
            deliver()
            self.arm(deliver)
        }
        let isCurrent = self.state.withLock { state -> Bool in
            guard state.timer?.number == armed.number else { return false }
            guard state.entries.count > 0 else {
                state.timer = nil
                return false
            }
            state.timer?.id = timer
            return true
        }
        if !isCurrent { self.clock.cancel(timer) }
    }

    /// The timer, where nothing is left that it could be for.
    private static func unusedTimer(_ state: inout State) -> TimerID? {
        guard state.entries.count == 0, let timer = state.timer, let id = timer.id else { return nil }
        state.timer = nil
        return id
    }
}
