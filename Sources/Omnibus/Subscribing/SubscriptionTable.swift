// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The subscriptions of one bus, and the tasks that work for them.
final class SubscriptionTable: Sendable {
    /// One subscription.
    struct Record: Sendable {
        var subscription: Subscription
        /// The in-memory queue, where there is one.
        var lane: Lane?
        /// The provider's subscription, where the deliveries come through one.
        var provider: (any ProviderSubscription)?
        /// The sequence, where it is read as one.
        var sequence: WeakSource?
        /// The tasks that run handlers, and the ends of them.
        var workers: [Worker] = []
        /// Counts the tasks that have not ended yet.
        var running: Countdown?
        /// The call that subscribed.
        var callSite: CallSite?
    }

    struct Worker: Sendable {
        var task: Task<Void, Never>
        var ended: Pending<Bool>
    }

    /// A sequence that the bus does not keep alive.
    final class WeakSource: @unchecked Sendable {
        // SAFETY: written in init alone; a weak reference is safe to read from any thread.
        private(set) weak var source: Deliveries.Source?

        init(_ source: Deliveries.Source) {
            self.source = source
        }
    }

    private let records = Mutex<[SubscriptionID: Record]>([:])

    func add(_ record: Record) {
        self.records.withLock { $0[record.subscription.id] = record }
    }

    func add(_ workers: [Worker], running: Countdown, to id: SubscriptionID) {
        self.records.withLock { records in
            records[id]?.workers = workers
            records[id]?.running = running
        }
    }

    @discardableResult
    func remove(_ id: SubscriptionID) -> Record? {
        self.records.withLock { $0.removeValue(forKey: id) }
    }

    /// Forgets a subscription whose last worker has ended; what was held by hand goes back to the group.
    func workEnded(_ id: SubscriptionID) {
        self.remove(id)?.lane?.takeBack(from: id)
    }

    func record(_ id: SubscriptionID) -> Record? {
        self.records.withLock { $0[id] }
    }

    var all: [Record] {
        self.records.withLock { records in
            records.values.sorted { $0.subscription.id.rawValue < $1.subscription.id.rawValue }
        }
    }
}
