// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusCompression
import Testing

/// Streams that the formats' own tools have written of `hello, ` twenty times.
@Suite("Streams of other programs", .timeLimit(.minutes(5)))
struct InteroperabilityTests {
    private static let text = Array(String(repeating: "hello, ", count: 20).utf8)

    /// By the commands `gzip -9n`, `lz4` and `zstd`, and by Python's `brotli` and `cramjam`, which has a Snappy of its own.
    private static let streams: [(name: Compression, base16: String)] = [
        (.gzip, "1f8b0800000000000203cb48cdc9c9d751c8180c140003386e2f8c000000"),
        (.brotli, "1b8b00f88d946ede44095286966c2c6f115b24f01f07"),
        (.snappy, "8c011868656c6c6f2c20fe0700fe07000507"),
        (.lz4, "04224d186440a7110000007f68656c6c6f2c2007006d506c6c6f2c20000000006ed69926"),
        (.zstd, "28b52ffd248c7500003868656c6c6f2c2001000251c50883360b3f"),
    ]

    @Test("are read", arguments: CompressionSettings.linkedNames)
    func read(name: Compression) throws {
        let digits = try #require(Self.streams.first { $0.name == name }?.base16)
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            bytes.append(try #require(UInt8(digits.dropFirst(place).prefix(2), radix: 16)))
        }
        #expect(try CompressionSettings.linked.codec(name).decompress(bytes, limit: 140) == Self.text)
    }
}
