// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Numbers by when they are due, the earliest first; at the same time, the smallest number.
///
/// A binary heap: inserting and removing cost O(log n). Owners that cancel leave the place where it is and skip it when
/// it comes up, or ``keep(where:)`` what counts.
struct DueHeap: Sendable {
    struct Place: Sendable {
        var due: Duration
        var id: UInt64
    }

    private var places: [Place] = []

    /// The place that is due first.
    var first: Place? { self.places.first }

    var count: Int { self.places.count }

    mutating func insert(_ id: UInt64, due: Duration) {
        self.places.append(Place(due: due, id: id))
        var child = self.places.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.precedes(self.places[child], self.places[parent]) else { return }
            self.places.swapAt(child, parent)
            child = parent
        }
    }

    /// Removes the place that is due first, if there is one.
    mutating func removeFirst() {
        guard let last = self.places.popLast(), !self.places.isEmpty else { return }
        self.places[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < self.places.count {
                if Self.precedes(self.places[child], self.places[least]) { least = child }
            }
            guard least != parent else { return }
            self.places.swapAt(parent, least)
            parent = least
        }
    }

    /// Forgets all places but those that count; O(n log n).
    mutating func keep(where counts: (UInt64) -> Bool) {
        self.places.removeAll { !counts($0.id) }
        // Sorted places are a heap.
        self.places.sort(by: Self.precedes)
    }

    private static func precedes(_ left: Place, _ right: Place) -> Bool {
        left.due != right.due ? left.due < right.due : left.id < right.id
    }
}
