// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells the last of several that it is the last.
final class Countdown: Sendable {
    private let remaining: Atomic<Int>

    init(_ count: Int) {
        self.remaining = Atomic(count)
    }

    /// How many have not been counted yet.
    var count: Int { self.remaining.load(ordering: .acquiring) }

    /// Counts the caller; true for the last one.
    var isLast: Bool {
        self.remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }
}
