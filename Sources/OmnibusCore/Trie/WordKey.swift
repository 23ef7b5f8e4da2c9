// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A word in 16 bytes: short words as they are, longer ones by a hash and the mark that says so.
struct WordKey: Sendable {
    /// The first eight bytes, the first of them lowest; of a long word, a hash, and below it where its bytes are kept.
    var low: UInt64
    /// The next seven bytes, and above them the length and one; of a long word, a hash below `longMark`.
    var high: UInt64

    static let longMark: UInt64 = 0xFF << 56
    static let offsetMask: UInt64 = 0xFFFF_FFFF

    /// Whether the key is of a long word, so that its bytes have to be compared, too.
    var isLong: Bool { self.high >= Self.longMark }

    /// Where the bytes of a long word are kept.
    var offset: Int { Int(self.low & Self.offsetMask) }

    /// A hash that does not depend on where a long word is kept.
    @inline(__always)
    func hash(seed: UInt64) -> UInt64 {
        let low = self.isLong ? self.low & ~Self.offsetMask : self.low
        return Self.mix(low ^ seed, self.high ^ 0x9E37_79B9_7F4A_7C15)
    }

    @inline(__always)
    static func mix(_ lhs: UInt64, _ rhs: UInt64) -> UInt64 {
        let product = lhs.multipliedFullWidth(by: rhs)
        return product.low ^ product.high
    }
}

/// Cuts the bytes of a name into words and their keys, eight bytes at a time.
struct KeyCursor {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0
    /// Whether no word follows.
    private(set) var isAtEnd: Bool
    /// The bytes of the word that `next` has returned last.
    private(set) var word: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        self.isAtEnd = bytes.isEmpty
        self.word = UnsafeBufferPointer(rebasing: bytes[..<0])
    }

    @inline(__always)
    mutating func next() -> WordKey? {
        guard !self.isAtEnd else { return nil }
        let low = self.load(at: self.offset)
        let lowLength = self.length(of: low, at: self.offset)
        if lowLength < 8 {
            self.finish(length: lowLength)
            return WordKey(low: Self.cut(low, to: lowLength), high: UInt64(lowLength + 1) << 56)
        }
        let high = self.load(at: self.offset + 8)
        let highLength = self.length(of: high, at: self.offset + 8)
        if highLength < 8 {
            self.finish(length: 8 + highLength)
            return WordKey(low: low, high: Self.cut(high, to: highLength) | UInt64(highLength + 9) << 56)
        }
        return self.nextLong()
    }

    private mutating func nextLong() -> WordKey {
        var low: UInt64 = 0x2545_F491_4F6C_DD1D
        var high: UInt64 = 0x8EBC_6AF0_9C88_C6E3
        var length = 0
        while true {
            let part = self.load(at: self.offset + length)
            let partLength = self.length(of: part, at: self.offset + length)
            let word = Self.cut(part, to: partLength)
            low = WordKey.mix(low ^ word, 0xA076_1D64_78BD_642F) &+ UInt64(partLength)
            high = (high ^ word).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB).high &+ (high << 5) &+ word
            length += partLength
            if partLength < 8 { break }
        }
        self.finish(length: length)
        return WordKey(low: low & ~WordKey.offsetMask, high: high | WordKey.longMark)
    }

    private mutating func finish(length: Int) {
        self.word = UnsafeBufferPointer(rebasing: self.bytes[self.offset..<(self.offset + length)])
        self.offset += length + 1
        self.isAtEnd = self.offset > self.bytes.count
    }

    /// The eight bytes from an offset on, with zeros behind the end; reads nothing outside the name.
    @inline(__always)
    private func load(at offset: Int) -> UInt64 {
        let raw = UnsafeRawBufferPointer(self.bytes)
        if offset + 8 <= raw.count {
            return UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        if raw.count >= 8 {
            guard offset < raw.count else { return 0 }
            let last = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: raw.count - 8, as: UInt64.self))
            return last >> UInt64(8 * (offset + 8 - raw.count))
        }
        var result: UInt64 = 0
        var index = raw.count - 1
        while index >= offset {
            result = result << 8 | UInt64(raw[index])
            index -= 1
        }
        return result
    }

    /// The number of bytes up to the dot or the end of the name, at most 8.
    private func length(of part: UInt64, at offset: Int) -> Int {
        let dots = part ^ 0x2E2E_2E2E_2E2E_2E2E
        let mark = (dots &- 0x0101_0101_0101_0101) & ~dots & 0x8080_8080_8080_8080
        return min(mark.trailingZeroBitCount >> 3, self.bytes.count - offset)
    }

    private static func cut(_ part: UInt64, to length: Int) -> UInt64 {
        length >= 8 ? part : part & ((1 << UInt64(8 * length)) - 1)
    }
}
