// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Synchronization

@testable import Omnibus
@testable import OmnibusCore

extension EventBus {
    /// Waits until so many publishers wait for room in the queues of the bus, and their limits are set on the clock.
    func suspendedPublishers(_ count: Int) async {
        while self.suspendedPublishers < count, !Task.isCancelled { await Task.yield() }
        guard let clock = self.environment.clock as? ManualClock else { return }
        while clock.pendingTimers < count, !Task.isCancelled { await Task.yield() }
    }

    /// How many publishers wait for room now.
    var suspendedPublishers: Int {
        self.memory?.lanes.map { lane in lane.state.withLock { $0.machine.suspended.count } }.reduce(0, +) ?? 0
    }
}
