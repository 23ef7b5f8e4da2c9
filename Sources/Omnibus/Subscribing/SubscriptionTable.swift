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
        var workers: [Worker] = []
        /// Counts the tasks that have not ended yet.
        var running: Countdown?
        /// What takes the messages.
        var kind: SubscriptionKind
        /// What was asked for, where there is a queue; nothing else reads it than who wants to see the topology.
        var request: EventBus.SubscribeRequest?
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
            self.request = request
            self.callSite = request.callSite
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
            self.request = request
            self.callSite = request.callSite
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

    /// Notes that a subscription is paused, or not any more; it stays paused since the first time.
    func setPaused(since time: Timestamp?, _ id: SubscriptionID) {
        self.records.withLock { records in
            let since = records[id]?.pausedSince
            records[id]?.pausedSince = time == nil ? nil : since ?? time
        }
    }

    @discardableResult
    func remove(_ id: SubscriptionID) -> Record? {
        self.records.withLock { $0.removeValue(forKey: id) }
    }

    /// Forgets a subscription whose last worker has ended; what was held by hand goes back to the group.
    func workEnded(_ id: SubscriptionID) {
        self.remove(id)?.takeBack()
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
