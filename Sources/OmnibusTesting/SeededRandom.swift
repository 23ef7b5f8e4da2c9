// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus
import Synchronization

/// Random numbers that are the same ones for the same seed.
///
/// Put it into the comments of expectations: its description names the seed that brings a failure back.
///
/// The numbers are those of SplitMix64; they are no secret and no good for keeping one.
public final class SeededRandom: BusRandom, RandomNumberGenerator {
    /// What the numbers follow from.
    public let seed: UInt64

    private let state: Mutex<UInt64>

    /// Creates a source.
    ///
    /// - Parameter seed: what the numbers follow from; one of the machine's choosing where it is left out.
    public init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        self.state = Mutex(seed)
    }

    /// Returns the 64 bits that follow in the sequence of the seed.
    public func next() -> UInt64 {
        var bits = self.state.withLock { state -> UInt64 in
            state &+= 0x9E37_79B9_7F4A_7C15
            return state
        }
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

extension SeededRandom: CustomStringConvertible {
    /// The seed that brings a failure back.
    public var description: String { "SeededRandom(seed: \(self.seed))" }
}
