// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How far somebody has read a ``RetainedLog``: nothing before the sequence number is unread.
///
/// For each topic it knows which message comes next, so that what retention has removed unread is counted exactly.
package struct LogReader: Sendable, Equatable {
    /// The sequence number from which on messages are unread.
    package internal(set) var next: Int64
    /// The places of the topics that are read, in the order in which they came.
    package private(set) var slots: [Int] = []
    /// The next ordinal of each topic, by its place; -1 for those that are not read.
    var expected: [Int64] = []
    /// Messages that were removed unread, and that nobody has been told of.
    package internal(set) var missed = 0
    /// Whether a message may have been removed unread, whatever the sequence number says.
    var mustCheck = false

    init(next: Int64) {
        self.next = next
    }

    /// Whether there is any topic to read.
    package var hasTopics: Bool { !self.slots.isEmpty }

    /// Goes on to read one more topic, from an ordinal on.
    package mutating func add(_ slot: Int, expecting ordinal: Int64 = 0) {
        while self.expected.count <= slot { self.expected.append(-1) }
        self.slots.append(slot)
        self.expected[slot] = ordinal
    }

    /// Stops reading a topic that is deleted; what it had not read of it counts as missed.
    ///
    /// - Parameter end: the topic's next ordinal.
    package mutating func remove(_ slot: Int, end: Int64) {
        guard self.reads(slot) else { return }
        self.missed += Int(max(end - self.expected[slot], 0))
        self.expected[slot] = -1
        self.slots.removeAll { $0 == slot }
    }

    package func reads(_ slot: Int) -> Bool {
        slot < self.expected.count && self.expected[slot] >= 0
    }

    func wants(_ slot: Int, _ ordinal: Int64) -> Bool {
        slot < self.expected.count && self.expected[slot] >= 0 && ordinal >= self.expected[slot]
    }
}
