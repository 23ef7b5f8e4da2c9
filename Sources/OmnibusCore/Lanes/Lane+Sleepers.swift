// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    /// Who is asleep in a queue, for tests that look for what was left behind.
    package struct Sleepers: Sendable {
        /// Workers and readers of a subscription that wait for messages.
        package var workers: [SubscriptionID: Int] = [:]
        /// Publishers that wait for room.
        package var publishers = 0
        /// Tasks that wait for the queue to be settled.
        package var waiters = 0
    }

    /// Forgets the timer of a queue that has ended, unless a delivery in flight has a deadline: nothing waits for it.
    func disarmIfClosed() {
        let timer = self.state.withLock { state -> TimerID? in
            guard state.machine.isClosed, state.machine.slots.earliestDeadline == nil else { return nil }
            defer { state.timer = nil }
            return state.timer?.id
        }
        if let timer { self.clock.cancel(timer) }
    }

    /// How many deliveries in flight somebody holds by handle.
    package var inFlightSlots: Int { self.state.withLock { $0.machine.slots.count } }

    /// Who is asleep now. O(sleepers).
    package var sleepers: Sleepers {
        self.state.withLock { state in
            var sleepers = Sleepers(
                publishers: state.machine.suspended.count,
                waiters: state.machine.idleWaiters.count
            )
            for member in state.machine.idleWorkers.compactMap(\.member) { sleepers.workers[member, default: 0] += 1 }
            return sleepers
        }
    }
}
