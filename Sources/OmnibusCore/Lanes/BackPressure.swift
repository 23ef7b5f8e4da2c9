// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Which queues hand nothing over, because their handlers have pushed other queues over their bounds.
///
/// A handler never waits for a full queue: two of them could wait for each other for ever. Instead its queue is held
/// back until the other one is below its bound again, unless that one is held back itself; so there is no circle in
/// which each waits for the next.
package final class BackPressure: Sendable {
    private let holds = Mutex<[(source: Lane, target: Lane)]>([])

    package init() {}

    /// Holds a queue back whose handler has pushed another one over its bound.
    func pushed(by source: Lane?, over target: Lane) {
        // Whoever empties a queue of another host may be waiting for the source: one bus may fetch from the other. No
        // host sees the whole of such a circle.
        guard let source, source !== target, source.pressure === self else { return }
        let isNew = self.holds.withLock { holds -> Bool in
            let isHeldBack = holds.contains { $0.source === target }
            let isKnown = holds.contains { $0.source === source && $0.target === target }
            guard !isHeldBack, !isKnown else { return false }
            holds.append((source, target))
            return true
        }
        guard isNew else { return }
        source.holdBack()
        // It may have recovered, or ended, since.
        if !target.isOverBound { self.recovered(target) }
    }

    /// Lets go of the queues that a queue has held back.
    func recovered(_ target: Lane) {
        let sources = self.holds.withLock { holds -> [Lane] in
            let sources = holds.filter { $0.target === target }.map(\.source)
            holds.removeAll { $0.target === target }
            return sources
        }
        for source in sources { source.letGo() }
    }

    /// Forgets a queue that has ended.
    func ended(_ lane: Lane) {
        self.recovered(lane)
        self.holds.withLock { $0.removeAll { $0.source === lane } }
    }
}
