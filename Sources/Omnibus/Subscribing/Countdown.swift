// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells the last of several that it is the last.
final class Countdown: Sendable {
    private let remaining: Atomic<Int>

    init(_ count: Int) {
        self.remaining = Atomic(count)
    }

    /// Counts the caller; true for the last one.
    var isLast: Bool {
        self.remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }
}
