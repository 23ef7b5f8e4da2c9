// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// When the oldest message of each topic is too old: at most one time per topic, the earliest first.
///
/// A time that was set may be earlier than the truth, where its message has gone by other limits: whoever takes it
/// looks again, and sets the next one.
struct ExpiryHeap: Sendable {
    private var heap: [(due: Duration, slot: Int)] = []
    /// The time that counts for each place; entries of the heap with another one are skipped.
    private var dueBySlot: [Int: Duration] = [:]

    var earliest: Duration? { self.heap.first?.due }

    /// Notes the time of a place, unless an earlier one is noted; O(log n).
    mutating func set(_ slot: Int, _ due: Duration) {
        if let noted = self.dueBySlot[slot], noted <= due { return }
        self.dueBySlot[slot] = due
        self.heap.append((due, slot))
        var child = self.heap.count - 1
        while child > 0, self.heap[child].due < self.heap[(child - 1) / 2].due {
            self.heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes out a place whose time has come.
    mutating func takeDue(by now: Duration) -> Int? {
        while let first = self.heap.first, first.due <= now {
            self.removeFirst()
            // A later time was replaced by an earlier one; it comes up and means nothing.
            guard self.dueBySlot[first.slot] == first.due else { continue }
            self.dueBySlot[first.slot] = nil
            return first.slot
        }
        return nil
    }

    private mutating func removeFirst() {
        let last = self.heap.removeLast()
        guard !self.heap.isEmpty else { return }
        self.heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < self.heap.count {
                if self.heap[child].due < self.heap[least].due { least = child }
            }
            guard least != parent else { return }
            self.heap.swapAt(parent, least)
            parent = least
        }
    }
}
