// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

/// Messages that wait for their time, the earliest first; at the same time, the one that was added first.
package struct DelayedEntries: Sendable {
    private var entries: [(due: Duration, entry: HeldEntry)] = []

    package init() {}

    package var count: Int { self.entries.count }
    /// What the messages count against a bound in bytes.
    package private(set) var bytes = 0
    package var isEmpty: Bool { self.entries.isEmpty }

    /// How many messages there are for which a condition holds; O(count).
    func count(where holds: (HeldEntry) -> Bool) -> Int { self.entries.count { holds($0.entry) } }

    /// When the oldest message was accepted; O(count).
    var oldest: Timestamp? { self.entries.lazy.compactMap { $0.entry.message.acceptedAt }.min() }

    /// When the earliest message is due.
    package var earliest: Duration? { self.entries.last?.due }

    /// Adds a message; O(log n) to find its place, which is near the end of the list for short delays.
    package mutating func add(_ entry: HeldEntry, due: Duration) {
        // Latest first, so that taking the earliest is taking the last.
        var low = 0
        var high = self.entries.count
        while low < high {
            let middle = (low + high) / 2
            if self.entries[middle].due > due { low = middle + 1 } else { high = middle }
        }
        self.entries.insert((due, entry), at: low)
        self.bytes += entry.message.payload.estimatedSize
    }

    /// Takes the earliest message that is due by a time.
    package mutating func takeDue(by now: Duration) -> HeldEntry? {
        guard let last = self.entries.last, last.due <= now else { return nil }
        self.entries.removeLast()
        self.bytes -= last.entry.message.payload.estimatedSize
        return last.entry
    }
}
