// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What has become of a batch so far.
@usableFromInline
struct BatchRun {
    /// How many events are looked at before they are offered, on the stack.
    @usableFromInline static let partSize = 64

    /// The ids of those that were handed over many at a time, since the last that was not.
    var ids: [BatchPublishResult.IDBits] = []
    private var outcomes: [BatchPublishResult.Outcome] = []

    init(count: Int) {
        self.ids.reserveCapacity(count)
    }

    mutating func add(_ outcome: BatchPublishResult.Outcome) {
        self.takeIDs()
        self.outcomes.append(outcome)
    }

    private mutating func takeIDs() {
        self.outcomes += self.ids.map { .accepted($0.receipt(matched: 1)) }
        self.ids.removeAll(keepingCapacity: true)
    }

    @usableFromInline var result: BatchPublishResult {
        if self.outcomes.isEmpty { return BatchPublishResult(accepted: self.ids, matched: 1) }
        var copy = self
        copy.takeIDs()
        return BatchPublishResult(copy.outcomes)
    }
}
