// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The hash that Kafka's clients choose partitions by: MurmurHash2, 32 bits, with Kafka's seed.
package enum Murmur2 {
    /// Returns the hash of the bytes.
    ///
    /// Complexity: linear in the number of bytes.
    package static func hash(_ bytes: some Collection<UInt8>) -> Int32 {
        let multiplier: UInt32 = 0x5BD1_E995
        let count = bytes.count
        var hash = 0x9747_B28C ^ UInt32(truncatingIfNeeded: count)
        var word: UInt32 = 0
        var position: UInt32 = 0
        for byte in bytes {
            word |= UInt32(byte) << (position * 8)
            position += 1
            guard position == 4 else { continue }
            word &*= multiplier
            word ^= word >> 24
            word &*= multiplier
            hash &*= multiplier
            hash ^= word
            word = 0
            position = 0
        }
        // One to three bytes are left over.
        if position > 0 {
            hash ^= word
            hash &*= multiplier
        }
        hash ^= hash >> 13
        hash &*= multiplier
        hash ^= hash >> 15
        return Int32(bitPattern: hash)
    }
}
