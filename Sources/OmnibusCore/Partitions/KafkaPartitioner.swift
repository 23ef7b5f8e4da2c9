// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Chooses partitions as Kafka's default partitioner does, so that numbers agree with those of a Kafka cluster.
///
/// A key always goes to the same partition while their number stays the same: a murmur2 hash of its bytes, made
/// positive, modulo the number. Messages without a key go round: some in a row to one partition, then to the next.
package struct KafkaPartitioner: Hashable, Sendable {
    /// The number of partitions, at least 1.
    package let count: Int
    /// How many messages without a key go to one partition before the next one's turn; 1 is round robin.
    package let runLength: Int
    /// The partition whose turn it is, and how many messages it is still to have.
    private var current: Int
    private var remaining: Int

    /// Creates a partitioner; numbers below 1 count as 1.
    package init(count: Int, runLength: Int = 1, startingAt first: Int = 0) {
        self.count = max(count, 1)
        self.runLength = max(runLength, 1)
        // The remainder of a negative number is negative.
        self.current = (first % self.count + self.count) % self.count
        self.remaining = self.runLength
    }

    /// Returns the partition of the next message.
    package mutating func partition(forKey key: String?) -> Int {
        guard self.count > 1 else { return 0 }
        if let key { return Self.partition(forKey: key, count: self.count) }
        return self.nextWithoutKey()
    }

    /// Returns the partition of a message without a key.
    package mutating func nextWithoutKey() -> Int {
        if self.remaining == 0 {
            self.current = self.current + 1 == self.count ? 0 : self.current + 1
            self.remaining = self.runLength
        }
        self.remaining -= 1
        return self.current
    }

    /// Returns the partition of a key, of so many partitions; numbers below 1 count as 1.
    package static func partition(forKey key: String, count: Int) -> Int {
        self.partition(forKey: key.utf8, count: count)
    }

    /// Returns the partition of a key's bytes, of so many partitions; numbers below 1 count as 1.
    package static func partition(forKey key: some Collection<UInt8>, count: Int) -> Int {
        guard count > 1 else { return 0 }
        // Kafka drops the sign bit; the absolute value would give other numbers.
        return Int(Murmur2.hash(key) & 0x7FFF_FFFF) % count
    }
}
