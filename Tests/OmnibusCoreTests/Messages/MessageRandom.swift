// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Pseudo-random numbers from a seed, so that a failure can be repeated (SplitMix64).
struct MessageRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    /// Returns true once in so many times.
    mutating func once(in count: Int) -> Bool {
        Int.random(in: 0..<count, using: &self) == 0
    }

    /// Returns text of up to so many characters of many kinds, none of them a control character.
    mutating func text(upTo count: Int) -> String {
        let characters: [Character] = Array("abcXYZ019 -_.:/\"\\{}é\u{65}\u{301}漢字🚌\u{10FFF}")
        let length = Int.random(in: 1...count, using: &self)
        return String((0..<length).map { _ in characters.randomElement(using: &self) ?? "a" })
    }

    /// Returns up to so many bytes.
    mutating func bytes(upTo count: Int) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
