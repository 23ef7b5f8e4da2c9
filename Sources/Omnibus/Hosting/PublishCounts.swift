// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts the publish calls of a bus whose provider does not.
final class PublishCounts: Sendable {
    private let published = Atomic<Int>(0)
    private let unrouted = Atomic<Int>(0)
    private let refused = Atomic<Int>(0)

    /// Counts a call that was accepted; where the provider cannot tell who listens, somebody does.
    func accepted(_ receipt: PublishReceipt) {
        self.published.wrappingAdd(1, ordering: .relaxed)
        if receipt.matched == 0 { self.unrouted.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Counts a call that was refused, or cancelled.
    func failed() {
        self.published.wrappingAdd(1, ordering: .relaxed)
        self.refused.wrappingAdd(1, ordering: .relaxed)
    }

    var metrics: BusMetrics {
        var metrics = BusMetrics()
        metrics.published = self.published.load(ordering: .relaxed)
        metrics.unrouted = self.unrouted.load(ordering: .relaxed)
        metrics.refused = self.refused.load(ordering: .relaxed)
        metrics.routed = metrics.published - metrics.unrouted - metrics.refused
        return metrics
    }
}
