// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore

/// What became of publish calls; those that are in none of the others were routed to somebody.
///
/// Each of them may be below zero for a while: a call may be counted in one stripe and corrected in another. What
/// counts is the sum of all stripes.
struct CallCounts: Sendable {
    /// Calls whose outcome is known.
    var published = 0
    /// Calls that nobody listened to.
    var unrouted = 0
    /// Calls that no queue has accepted.
    var refused = 0
    /// Calls with a message that had been accepted before.
    var duplicate = 0
    /// Calls that were cancelled before any queue had accepted the message.
    var cancelled = 0

    var isZero: Bool {
        self.published == 0 && self.unrouted == 0 && self.refused == 0 && self.duplicate == 0 && self.cancelled == 0
    }

    /// The same for users.
    var metrics: TopicMetrics {
        var metrics = TopicMetrics()
        metrics.published = self.published
        metrics.unrouted = self.unrouted
        metrics.refused = self.refused
        metrics.duplicate = self.duplicate
        metrics.cancelled = self.cancelled
        return metrics
    }

    static func += (left: inout CallCounts, right: CallCounts) {
        left.published += right.published
        left.unrouted += right.unrouted
        left.refused += right.refused
        left.duplicate += right.duplicate
        left.cancelled += right.cancelled
    }
}
