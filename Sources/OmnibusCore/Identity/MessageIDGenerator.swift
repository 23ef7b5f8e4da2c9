// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// An id is made for every message, so that nothing may be slow here: no system call, no lock, no allocation. Whoever
// publishes owns a generator and hands in a time that it knows already.
//
//    48 bits        4    12 bits          2    14 bits         48 bits
//   ┌─────────────┬───┬────────────────┬───┬───────────────┬──────────────────┐
//   │ milliseconds│ 7 │ counter, upper │ 2 │ counter, lower│ random           │      RFC 9562, section 5.7
//   └─────────────┴───┴────────────────┴───┴───────────────┴──────────────────┘
//
// The counter (26 bits, section 6.2, method 1) starts at a random value in the lower half of its range with each
// millisecond, so that at least 33 million ids fit in one; after that the id's time runs ahead of the clock. A clock
// that goes back is ignored until it has caught up. Two generators differ by their seeds, hence by 25 random bits of
// the counter and 48 of the tail in the same millisecond.

/// Makes time-ordered message ids: UUIDs of version 7 (RFC 9562), each greater than the one before.
///
/// The ids are unique, not secret: whoever has seen some can guess others.
package struct MessageIDGenerator: Sendable {
    /// The time and the counter of the last id: 48 bits of milliseconds above 26 of the counter do not fit in one
    /// word, so there are two.
    @usableFromInline var milliseconds: UInt64
    @usableFromInline package var counter: UInt64
    /// The state of the pseudo-random sequence (wyrand).
    @usableFromInline var random: UInt64

    /// Creates a generator; equal seeds make equal ids.
    @inlinable
    package init(seed: UInt64) {
        self.milliseconds = 0
        self.counter = .max
        // Seeds that are close to each other must not give sequences that overlap.
        self.random = Mix128.finalize(seed &+ 0x9E37_79B9_7F4A_7C15)
    }

    /// Returns the next id, for the given time in milliseconds since 1970-01-01T00:00:00Z.
    ///
    /// Complexity: constant, a few nanoseconds.
    @inlinable
    package mutating func next(milliseconds now: Int64) -> MessageID {
        let (high, low) = self.nextBits(milliseconds: now)
        return MessageID(high: high, low: low)
    }

    /// The same as the id's first and last eight bytes.
    @inlinable
    @inline(__always)
    package mutating func nextBits(milliseconds now: Int64) -> (high: UInt64, low: UInt64) {
        let now = UInt64(truncatingIfNeeded: max(now, 0)) & 0xFFFF_FFFF_FFFF
        if now > self.milliseconds {
            self.milliseconds = now
            self.counter = self.nextRandom() >> 39
        } else if self.counter < 0x3FF_FFFF {
            self.counter &+= 1
        } else {
            self.milliseconds &+= 1
            self.counter = self.nextRandom() >> 39
        }
        let tail = self.nextRandom() >> 16
        return (
            high: self.milliseconds << 16 | 0x7000 | self.counter >> 14,
            low: 0x8000_0000_0000_0000 | (self.counter & 0x3FFF) << 48 | tail
        )
    }

    @inlinable
    mutating func nextRandom() -> UInt64 {
        self.random &+= 0xA076_1D64_78BD_642F
        let product = self.random.multipliedFullWidth(by: self.random ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}
