// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the host of a queue asks that fills it from somewhere else.
extension Lane {
    /// How much waits in a queue.
    package struct Backlog: Sendable, Equatable {
        /// Messages that wait, for a worker or for their time.
        package var count: Int
        /// Messages that wait behind a held key.
        package var parked: Int
        /// What all of them count against the bound in bytes.
        package var bytes: Int
        /// Those of them that a worker could take now.
        package var ready: Int

        package init(count: Int, parked: Int = 0, bytes: Int, ready: Int) {
            self.count = count
            self.parked = parked
            self.bytes = bytes
            self.ready = ready
        }
    }

    /// How much waits in the queue.
    package var backlog: Backlog {
        self.state.withLock { state in
            let control = state.machine.others?.control
            return Backlog(
                count: state.machine.boundedCount + (control?.count ?? 0),
                parked: state.machine.keys.count,
                bytes: state.machine.boundedBytes + state.machine.keys.bytes + (control?.bytes ?? 0),
                ready: state.machine.hasWork ? state.machine.readyCount : 0
            )
        }
    }

    /// Whether the queue has ended.
    package var isClosed: Bool { self.state.withLock { $0.machine.isClosed } }

    /// The delivery of a handle; nil where the handle is stale.
    package func heldEntry(_ token: DeliveryToken) -> HeldEntry? {
        self.state.withLock { $0.machine.slots.entry(token) }
    }

    /// Lets go of a delivery that comes again from where the queue is filled: it is counted anew when it comes.
    ///
    /// - Throws: as for settling.
    package func withdraw(_ token: DeliveryToken) throws(OmnibusError) {
        try self.settle(Settlement(token, .ack))
        self.state.withLock { state in
            state.machine.metrics.acknowledged -= 1
            state.machine.metrics.offered -= 1
            state.machine.metrics.retried += 1
        }
    }

    /// Whether a member that has not settled so many deliveries has more to come; nil where others may get it.
    package func hasMore(than unsettled: Int, for member: SubscriptionID) -> Bool? {
        self.state.withLock { state in
            guard !state.machine.isClosed, state.machine.members.count == 1, !state.machine.isPaused(member) else {
                return nil
            }
            if state.machine.canRead { return true }
            let ready = state.machine.hasWork ? state.machine.readyCount : 0
            return ready + state.machine.inFlight > unsettled
        }
    }
}

extension SubscriptionSettings {
    /// Checks that somebody may join a group: its members share everything but the place where they subscribed.
    package func check(fit group: SubscriptionSettings, _ name: String) throws(OmnibusError) {
        var theirs = group
        theirs.callSite = self.callSite
        // Where the group has got to counts, not where a member would have started.
        theirs.start = self.start
        guard theirs == self else {
            throw OmnibusError(
                .groupMismatch,
                """
                The \(name) has other settings (bounds, overflow, order, predicate, attempts, deadline, throttle or \
                circuit breaker); members of one group must ask for the same.
                """
            )
        }
    }
}
