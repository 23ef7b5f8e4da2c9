// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// When the oldest message of each topic is too old: at most one time per topic, the earliest first.
///
/// A time that was set may be earlier than the truth, where its message has gone by other limits: whoever takes it
/// looks again, and sets the next one.
struct ExpiryHeap: Sendable {
    private var heap = DueHeap()
    /// The time that counts for each place; entries of the heap with another one are skipped.
    private var dueBySlot: [Int: Duration] = [:]

    var earliest: Duration? { self.heap.first?.due }

    /// Notes the time of a place, unless an earlier one is noted; O(log n).
    mutating func set(_ slot: Int, _ due: Duration) {
        if let noted = self.dueBySlot[slot], noted <= due { return }
        self.dueBySlot[slot] = due
        self.heap.insert(UInt64(slot), due: due)
    }

    /// Takes out a place whose time has come.
    mutating func takeDue(by now: Duration) -> Int? {
        while let first = self.heap.first, first.due <= now {
            self.heap.removeFirst()
            let slot = Int(first.id)
            // A later time was replaced by an earlier one; it comes up and means nothing.
            guard self.dueBySlot[slot] == first.due else { continue }
            self.dueBySlot[slot] = nil
            return slot
        }
        return nil
    }
}
