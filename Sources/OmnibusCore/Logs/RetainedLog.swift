// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

/// The histories of a broker's log topics, in one sequence.
///
/// A plain value with no lock or clock. Each topic keeps its own records; an index over all of them, ordered by
/// sequence number, serves readers of several topics. What leaves a history is handed out, so that payloads are
/// released where no lock is held.
package struct RetainedLog: Sendable {
    /// Where a record is, as the index over all topics knows it; the record may be gone.
    private struct Entry {
        var sequence: Int64
        var ordinal: Int64
        var slot: Int
    }

    /// What became of a message that was to be appended.
    package enum AppendOutcome: Sendable, Equatable {
        case appended(sequence: Int64, Position)
        /// The topic's next offset is another one than was expected; nothing has changed.
        case mismatch(next: Int64)
        /// An offset was expected of a topic that has several partitions; nothing has changed.
        case severalPartitions
        /// There is no such topic.
        case unknownTopic
    }

    /// What a reader gets in one go.
    package struct Batch: Sendable {
        package var records: [LogRecord] = []
        /// How many messages were removed before the reader got to them, since it was last told.
        package var missed = 0
        /// Whether nothing is left to read.
        package var isAtEnd = false
        /// The sequence number before which nothing is left to read.
        package var next: Int64 = 0
        /// What was found to be too old.
        package var removed: [LogRecord] = []

        package init(isAtEnd: Bool = false) {
            self.isAtEnd = isAtEnd
        }
    }

    /// The sequence number that the next message gets.
    package private(set) var nextSequence: Int64 = 0
    private var slots: [TopicHistory?] = []
    private var slotByTopic: [Topic: Int] = [:]
    private var freeSlots: [Int] = []
    private var index = LogQueue<Entry>()
    /// How many messages are kept, of all topics.
    package private(set) var count = 0
    /// How many entries the index has, those of records that are gone included.
    var indexCount: Int { self.index.count }
    private var lastTime: Int64 = .min
    private var expiries = ExpiryHeap()
    /// A reader that has got beyond this has missed nothing.
    private var lastRemoved: Int64 = -1

    /// How many entries of the index one call looks at, most of which may be of topics that the reader does not want.
    package static let scanLimit = 4_096

    package init() {}

    // MARK: Topics

    /// The history of a topic; nil when it is not a log topic.
    package subscript(topic: Topic) -> TopicHistory? {
        self.slotByTopic[topic].flatMap { self.slots[$0] }
    }

    /// The place of a topic in tables; nil when it is not a log topic.
    package func slot(of topic: Topic) -> Int? {
        self.slotByTopic[topic]
    }

    /// Every message that is kept, in the order in which they were appended; O(messages kept).
    package var messages: [Message] {
        (0..<self.index.count).compactMap { self.index[$0].flatMap { self.record(of: $0)?.message } }
    }

    /// Adds a topic and returns its place; that of a topic that was deleted is used again.
    package mutating func create(_ topic: Topic, retention: Retention, partitions: Int) -> Int {
        let history = TopicHistory(topic: topic, retention: retention, partitions: partitions)
        let slot: Int
        if let reused = self.freeSlots.popLast() {
            slot = reused
            self.slots[slot] = history
        } else {
            slot = self.slots.count
            self.slots.append(history)
        }
        self.slotByTopic[topic] = slot
        return slot
    }

    /// Deletes a topic and returns what it kept.
    package mutating func delete(_ topic: Topic) -> [LogRecord] {
        guard let slot = self.slotByTopic.removeValue(forKey: topic), var history = self.slots[slot] else { return [] }
        var removed: [LogRecord] = []
        while let record = history.removeFirst() { removed.append(record) }
        self.slots[slot] = nil
        self.freeSlots.append(slot)
        self.forget(removed)
        return removed
    }

    /// Changes how much is kept of a topic.
    package mutating func update(_ topic: Topic, retention: Retention, now: Duration) -> [LogRecord] {
        guard let slot = self.slotByTopic[topic] else { return [] }
        self.slots[slot]?.retention = retention
        var removed: [LogRecord] = []
        self.trim(slot, into: &removed)
        self.noteExpiry(slot)
        self.forget(removed)
        return removed + self.expire(now: now)
    }

    // MARK: Appending

    /// Appends a message, and removes what the limits of its topic have no room for.
    ///
    /// - Parameters:
    ///   - message: what is appended; where the wall clock went back, its time counts as that of the one before.
    ///   - expected: the offset that the message must get; only for topics of one partition.
    ///   - removed: what has left the histories.
    package mutating func append(
        _ message: Message,
        to slot: Int,
        of topic: Topic,
        size: Int,
        uptime: Duration,
        expecting expected: Int64? = nil,
        removed: inout [LogRecord]
    ) -> AppendOutcome {
        guard slot < self.slots.count, self.slots[slot]?.topic == topic else { return .unknownTopic }
        if let expected, let next = self.slots[slot]?.nextOffsets.first {
            if self.slots[slot]?.partitioner.count != 1 { return .severalPartitions }
            if next != expected { return .mismatch(next: next) }
        }
        self.lastTime = max(self.lastTime, message.acceptedAt?.nanosecondsSinceEpoch ?? .min)
        let partition = self.slots[slot]?.partitioner.partition(forKey: message.routingKey) ?? 0
        let position = Position(partition: partition, offset: self.slots[slot]?.nextOffsets[partition] ?? 0)
        let record = LogRecord(
            sequence: self.nextSequence,
            ordinal: self.slots[slot]?.nextOrdinal ?? 0,
            position: position,
            message: message,
            size: size,
            time: self.lastTime,
            uptime: uptime
        )
        self.slots[slot]?.append(record)
        self.index.append(Entry(sequence: record.sequence, ordinal: record.ordinal, slot: slot))
        self.nextSequence += 1
        self.count += 1
        if self.slots[slot]?.count == 1 { self.noteExpiry(slot) }
        var trimmed: [LogRecord] = []
        self.trim(slot, into: &trimmed)
        self.forget(trimmed)
        removed += trimmed
        removed += self.expire(now: uptime)
        return .appended(sequence: record.sequence, position)
    }

    // MARK: Removing

    /// When the next message is too old; nil when none ever is. It may be earlier, never later than it really is.
    package var nextExpiry: Duration? { self.expiries.earliest }

    /// Removes what is too old.
    package mutating func expire(now: Duration) -> [LogRecord] {
        guard let earliest = self.expiries.earliest, earliest <= now else { return [] }
        var removed: [LogRecord] = []
        while let slot = self.expiries.takeDue(by: now) {
            while let expiry = self.slots[slot]?.expiry, expiry <= now, let record = self.slots[slot]?.removeFirst() {
                removed.append(record)
            }
            self.noteExpiry(slot)
        }
        self.forget(removed)
        return removed
    }

    private mutating func trim(_ slot: Int, into removed: inout [LogRecord]) {
        while self.slots[slot]?.isOverLimit == true, let record = self.slots[slot]?.removeFirst() {
            removed.append(record)
        }
    }

    private mutating func noteExpiry(_ slot: Int) {
        if let expiry = self.slots[slot]?.expiry { self.expiries.set(slot, expiry) }
    }

    /// Notes that records are gone.
    private mutating func forget(_ removed: [LogRecord]) {
        guard !removed.isEmpty else { return }
        self.count -= removed.count
        for record in removed where record.sequence > self.lastRemoved { self.lastRemoved = record.sequence }
        while let first = self.index.first, self.record(of: first) == nil { _ = self.index.removeFirst() }
        // Topics that keep less than others leave holes behind.
        if self.index.count > 64, self.index.count > 2 * self.count {
            let slots = self.slots
            self.index.keep { entry in
                slots[entry.slot]?.record(ordinal: entry.ordinal)?.sequence == entry.sequence
            }
        }
    }

    private func record(of entry: Entry) -> LogRecord? {
        // A topic that was deleted may have left its place to another one.
        guard let record = self.slots[entry.slot]?.record(ordinal: entry.ordinal), record.sequence == entry.sequence
        else { return nil }
        return record
    }

    // MARK: Reading

    /// The record with a sequence number; nil when it is not kept. O(log n).
    package func record(at sequence: Int64) -> LogRecord? {
        guard let entry = self.index[self.index.firstIndex { $0.sequence >= sequence }], entry.sequence == sequence
        else { return nil }
        return self.record(of: entry)
    }

    /// Makes a reader of the topics that a condition holds for. O(topics).
    package func reader(from start: StartPosition, where matches: (Topic) -> Bool) -> LogReader {
        var reader = LogReader(next: self.nextSequence)
        for (slot, history) in self.slots.enumerated() {
            guard let history, matches(history.topic) else { continue }
            let ordinal: Int64
            switch start {
            case .latest: ordinal = history.nextOrdinal
            case .earliest: ordinal = history.firstOrdinal
            case .offset(let offset): ordinal = min(max(offset, 0), history.nextOrdinal)
            case .time(let time): ordinal = history.ordinal(since: time.nanosecondsSinceEpoch)
            case .lastPerTopic: ordinal = max(history.nextOrdinal - 1, history.firstOrdinal)
            }
            reader.add(slot, expecting: ordinal)
            if let first = history.record(ordinal: max(ordinal, history.firstOrdinal)) {
                reader.next = min(reader.next, first.sequence)
            }
        }
        // Asked for an offset that is not kept any more, it has missed what lies between.
        reader.mustCheck = true
        return reader
    }

    /// How many messages a reader has before it, those that were removed unread included. O(topics that it reads).
    package func unread(_ reader: LogReader) -> Int {
        reader.slots.reduce(0) { count, slot in
            count + Int((self.slots[slot]?.nextOrdinal ?? 0) - reader.expected[slot])
        }
    }

    /// When the oldest message was appended that a reader has before it, by the wall clock; O(topics that it reads).
    package func oldestUnread(_ reader: LogReader) -> Timestamp? {
        let times = reader.slots.compactMap { slot -> Int64? in
            guard let history = self.slots[slot] else { return nil }
            return history.record(ordinal: max(reader.expected[slot], history.firstOrdinal))?.time
        }
        return times.min().map(Timestamp.init(nanosecondsSinceEpoch:))
    }

    /// Whether a reader has anything before it, or anything to be told.
    package func hasMore(for reader: LogReader) -> Bool {
        reader.missed > 0 || self.unread(reader) > 0
    }

    /// Hands a reader what comes next, up to a number of messages and bytes, though always one if there is one.
    ///
    /// With several topics, it may return none of them and not be at the end, where many messages of others lay
    /// between.
    package func read(_ reader: inout LogReader, upTo count: Int, bytes: Int) -> Batch {
        var batch = Batch()
        if reader.mustCheck || reader.next <= self.lastRemoved { self.countMissed(&reader) }
        if reader.slots.count == 1 {
            self.readOne(&reader, &batch, upTo: count, bytes: bytes)
        } else {
            self.readSeveral(&reader, &batch, upTo: count, bytes: bytes)
        }
        batch.missed = reader.missed
        batch.next = reader.next
        reader.missed = 0
        return batch
    }

    private func countMissed(_ reader: inout LogReader) {
        reader.mustCheck = false
        for slot in reader.slots {
            guard let first = self.slots[slot]?.firstOrdinal, first > reader.expected[slot] else { continue }
            reader.missed += Int(first - reader.expected[slot])
            reader.expected[slot] = first
        }
    }

    private func readOne(_ reader: inout LogReader, _ batch: inout Batch, upTo count: Int, bytes: Int) {
        let slot = reader.slots[0]
        var room = bytes
        while let record = self.slots[slot]?.record(ordinal: reader.expected[slot]) {
            guard batch.records.count < count, batch.records.isEmpty || record.size <= room else {
                reader.next = record.sequence
                return
            }
            room -= record.size
            batch.records.append(record)
            reader.expected[slot] += 1
        }
        reader.next = self.nextSequence
        batch.isAtEnd = true
    }

    private func readSeveral(_ reader: inout LogReader, _ batch: inout Batch, upTo count: Int, bytes: Int) {
        let next = reader.next
        var place = reader.slots.isEmpty ? self.index.count : self.index.firstIndex { $0.sequence >= next }
        var room = bytes
        var looked = 0
        while let entry = self.index[place] {
            if looked == Self.scanLimit || batch.records.count == count {
                reader.next = entry.sequence
                return
            }
            looked += 1
            place += 1
            guard reader.wants(entry.slot, entry.ordinal), let record = self.record(of: entry) else { continue }
            if !batch.records.isEmpty, record.size > room {
                reader.next = entry.sequence
                return
            }
            room -= record.size
            batch.records.append(record)
            reader.expected[entry.slot] = entry.ordinal + 1
        }
        reader.next = self.nextSequence
        batch.isAtEnd = true
    }
}
