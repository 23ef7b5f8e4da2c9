// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where handlers of one subscription, or of one topic, record how long they took.
final class LatencyRecorder: Sendable {
    private let state = Mutex(LatencyMetrics())

    func record(delivery: Int64) {
        self.state.withLock { $0.delivery.record(nanoseconds: delivery) }
    }

    func record(handling: Int64) {
        self.state.withLock { $0.handling.record(nanoseconds: handling) }
    }

    func record(delivery: Int64, handling: Int64) {
        self.state.withLock { state in
            state.delivery.record(nanoseconds: delivery)
            state.handling.record(nanoseconds: handling)
        }
    }

    /// Adds what another one has recorded.
    func add(_ metrics: LatencyMetrics) {
        self.state.withLock { $0 += metrics }
    }

    var metrics: LatencyMetrics { self.state.withLock { $0 } }
}
