// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The timers of a clock, ordered by when they are due and, at the same time, by when they were scheduled.
///
/// A plain value: its owner protects it and calls the actions that it returns.
/// Scheduling and taking cost O(log n); cancelling costs O(1), the entry being dropped when it comes up.
package struct TimerQueue: Sendable {
    private var heap = DueHeap()
    private var actions: [UInt64: @Sendable () -> Void] = [:]
    private var lastID: UInt64 = 0

    package init() {}

    /// How many timers have neither fired nor been cancelled.
    package var count: Int { self.actions.count }

    /// When the earliest timer is due.
    package var earliest: Duration? {
        mutating get {
            while let first = self.heap.first {
                if self.actions[first.id] != nil { return first.due }
                self.heap.removeFirst()
            }
            return nil
        }
    }

    /// Adds a timer.
    package mutating func schedule(at due: Duration, _ action: @escaping @Sendable () -> Void) -> TimerID {
        self.lastID += 1
        self.actions[self.lastID] = action
        self.heap.insert(self.lastID, due: due)
        return TimerID(rawValue: self.lastID)
    }

    /// Forgets a timer; returns whether it was still there.
    @discardableResult
    package mutating func cancel(_ timer: TimerID) -> Bool {
        guard self.actions.removeValue(forKey: timer.rawValue) != nil else { return false }
        // Cancelled timers usually lie far ahead: without this, they would pile up until they come up.
        if self.heap.count > 64, self.heap.count > 4 * self.actions.count {
            self.heap.keep { self.actions[$0] != nil }
        }
        return true
    }

    /// Takes the earliest timer that is due by a time.
    package mutating func takeDue(by now: Duration) -> (@Sendable () -> Void)? {
        guard let earliest = self.earliest, earliest <= now, let first = self.heap.first else { return nil }
        self.heap.removeFirst()
        return self.actions.removeValue(forKey: first.id)
    }
}
