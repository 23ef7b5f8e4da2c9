// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The timers of a clock, ordered by when they are due and, at the same time, by when they were scheduled.
///
/// A plain value: its owner protects it and calls the actions that it returns.
/// Scheduling and taking cost O(log n); cancelling costs O(1), the entry being dropped when it comes up.
package struct TimerQueue: Sendable {
    private struct Entry {
        var due: Duration
        var id: UInt64
    }

    private var heap: [Entry] = []
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
                self.removeFirst()
            }
            return nil
        }
    }

    /// Adds a timer.
    package mutating func schedule(at due: Duration, _ action: @escaping @Sendable () -> Void) -> TimerID {
        self.lastID += 1
        self.actions[self.lastID] = action
        self.heap.append(Entry(due: due, id: self.lastID))
        self.siftUp(self.heap.count - 1)
        return TimerID(rawValue: self.lastID)
    }

    /// Forgets a timer; returns whether it was still there.
    @discardableResult
    package mutating func cancel(_ timer: TimerID) -> Bool {
        guard self.actions.removeValue(forKey: timer.rawValue) != nil else { return false }
        // Cancelled timers usually lie far ahead: without this, they would pile up until they come up.
        if self.heap.count > 64, self.heap.count > 4 * self.actions.count { self.compact() }
        return true
    }

    /// Takes the earliest timer that is due by a time.
    package mutating func takeDue(by now: Duration) -> (@Sendable () -> Void)? {
        guard let earliest = self.earliest, earliest <= now, let first = self.heap.first else { return nil }
        self.removeFirst()
        return self.actions.removeValue(forKey: first.id)
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        left.due != right.due ? left.due < right.due : left.id < right.id
    }

    private mutating func compact() {
        self.heap.removeAll { self.actions[$0.id] == nil }
        self.heap.sort(by: Self.precedes)
    }

    private mutating func removeFirst() {
        let last = self.heap.removeLast()
        guard !self.heap.isEmpty else { return }
        self.heap[0] = last
        self.siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.precedes(self.heap[child], self.heap[parent]) else { return }
            self.heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < self.heap.count {
                if Self.precedes(self.heap[child], self.heap[least]) { least = child }
            }
            guard least != parent else { return }
            self.heap.swapAt(parent, least)
            parent = least
        }
    }
}
