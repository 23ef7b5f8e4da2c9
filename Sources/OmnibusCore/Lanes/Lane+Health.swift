// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Synchronization

/// Since when a queue is not as it should be; written only where something slow happens anyway.
struct LaneTimes: Sendable {
    /// When it was said that the queue is slow.
    var slow: Timestamp?
    /// When the circuit breaker opened.
    var breaker: Timestamp?
    /// When each publisher began to wait for room.
    var publishers: [UInt64: Timestamp] = [:]
}

extension Lane {
    /// What is wrong with the queue. O(publishers that wait).
    package var findings: [EventBusHealth.Finding] {
        let times = self.times.withLock { $0 }
        let (isSlow, pending, publishers, isShut) = self.state.withLock { state in
            (
                state.machine.isSlow, state.machine.currentMetrics.pending, state.machine.suspended.count,
                state.machine.gates?.breakerState.map { $0 != .closed } ?? false
            )
        }
        var findings: [EventBusHealth.Finding] = []
        if isSlow { findings.append(.init(.slowQueue, name: self.name, since: times.slow, count: pending)) }
        if publishers > 0 {
            let since = times.publishers.values.min()
            findings.append(.init(.suspendedPublishers, name: self.name, since: since, count: publishers))
        }
        if isShut { findings.append(.init(.openBreaker, name: self.name, since: times.breaker, count: pending)) }
        return findings
    }
}
