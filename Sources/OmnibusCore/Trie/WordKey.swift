// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A word in 12 bytes: short words as they are, longer ones by a hash and the mark that says so.
struct WordKey: Sendable {
    /// The first eight bytes, the first of them lowest; of a long word, a hash, and below it where its bytes are.
    var low: UInt64
    /// The next three bytes, and above them the length and one; of a long word, a hash below `longMark`.
    var high: UInt32

    static let longMark: UInt32 = 0xFF << 24
    /// What is no word's key.
    static let none = WordKey(low: 0, high: 0)
    /// The keys of the wildcards.
    static let star = WordKey(low: UInt64(TopicName.star), high: 2 << 24)
    static let hashSign = WordKey(low: UInt64(TopicName.hash), high: 2 << 24)
    /// Which bits of `low` say where a long word is: in the name that is looked for, if the first of them is set, so
    /// that the key differs from any that a trie keeps.
    static let placeMask: UInt64 = 0xFFFF_FFFF
    static let soughtMark: UInt64 = 0x8000_0000

    /// Whether the key is of a long word, so that its bytes have to be compared, too.
    @inline(__always)
    var isLong: Bool { self.high >= Self.longMark }

    @inline(__always)
    var isNone: Bool { self.high == 0 }

    /// Whether it is `#`.
    @inline(__always)
    var isHash: Bool { self.low == Self.hashSign.low && self.high == Self.hashSign.high }

    /// Where the bytes of a long word are.
    var offset: Int { Int(self.low & (Self.soughtMark - 1)) }

    /// A hash that does not depend on where a long word is kept.
    @inline(__always)
    func hash(seed: UInt64) -> UInt64 {
        let low = self.isLong ? self.low & ~Self.placeMask : self.low
        return Self.mix(low ^ seed, UInt64(self.high) ^ 0x9E37_79B9_7F4A_7C15)
    }

    /// Whether this word, or wildcard, is all that follows, given the next word and whether that is the last.
    @inline(__always)
    func isAll(_ next: WordKey, isLast: Bool) -> Bool {
        if self.low == next.low, self.high == next.high { return isLast }
        return self.isHash || self.low == Self.star.low && self.high == Self.star.high && isLast
    }

    @inline(__always)
    static func mix(_ lhs: UInt64, _ rhs: UInt64) -> UInt64 {
        let product = lhs.multipliedFullWidth(by: rhs)
        return product.low ^ product.high
    }
}

/// A word of a name as it is looked for.
struct SoughtWord {
    var key: WordKey
    var name: UnsafeBufferPointer<UInt8>
}

/// Cuts the bytes of a name into the keys of its words, eight bytes at a time.
struct KeyCursor {
    let name: UnsafeBufferPointer<UInt8>
    private var offset = 0
    /// Whether no word follows.
    private(set) var isAtEnd: Bool

    @inline(__always)
    init(_ name: UnsafeBufferPointer<UInt8>) {
        self.name = name
        self.isAtEnd = name.isEmpty
    }

    /// The next word, which is none where there is no more.
    @inline(__always)
    mutating func next() -> WordKey {
        if self.isAtEnd { return .none }
        let low = self.load(at: self.offset)
        let lowLength = self.length(of: low, at: self.offset)
        if lowLength < 8 {
            self.skip(lowLength)
            return WordKey(low: Self.cut(low, to: lowLength), high: UInt32(truncatingIfNeeded: lowLength &+ 1) << 24)
        }
        let high = self.load(at: self.offset &+ 8)
        let highLength = self.length(of: high, at: self.offset &+ 8)
        if highLength < 4 {
            self.skip(8 &+ highLength)
            let length = UInt32(truncatingIfNeeded: highLength &+ 9)
            return WordKey(low: low, high: UInt32(truncatingIfNeeded: Self.cut(high, to: highLength)) | length << 24)
        }
        // What is called must not see this value itself, which would then have to be kept in memory.
        let (key, length) = Self.longWord(at: self.offset, of: self.name)
        self.skip(length)
        return key
    }

    /// The key and the length of a word of 12 bytes or more.
    @inline(never)
    private static func longWord(at offset: Int, of name: UnsafeBufferPointer<UInt8>) -> (WordKey, Int) {
        var cursor = KeyCursor(name)
        cursor.offset = offset
        return cursor.longWord()
    }

    private func longWord() -> (WordKey, Int) {
        var low: UInt64 = 0x2545_F491_4F6C_DD1D
        var high: UInt64 = 0x8EBC_6AF0_9C88_C6E3
        var length = 0
        while true {
            let part = self.load(at: self.offset + length)
            let partLength = self.length(of: part, at: self.offset + length)
            let word = partLength < 8 ? Self.cut(part, to: partLength) : part
            low = WordKey.mix(low ^ word, 0xA076_1D64_78BD_642F) &+ UInt64(partLength)
            high = (high ^ word).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB).high &+ (high << 5) &+ word
            length += partLength
            if partLength < 8 { break }
        }
        let place = WordKey.soughtMark | UInt64(self.offset)
        let key = WordKey(low: low & ~WordKey.placeMask | place, high: UInt32(high >> 40) | WordKey.longMark)
        return (key, length)
    }

    @inline(__always)
    private mutating func skip(_ length: Int) {
        self.offset &+= length &+ 1
        self.isAtEnd = self.offset > self.name.count
    }

    /// The eight bytes from an offset on, with zeros behind the end; reads nothing outside the name.
    @inline(__always)
    private func load(at offset: Int) -> UInt64 {
        let raw = UnsafeRawBufferPointer(self.name)
        if offset &+ 8 <= raw.count {
            return UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        return self.loadEnd(from: offset)
    }

    @inline(__always)
    private func loadEnd(from offset: Int) -> UInt64 {
        let raw = UnsafeRawBufferPointer(self.name)
        if raw.count >= 8 {
            guard offset < raw.count else { return 0 }
            let last = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: raw.count &- 8, as: UInt64.self))
            return last &>> UInt64(truncatingIfNeeded: 8 &* (offset &+ 8 &- raw.count))
        }
        var result: UInt64 = 0
        var index = raw.count &- 1
        while index >= offset {
            result = result << 8 | UInt64(raw[index])
            index &-= 1
        }
        return result
    }

    /// The number of bytes up to the dot or the end of the name, at most 8.
    @inline(__always)
    private func length(of part: UInt64, at offset: Int) -> Int {
        let dots = part ^ 0x2E2E_2E2E_2E2E_2E2E
        let mark = (dots &- 0x0101_0101_0101_0101) & ~dots & 0x8080_8080_8080_8080
        return min(mark.trailingZeroBitCount &>> 3, self.name.count &- offset)
    }

    /// Fewer than eight bytes.
    @inline(__always)
    private static func cut(_ part: UInt64, to length: Int) -> UInt64 {
        part & ((1 &<< UInt64(truncatingIfNeeded: 8 &* length)) &- 1)
    }
}
