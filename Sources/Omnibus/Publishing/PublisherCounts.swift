// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a bus counts of its own publishing, beyond what its provider does.
final class PublisherCounts: Sendable {
    private let retried = Atomic(0)
    private let batches = Atomic(0)
    private let compressed = Atomic(0)
    private let before = Atomic(0)
    private let after = Atomic(0)

    func retry() { self.retried.wrappingAdd(1, ordering: .relaxed) }

    func batch() { self.batches.wrappingAdd(1, ordering: .relaxed) }

    func compressed(_ sizes: CompressedSizes) {
        self.compressed.wrappingAdd(1, ordering: .relaxed)
        self.before.wrappingAdd(sizes.before, ordering: .relaxed)
        self.after.wrappingAdd(sizes.after, ordering: .relaxed)
    }

    var metrics: PublisherMetrics {
        var metrics = PublisherMetrics()
        metrics.retried = self.retried.load(ordering: .relaxed)
        metrics.batches = self.batches.load(ordering: .relaxed)
        metrics.compressed = self.compressed.load(ordering: .relaxed)
        metrics.bytesBeforeCompression = self.before.load(ordering: .relaxed)
        metrics.bytesAfterCompression = self.after.load(ordering: .relaxed)
        return metrics
    }
}
