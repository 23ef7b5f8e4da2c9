// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A 128-bit hash that is the same in every process: MurmurHash3, x64, 128 bits, seed 0.
///
/// It spreads well and is fast. It is no security feature: whoever wants two inputs with one hash can make them.
@usableFromInline
struct Mix128 {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    /// The bytes of the block that is not full yet, the earliest lowest.
    private var blockLow: UInt64 = 0
    private var blockHigh: UInt64 = 0
    private var count: UInt64 = 0

    private init() {}

    /// Returns the hash of what the closure absorbs.
    static func hash(_ absorb: (inout Mix128) -> Void) -> (high: UInt64, low: UInt64) {
        var mix = Mix128()
        absorb(&mix)
        return mix.result()
    }

    mutating func absorb(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { self.absorb(byte) }
    }

    /// Absorbs the eight bytes of a number, the most significant first.
    mutating func absorb(_ word: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            self.absorb(UInt8(truncatingIfNeeded: word >> shift))
        }
    }

    mutating func absorb(_ byte: UInt8) {
        let position = self.count & 15
        if position < 8 {
            self.blockLow |= UInt64(byte) << (position * 8)
        } else {
            self.blockHigh |= UInt64(byte) << ((position - 8) * 8)
        }
        self.count &+= 1
        guard position == 15 else { return }
        self.first ^= Self.scrambleLow(self.blockLow)
        self.first = (Self.rotate(self.first, 27) &+ self.second) &* 5 &+ 0x52DC_E729
        self.second ^= Self.scrambleHigh(self.blockHigh)
        self.second = (Self.rotate(self.second, 31) &+ self.first) &* 5 &+ 0x3849_5AB5
        self.blockLow = 0
        self.blockHigh = 0
    }

    private func result() -> (high: UInt64, low: UInt64) {
        // Scrambling zero gives zero, so a block that is empty changes nothing.
        var first = self.first ^ Self.scrambleLow(self.blockLow) ^ self.count
        var second = self.second ^ Self.scrambleHigh(self.blockHigh) ^ self.count
        first &+= second
        second &+= first
        first = Self.finalize(first)
        second = Self.finalize(second)
        first &+= second
        second &+= first
        return (first, second)
    }

    private static func scrambleLow(_ word: UInt64) -> UInt64 {
        self.rotate(word &* 0x87C3_7B91_1142_53D5, 31) &* 0x4CF5_AD43_2745_937F
    }

    private static func scrambleHigh(_ word: UInt64) -> UInt64 {
        self.rotate(word &* 0x4CF5_AD43_2745_937F, 33) &* 0x87C3_7B91_1142_53D5
    }

    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 {
        word << count | word >> (64 - count)
    }

    /// Returns a number each of whose bits depends on every bit of the given one; no two numbers have the same.
    @inlinable
    static func finalize(_ word: UInt64) -> UInt64 {
        var word = word
        word ^= word >> 33
        word &*= 0xFF51_AFD7_ED55_8CCD
        word ^= word >> 33
        word &*= 0xC4CE_B9FE_1A85_EC53
        word ^= word >> 33
        return word
    }
}
