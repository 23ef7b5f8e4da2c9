// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Synchronization

extension LaneMachine {
    /// Entries that wait for a worker to begin them, those that a worker alone has taken ahead included.
    ///
    /// Such a worker reports its progress now and then, so that this may be too much by what it has begun since.
    var waitingCount: Int {
        self.readyCount + self.delayed.count + self.keys.count + min(self.held, self.inFlight)
    }

    /// When the oldest of them was accepted, as far as the first of each buffer say so; O(keys and retries).
    var oldestWaiting: Timestamp? {
        let held = self.held > 0 ? self.heldSince : nil
        return [
            self.own.oldest, self.others?.oldest, self.window?.oldest, self.delayed.oldest, self.keys.oldest, held,
        ].compactMap { $0 }.min()
    }
}

extension Lane {
    /// How the queue stands now.
    package var standing: QueueStanding {
        self.state.withLock { state in
            state.catchUp()
            return QueueStanding(
                identity: self.identity,
                members: state.machine.members.map(\.id),
                metrics: state.machine.currentMetrics,
                waiting: state.machine.waitingCount,
                oldest: ([state.machine.oldestWaiting] + state.workQueues.map(\.oldest)).compactMap { $0 }.min()
            )
        }
    }
}
