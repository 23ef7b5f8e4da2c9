// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The subscriptions of one bus, and the tasks that work for them.
final class SubscriptionTable: Sendable {
    /// Where the deliveries of a subscription come from.
    struct Provided: Sendable {
        var subscription: any ProviderSubscription
        var hosted: HostedLane?
        /// Who does what; nil for the in-memory broker, which does everything.
        var plan: SubscriptionPlan?
    }

    /// One subscription.
    struct Record: Sendable {
        var subscription: Subscription
        /// The queue, where it is in this process.
        var lane: Lane?
        /// The same with what fills it, where it is in the bus.
        var hosted: HostedLane?
        /// Who does what.
        var plan: SubscriptionPlan?
        /// The provider's subscription, where the deliveries come through one.
        var provider: (any ProviderSubscription)?
        /// The sequence, where it is read as one.
        var sequence: WeakSource?
        /// The tasks that run handlers, and the ends of them.
        var workers: [HandlerTask] = []
        /// Counts the tasks that have not ended yet.
        var running: Countdown?
        /// What takes the messages.
        var kind: SubscriptionKind
        /// The name of what messages are forwarded to.
        var name: String?
        /// How many handlers may run at once.
        var concurrency = 1
        /// What the predicate is called, where there is one.
        var predicate: String?
        /// The call that subscribed.
        var callSite: CallSite?
        /// Since when it is paused, where it was paused by its handle.
        var pausedSince: Timestamp?

        init(inline subscription: Subscription, _ kind: SubscriptionKind, callSite: CallSite) {
            self.subscription = subscription
            self.kind = kind
            self.callSite = callSite
        }

        init(subscription: Subscription, lane: Lane, _ request: EventBus.SubscribeRequest) {
            self.subscription = subscription
            self.lane = lane
            self.kind = request.kind
            self.callSite = request.callSite
            self.describe(request)
        }

        init(
            subscription: Subscription,
            _ provided: Provided,
            sequence: WeakSource? = nil,
            _ request: EventBus.SubscribeRequest
        ) {
            self.subscription = subscription
            self.lane = (provided.subscription as? LaneSubscription)?.lane
            self.hosted = provided.hosted
            self.plan = provided.plan
            self.provider = provided.subscription
            self.sequence = sequence
            self.kind = sequence == nil ? request.kind : .sequence
            self.callSite = request.callSite
            self.describe(request)
        }

        /// Keeps of what was asked for what is shown to those who look at the topology; all of it would take a third of
        /// a kilobyte for each subscription.
        private mutating func describe(_ request: EventBus.SubscribeRequest) {
            self.name = request.name
            self.concurrency = request.settings.concurrency
            self.predicate = request.settings.predicate?.name
        }

        /// Gives what is held by hand back to the group.
        func takeBack() {
            if let hosted = self.hosted {
                hosted.takeBack(from: self.subscription.id, hosted.lane)
            } else {
                self.lane?.takeBack(from: self.subscription.id)
            }
        }
    }

    /// A sequence that the bus does not keep alive.
    final class WeakSource: @unchecked Sendable {
        // SAFETY: written in init alone; a weak reference is safe to read from any thread.
        private(set) weak var source: Deliveries.Source?

        init(_ source: Deliveries.Source) {
            self.source = source
        }
    }

    /// Holds a record by itself: a table has up to three places for each that is taken, and keeps them when all are gone.
    private final class Held: @unchecked Sendable {
        // SAFETY: reached under the lock of the table alone.
        var record: Record

        init(_ record: Record) {
            self.record = record
        }
    }

    private let records = Mutex<[SubscriptionID: Held]>([:])

    func add(_ record: Record) {
        let held = Held(record)
        self.records.withLock { $0[record.subscription.id] = held }
    }

    func add(_ workers: [HandlerTask], running: Countdown, to id: SubscriptionID) {
        self.records.withLock { records in
            guard let held = records[id] else { return }
            held.record.workers = workers
            held.record.running = running
        }
    }

    /// Notes that a subscription is paused, or not any more; it stays paused since the first time.
    func setPaused(since time: Timestamp?, _ id: SubscriptionID) {
        self.records.withLock { records in
            guard let held = records[id] else { return }
            held.record.pausedSince = time == nil ? nil : held.record.pausedSince ?? time
        }
    }

    @discardableResult
    func remove(_ id: SubscriptionID) -> Record? {
        self.records.withLock { $0.removeValue(forKey: id)?.record }
    }

    /// Forgets a subscription whose last worker has ended; what was held by hand goes back to the group.
    func workEnded(_ id: SubscriptionID) {
        self.remove(id)?.takeBack()
    }

    func record(_ id: SubscriptionID) -> Record? {
        self.records.withLock { $0[id]?.record }
    }

    var all: [Record] {
        self.records.withLock { records in
            records.sorted { $0.key.rawValue < $1.key.rawValue }.map(\.value.record)
        }
    }
}
