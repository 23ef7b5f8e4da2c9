// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Testing

/// Keys and the partitions that Kafka chooses for them, from the folder of third-party cases.
struct KafkaRows: Decodable {
    struct Row: Decodable, Sendable {
        var key: String
        /// The partition by the number of partitions.
        var partition: [String: Int]
    }
    var partition: [Row]

    static let file: URL = {
        let folder =
            ProcessInfo.processInfo.environment["OMNIBUS_CONFORMANCE"].map { URL(filePath: $0) }
            ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "../shared/conformance").standardized
        return folder.appending(path: "kafka/kafka-vectors.json")
    }()

    static var areThere: Bool { FileManager.default.fileExists(atPath: self.file.path) }
    static var missing: Comment { "no file \(self.file.path): set OMNIBUS_CONFORMANCE to the third-party cases" }
}

@Suite("Partitions of the in-memory broker", .timeLimit(.minutes(5)))
struct PartitionTests {
    let broker = InMemoryBroker()

    @Test("are those that Kafka chooses, offset by offset", .enabled(if: KafkaRows.areThere, KafkaRows.missing))
    func agreeWithKafka() async throws {
        let rows = try JSONDecoder().decode(KafkaRows.self, from: Data(contentsOf: KafkaRows.file)).partition
            // A message without a key says so by nil; an empty key is refused.
            .filter { !$0.key.isEmpty }
        #expect(!rows.isEmpty)
        let counts = Set(rows.flatMap { $0.partition.keys.compactMap { Int($0) } }).filter { $0 <= 10_000 }
        #expect(!counts.isEmpty)

        for count in counts {
            let topic = try Topic(validating: "kafka.p\(count)")
            _ = try await self.broker.createTopic(topic, TopicConfiguration(partitions: count))
            var offsets: [Int: Int64] = [:]
            for row in rows {
                guard let partition = row.partition["\(count)"] else { continue }
                let receipt = try await self.broker.publish(.number(1, to: topic, key: row.key))
                let offset = offsets[partition, default: 0]
                #expect(receipt.position == Position(partition: partition, offset: offset), "\(row.key) of \(count)")
                offsets[partition] = offset + 1
            }
        }
    }

    /// The values that Kafka's own tests have for these keys.
    @Test(
        "follow the hash that Kafka's tests have for a key",
        arguments: [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829), ("abc", 479_470_107),
        ]
    )
    func followHash(key: String, hash: Int) async throws {
        for count in [1, 2, 7, 64] {
            let topic = try Topic(validating: "p\(count)")
            _ = try await self.broker.createTopic(topic, TopicConfiguration(partitions: count))

            let position = try await self.broker.publish(.number(1, to: topic, key: key)).position
            #expect(position?.partition == (hash & 0x7FFF_FFFF) % count)
        }
    }

    @Test("are the same for one key, and reach the subscriber with the delivery")
    func reachSubscriber() async throws {
        _ = try await self.broker.createTopic("a", TopicConfiguration(partitions: 8))
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings(ordering: .unordered))
        var positions: [Position] = []
        for number in 0..<5 {
            let receipt = try await self.broker.publish(.number(number, to: "a", key: "customer-7"))
            positions.append(try #require(receipt.position))
        }

        #expect(Set(positions.map(\.partition)).count == 1)
        #expect(positions.map(\.offset) == [0, 1, 2, 3, 4])
        #expect(try await subscription.receive(upTo: 5).compactMap(\.position) == positions)
    }

    @Test("go round for messages without a key")
    func goRound() async throws {
        _ = try await self.broker.createTopic("a", TopicConfiguration(partitions: 3))
        var partitions: [Int?] = []
        for number in 0..<6 {
            partitions.append(try await self.broker.publish(.number(number, to: "a")).position?.partition)
        }

        #expect(partitions == [0, 1, 2, 0, 1, 2])
    }

    @Test("do not exist for topics that nobody has created")
    func needCreation() async throws {
        #expect(try await self.broker.publish(.number(1, to: "a", key: "k")).position == nil)
    }
}
