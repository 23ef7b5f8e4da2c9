// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The history of one topic, the oldest message first, within its limits.
package struct TopicHistory: Sendable {
    package let topic: Topic
    package internal(set) var retention: Retention
    package internal(set) var partitioner: KafkaPartitioner
    /// The next offset of each partition.
    package internal(set) var nextOffsets: [Int64]
    /// How many messages of each partition are kept.
    private var kept: [Int]
    var records = LogQueue<LogRecord>()
    /// What the messages that are kept count for.
    package private(set) var bytes = 0
    /// How many messages the topic has had.
    package private(set) var nextOrdinal: Int64 = 0

    init(topic: Topic, retention: Retention, partitions: Int) {
        self.topic = topic
        self.retention = retention
        self.partitioner = KafkaPartitioner(count: partitions)
        self.nextOffsets = Array(repeating: 0, count: max(partitions, 1))
        self.kept = Array(repeating: 0, count: max(partitions, 1))
    }

    /// How many messages are kept.
    package var count: Int { self.records.count }
    /// The ordinal of the oldest message that is kept, or of the next one where none is.
    package var firstOrdinal: Int64 { self.nextOrdinal - Int64(self.records.count) }
    /// The offset of the oldest message that is kept of each partition, or of the next one where none is.
    ///
    /// What retention removes is the oldest of its topic, hence of its partition.
    package var earliestOffsets: [Int64] {
        zip(self.nextOffsets, self.kept).map { $0 - Int64($1) }
    }

    /// The record with an ordinal; nil when it is not kept.
    package func record(ordinal: Int64) -> LogRecord? {
        self.records[Int(clamping: ordinal - self.firstOrdinal)]
    }

    /// The ordinal of the first record that lies at a sequence number or after it.
    package func ordinal(atOrAfter sequence: Int64) -> Int64 {
        self.firstOrdinal + Int64(self.records.firstIndex { $0.sequence >= sequence })
    }

    /// The ordinal of the first record that was appended at a time or after it.
    package func ordinal(since time: Int64) -> Int64 {
        self.firstOrdinal + Int64(self.records.firstIndex { $0.time >= time })
    }

    mutating func append(_ record: LogRecord) {
        self.nextOffsets[record.position.partition] += 1
        self.kept[record.position.partition] += 1
        self.bytes += record.size
        self.nextOrdinal += 1
        self.records.append(record)
    }

    mutating func removeFirst() -> LogRecord? {
        guard let record = self.records.removeFirst() else { return nil }
        self.kept[record.position.partition] -= 1
        self.bytes -= record.size
        return record
    }

    /// Whether the limits by count and bytes want the oldest record gone.
    var isOverLimit: Bool {
        guard self.records.count > 1 else { return false }
        if let count = self.retention.maximumCount, self.records.count > count { return true }
        if let bytes = self.retention.maximumBytes, self.bytes > bytes { return true }
        return false
    }

    /// When the oldest record is too old; nil when there is none, or none ever is.
    var expiry: Duration? {
        guard let age = self.retention.maximumAge, let first = self.records.first else { return nil }
        return first.uptime + min(age, .longestWait)
    }
}
