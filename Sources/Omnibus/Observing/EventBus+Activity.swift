// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension EventBus {
    /// Watches what the bus does with each message, from now on.
    ///
    /// ```swift
    /// for await activity in try bus.activity() { print(activity) }
    /// ```
    ///
    /// What is published on the in-memory broker is seen whoever publishes, other buses on it included, but for topics of
    /// the system; what is delivered and settled is seen of this bus's own subscriptions. While somebody watches,
    /// publishing and handling take a longer way; nobody else pays for it.
    ///
    /// - Parameter limit: how many activities wait for the reader at most; the oldest make room.
    /// - Throws: ``OmnibusError`` with the code `busClosed`, or `invalidSettings` for a limit that is not positive.
    public func activity(limit: Int = 1_024) throws(OmnibusError) -> ActivityFeed {
        guard self.phase.load(ordering: .acquiring) == .open else { throw self.closedError("watch") }
        guard limit > 0 else {
            throw OmnibusError(.invalidSettings, "'limit' is \(limit); it must be positive. The default is 1024.")
        }
        let buffer = ActivityBuffer(limit: limit)
        let id = try self.activities.watch(buffer)
        self.giveBackBatches()
        return ActivityFeed(buffer) { [activities] in activities.unwatch(id) }
    }

    /// Hands each activity to a function, in the thread where it happens, until the bus has been shut down.
    func watch(_ see: @escaping @Sendable (Activity) -> Void) throws(OmnibusError) {
        _ = try self.activities.watch(see)
        self.giveBackBatches()
    }

    /// Has workers take anew what they have taken and not begun, so that they notice who watches.
    private func giveBackBatches() {
        for record in self.subscriptions.all { record.lane?.callAttention() }
    }
}
