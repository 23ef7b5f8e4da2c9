// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Testing

@Suite("Kafka's partitioner")
struct KafkaPartitionerTests {
    @Test("hashes as Kafka does", .enabled(if: KafkaVectors.areThere, Comment(rawValue: KafkaVectors.reason)))
    func hashes() throws {
        let vectors = try KafkaVectors.read()

        #expect(!vectors.murmur2.isEmpty)
        for row in vectors.murmur2 {
            #expect(Murmur2.hash(row.key.utf8) == row.hash, "\(row.key)")
        }
    }

    @Test("chooses Kafka's partitions", .enabled(if: KafkaVectors.areThere, Comment(rawValue: KafkaVectors.reason)))
    func choosesPartitions() throws {
        let vectors = try KafkaVectors.read()

        #expect(!vectors.partition.isEmpty)
        for row in vectors.partition {
            #expect(Murmur2.hash(row.key.utf8) == row.murmur2, "\(row.key)")
            for (count, partition) in row.partition {
                let count = try #require(Int(count))
                #expect(
                    KafkaPartitioner.partition(forKey: row.key, count: count) == partition,
                    "\(row.key) of \(count)"
                )
            }
        }
    }

    @Test("hashes keys of every length modulo four", arguments: [("", 275_646_681), ("1", -1_993_445_489)])
    func hashesWithoutFolder(key: String, hash: Int32) {
        #expect(Murmur2.hash(key.utf8) == hash)
    }

    @Test("sends messages without a key round")
    func goesRound() {
        var partitioner = KafkaPartitioner(count: 3, startingAt: 1)

        let partitions = (0..<7).map { _ in partitioner.partition(forKey: nil) }

        #expect(partitions == [1, 2, 0, 1, 2, 0, 1])
    }

    @Test("stays with a partition for a run where asked to")
    func stays() {
        var partitioner = KafkaPartitioner(count: 2, runLength: 3)

        let partitions = (0..<8).map { _ in partitioner.partition(forKey: nil) }

        #expect(partitions == [0, 0, 0, 1, 1, 1, 0, 0])
    }

    @Test("lets keys not disturb the round of those without")
    func keysDoNotDisturb() {
        var partitioner = KafkaPartitioner(count: 4)

        _ = partitioner.partition(forKey: nil)
        for key in ["a", "b", "c"] { _ = partitioner.partition(forKey: key) }

        #expect(partitioner.partition(forKey: nil) == 1)
    }

    @Test("takes senseless numbers as one partition", arguments: [Int.min, -1, 0, 1])
    func takesSenselessNumbers(count: Int) {
        var partitioner = KafkaPartitioner(count: count, runLength: 0, startingAt: -5)

        #expect(partitioner.partition(forKey: "a") == 0)
        #expect(partitioner.partition(forKey: nil) == 0)
        #expect(KafkaPartitioner.partition(forKey: "a", count: count) == 0)
    }
}
