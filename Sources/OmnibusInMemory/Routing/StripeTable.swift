// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Finds the stripe of a thread without touching a reference count, which would cost as much as a lock.
struct StripeTable: @unchecked Sendable {
    // SAFETY: immutable after init. The broker holds the stripes as long as it holds this table, and nobody hands a
    // stripe on. Leaned on by every test that publishes.

    /// How many stripes a broker has; a power of two, several times the cores of a small machine.
    static let count = 8

    private let stripes: [Unmanaged<PublishStripe>]

    init(_ stripes: [PublishStripe]) {
        self.stripes = stripes.map(Unmanaged.passUnretained)
    }

    /// The stripe of the calling thread.
    @inline(__always)
    var current: Unmanaged<PublishStripe> {
        // Every thread has a stack of its own, so that the address of anything on it tells threads apart. A poor
        // spread costs some waiting and nothing else.
        var place: UInt8 = 0
        let address = withUnsafeMutablePointer(to: &place) { UInt(bitPattern: $0) }
        return self.stripes[Int(truncatingIfNeeded: (address >> 16) &* 0x9E37_79B9 >> 13) & (Self.count - 1)]
    }
}
