// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusCompression
import Testing

extension CompressionSettings {
    /// The names of what is linked, as arguments of tests.
    static let linkedNames = CompressionSettings.linked.names

    func codec(_ name: Compression) throws -> any CompressionCodec {
        try #require(self.codecs.first { $0.compression == name })
    }
}

/// Random numbers that are the same each time.
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed &* 2 &+ 1 }

    mutating func next(below bound: Int) -> Int {
        self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((self.state >> 33) % UInt64(bound))
    }
}

@Suite("Codecs of system libraries", .timeLimit(.minutes(5)))
struct CodecTests {
    private func codec(_ name: Compression) throws -> any CompressionCodec {
        try CompressionSettings.linked.codec(name)
    }

    private func refusal(_ name: Compression, _ bytes: [UInt8], limit: Int = 1 << 20) throws -> OmnibusError? {
        let codec = try self.codec(name)
        do throws(OmnibusError) {
            _ = try codec.decompress(bytes, limit: limit)
            return nil
        } catch {
            return error
        }
    }

    @Test("are there for each trait that is enabled")
    func linked() {
        var expected: [Compression] = []
        #if Gzip
            expected.append(.gzip)
        #endif
        #if Brotli
            expected.append(.brotli)
        #endif
        #if Snappy
            expected.append(.snappy)
        #endif
        #if LZ4
            expected.append(.lz4)
        #endif
        #if Zstd
            expected.append(.zstd)
        #endif
        #expect(CompressionSettings.linked.names == expected)
        #expect(CompressionSettings.linked(limit: 5).limit == 5)
        #expect(CompressionSettings.linked.limit == 16 << 20)
    }

    @Test("give back what they were given, of any size and kind", arguments: CompressionSettings.linkedNames)
    func roundTrip(name: Compression) throws {
        let codec = try self.codec(name)
        var numbers = Numbers(seed: 5)
        // Around the size of a piece, and of the libraries' own blocks.
        for size in [0, 1, 2, 100, 4_095, 65_535, 65_536, 65_537, 131_072, 1_000_003] {
            let kinds: [[UInt8]] = [
                (0..<size).map { _ in UInt8(numbers.next(below: 256)) },
                Array(repeating: 7, count: size),
                (0..<size).map { UInt8(97 + $0 % 26) },
            ]
            for bytes in kinds {
                let compressed = try codec.compress(bytes)
                #expect(try codec.decompress(compressed, limit: size) == bytes, "\(size)")
            }
        }
        let text = Array(String(repeating: #"{"name":"value","n":12}"#, count: 100).utf8)
        #expect(try codec.compress(text).count < text.count / 4)
    }

    @Test("let out exactly as much as the limit says", arguments: CompressionSettings.linkedNames)
    func limit(name: Compression) throws {
        let bytes = try self.codec(name).compress(Array(repeating: 7, count: 100_000))
        #expect(try self.refusal(name, bytes, limit: 100_000) == nil)
        for limit in [99_999, 65_536, 1, 0] {
            let error = try self.refusal(name, bytes, limit: limit)
            #expect(error?.code == .tooLarge)
            #expect(error?.message.contains("more than \(limit) bytes") == true)
        }
    }

    @Test("stop a bomb at the limit, whatever it would have become", arguments: CompressionSettings.linkedNames)
    func bomb(name: Compression) throws {
        let bytes = try self.codec(name).compress(Array(repeating: 0, count: 50 << 20))
        #expect(bytes.count < 4 << 20)
        #expect(try self.refusal(name, bytes, limit: 1 << 20)?.code == .tooLarge)
    }

    @Test("say that bytes are cut off, wherever that is", arguments: CompressionSettings.linkedNames)
    func cutOff(name: Compression) throws {
        let whole = try self.codec(name).compress(Array("a text that is compressed, and a text that is cut off".utf8))
        for length in 0..<whole.count {
            #expect(try self.refusal(name, Array(whole.prefix(length)))?.code == .undecodable, "\(length)")
        }
    }

    @Test("say that others' bytes follow", arguments: CompressionSettings.linkedNames)
    func followed(name: Compression) throws {
        let whole = try self.codec(name).compress(Array("a text".utf8))
        #expect(try self.refusal(name, whole + [0xFF, 0x00, 0xFF, 0x01])?.code == .undecodable)
    }

    @Test("read frames that follow each other as one, where the format says so")
    func concatenated() throws {
        for name in [Compression.gzip, .lz4, .zstd] where CompressionSettings.linkedNames.contains(name) {
            let codec = try self.codec(name)
            let both = try codec.compress([1, 2]) + codec.compress([]) + codec.compress([3])
            #expect(try codec.decompress(both, limit: 3) == [1, 2, 3], "\(name)")
            #expect(try self.refusal(name, both, limit: 2)?.code == .tooLarge)
        }
    }

    @Test("survive bytes of every kind", arguments: CompressionSettings.linkedNames)
    func damaged(name: Compression) throws {
        let codec = try self.codec(name)
        var numbers = Numbers(seed: 9)
        let original = (0..<3_000).map { _ in UInt8(97 + numbers.next(below: 4)) }
        let whole = try codec.compress(original)
        for _ in 0..<3_000 {
            var bytes = whole
            for _ in 0...numbers.next(below: 4) {
                bytes[numbers.next(below: bytes.count)] = UInt8(numbers.next(below: 256))
            }
            if numbers.next(below: 4) == 0 { bytes.removeLast(numbers.next(below: bytes.count)) }
            // A format without a checksum may take damage for something else, but never more than the limit.
            do throws(OmnibusError) {
                let read = try codec.decompress(bytes, limit: 10_000)
                #expect(read.count <= 10_000)
            } catch {
                #expect(error.code == .undecodable || error.code == .tooLarge)
                #expect(error.advice == .deadLetter)
            }
        }
        for size in 0..<300 {
            let noise = (0..<size).map { _ in UInt8(numbers.next(below: 256)) }
            _ = try self.refusal(name, noise, limit: 10_000)
        }
    }
}
