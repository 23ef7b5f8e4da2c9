// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// One message of a history.
package struct LogRecord: Sendable {
    /// The place among the messages of all log topics.
    package let sequence: Int64
    /// The place among the messages of the topic, in whatever partitions.
    package let ordinal: Int64
    package let position: Position
    package let message: Message
    /// What the message counts for against the limit in bytes.
    package let size: Int
    /// When it was appended, by the wall clock, in nanoseconds; it never goes back from one record to the next.
    package let time: Int64
    /// When it was appended, by the clock that never goes back.
    package let uptime: Duration
}

/// Elements that are added at the end and removed at the start, both in amortised O(1), and found by their index.
struct LogQueue<Element: Sendable>: Sendable {
    private var storage: ContiguousArray<Element?> = []
    private var start = 0

    var count: Int { self.storage.count - self.start }
    var isEmpty: Bool { self.storage.count == self.start }
    var first: Element? { self.isEmpty ? nil : self.storage[self.start] }
    var last: Element? { self.storage.last.flatMap { $0 } }

    /// The element so far behind the first one; nil outside.
    subscript(index: Int) -> Element? {
        get {
            guard index >= 0, index < self.count else { return nil }
            return self.storage[self.start + index]
        }
        set {
            guard index >= 0, index < self.count, let newValue else { return }
            self.storage[self.start + index] = newValue
        }
    }

    mutating func append(_ element: Element) {
        self.storage.append(element)
    }

    mutating func removeFirst() -> Element? {
        guard !self.isEmpty else { return nil }
        let element = self.storage[self.start]
        self.storage[self.start] = nil
        self.start += 1
        if self.start > 32, self.start > self.storage.count / 2 {
            self.storage.removeFirst(self.start)
            self.start = 0
        }
        return element
    }

    /// The index of the first element for which a condition holds that holds for all after it too; `count` if none.
    func firstIndex(where holds: (Element) -> Bool) -> Int {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            if let element = self[middle], holds(element) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Keeps those for which a condition holds.
    mutating func keep(where holds: (Element) -> Bool) {
        self.storage = ContiguousArray(self.storage[self.start...].lazy.compactMap { $0 }.filter(holds))
        self.start = 0
    }
}
