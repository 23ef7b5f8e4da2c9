// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The end of a bus: who waits for it, and what came of it.
final class Closing: Sendable {
    private struct State {
        /// When it began; nil where it has not.
        var since: Timestamp?
        var report: ShutdownReport?
        var waiters: [Pending<ShutdownReport?>] = []
    }

    private let state = Mutex(State())

    /// Whether the caller is the one who shuts down.
    func begins(at now: Timestamp) -> Bool {
        self.state.withLock { state in
            guard state.since == nil else { return false }
            state.since = now
            return true
        }
    }

    /// When the shutdown began; nil where it has not.
    var since: Timestamp? { self.state.withLock { $0.since } }

    func finish(_ report: ShutdownReport) {
        let waiters = self.state.withLock { state in
            state.report = report
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resolve(report) }
    }

    /// How many wait for the end; none, once it has come.
    var waiterCount: Int { self.state.withLock { $0.waiters.count } }

    /// Waits for the end; nil when the calling task is cancelled.
    func value() async -> ShutdownReport? {
        let pending = self.state.withLock { state in
            let pending = Pending<ShutdownReport?>()
            if let report = state.report { pending.resolve(report) } else { state.waiters.append(pending) }
            return pending
        }
        return await pending.value(whenCancelled: nil)
    }
}
