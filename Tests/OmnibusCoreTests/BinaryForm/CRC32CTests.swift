// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Testing

@Suite("CRC-32C")
struct CRC32CTests {
    @Test("is what Kafka computes", .enabled(if: KafkaVectors.areThere, Comment(rawValue: KafkaVectors.reason)))
    func isKafkas() throws {
        let rows = try KafkaVectors.read().crc32c

        #expect(!rows.isEmpty)
        for row in rows {
            #expect(CRC32C.checksum(of: row.ascii.utf8) == row.crc, "\(row.ascii)")
        }
    }

    @Test(
        "is what RFC 3720 computes",
        arguments: [
            (Array(repeating: 0, count: 32), 0x8A91_36AA),
            (Array(repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E),
            (Array("123456789".utf8), 0xE306_9283),
            ([], 0),
        ] as [([UInt8], UInt32)]
    )
    func isISCSIs(bytes: [UInt8], checksum: UInt32) {
        #expect(CRC32C.checksum(of: bytes) == checksum)
    }
}
