// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What waits for its time, bounded by count and bytes: the earliest first; at the same time, what was added first.
///
/// A plain value: time comes in as an argument, and its owner sets the timer for ``earliest``. Adding and taking cost
/// O(log n); cancelling costs O(1), the place in the heap being dropped when it comes up.
package struct ScheduledEntries<Element: Sendable>: Sendable {
    private struct Entry {
        var element: Element
        var due: Duration
        var size: Int
    }

    /// How many entries may wait.
    package let maximumCount: Int
    /// How many bytes the entries may have in all; one that is larger is taken where nothing else waits.
    package let maximumBytes: Int
    /// The bytes of all entries.
    package private(set) var bytes = 0

    private var heap = DueHeap()
    private var entries: [UInt64: Entry] = [:]
    private var lastID: UInt64 = 0

    package init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    /// How many entries wait.
    package var count: Int { self.entries.count }

    /// When the earliest entry is due.
    package var earliest: Duration? {
        mutating get {
            while let first = self.heap.first {
                if self.entries[first.id] != nil { return first.due }
                self.heap.removeFirst()
            }
            return nil
        }
    }

    /// Adds an entry and returns the name under which it can be cancelled; nil where there is no room.
    package mutating func add(_ element: Element, due: Duration, size: Int) -> UInt64? {
        guard self.count < self.maximumCount else { return nil }
        guard self.entries.isEmpty || size <= self.maximumBytes - self.bytes else { return nil }
        self.lastID += 1
        self.entries[self.lastID] = Entry(element: element, due: due, size: size)
        self.bytes += size
        self.heap.insert(self.lastID, due: due)
        return self.lastID
    }

    /// Takes an entry out before its time; nil where it is not there any more.
    package mutating func cancel(_ id: UInt64) -> Element? {
        guard let entry = self.remove(id) else { return nil }
        // What was cancelled usually lies far ahead: without this, it would pile up until it comes up.
        if self.heap.count > 64, self.heap.count > 4 * self.count { self.compact() }
        return entry
    }

    /// Takes the earliest entry that is due by a time.
    package mutating func takeDue(by now: Duration) -> Element? {
        let now = Mutation.isActive(.deliverEarly) ? now + .milliseconds(20) : now
        guard let earliest = self.earliest, earliest <= now, let first = self.heap.first else { return nil }
        self.heap.removeFirst()
        return self.remove(first.id)
    }

    /// Takes out all entries of which something is true, the earliest first.
    package mutating func removeAll(where isWanted: (Element) -> Bool) -> [Element] {
        let wanted = self.sorted.filter { isWanted($0.element) }
        for entry in wanted { _ = self.remove(entry.id) }
        self.compact()
        return wanted.map(\.element)
    }

    /// All entries, the earliest first; O(n log n).
    package var sorted: [(id: UInt64, due: Duration, element: Element)] {
        self.entries.map { ($0.key, $0.value.due, $0.value.element) }
            .sorted { $0.1 != $1.1 ? $0.1 < $1.1 : $0.0 < $1.0 }
    }

    /// When the earliest entry is due of which something is true; O(n).
    package func earliest(where isWanted: (Element) -> Bool) -> Duration? {
        var earliest: Duration?
        for entry in self.entries.values where isWanted(entry.element) {
            earliest = min(earliest ?? entry.due, entry.due)
        }
        return earliest
    }

    private mutating func remove(_ id: UInt64) -> Element? {
        guard let entry = self.entries.removeValue(forKey: id) else { return nil }
        self.bytes -= entry.size
        return entry.element
    }

    private mutating func compact() {
        self.heap.keep { self.entries[$0] != nil }
    }
}
