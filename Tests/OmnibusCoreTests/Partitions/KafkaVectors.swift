// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Third-party cases for Kafka's arithmetic, read from the conformance folder where there is one.
struct KafkaVectors: Decodable {
    struct Hash: Decodable {
        var key: String
        var hash: Int32
    }
    struct Checksum: Decodable {
        var ascii: String
        var crc: UInt32
    }
    struct Partition: Decodable {
        var key: String
        var murmur2: Int32
        /// The partition by the number of partitions.
        var partition: [String: Int]
    }
    var murmur2: [Hash]
    var crc32c: [Checksum]
    var partition: [Partition]

    /// The file, in the folder that `OMNIBUS_CONFORMANCE` names or else beside the package.
    static let file: URL = {
        let folder =
            ProcessInfo.processInfo.environment["OMNIBUS_CONFORMANCE"].map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("shared/conformance")
        return folder.appendingPathComponent("kafka/kafka-vectors.json")
    }()

    static var areThere: Bool { FileManager.default.fileExists(atPath: self.file.path) }

    static let reason = "no conformance folder; set OMNIBUS_CONFORMANCE"

    static func read() throws -> KafkaVectors {
        try JSONDecoder().decode(KafkaVectors.self, from: Data(contentsOf: self.file))
    }
}
