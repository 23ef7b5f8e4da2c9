// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells those who watch a bus what it does with each message.
///
/// Design note: nobody pays for it who does not watch. What is published on the in-memory broker is seen by a tap, which
/// exists only while somebody watches: the shortest way of an event does not lead past a tap. What is handed over is
/// seen by whoever hands it over, once for each batch.
final class ActivityRecorder: Sendable {
    private let hub = ListenerHub<Activity>()
    private let clock: any BusClock
    private let memory: BrokerCore?
    /// How many watch, and the tap while there are any.
    private let watchers = Mutex((count: 0, tap: SubscriptionID?.none))
    /// What ends with the bus, by the name of its listener.
    private let feeds = Mutex<[UInt64: ActivityBuffer]>([:])

    init(clock: any BusClock, memory: BrokerCore?) {
        self.clock = clock
        self.memory = memory
    }

    deinit {
        if let tap = self.watchers.withLock({ $0.tap }) { self.memory?.unsubscribe(tap) }
    }

    /// Whether anybody watches.
    var isOn: Bool { self.hub.isHeard }

    // MARK: Watching

    /// Adds somebody who watches; what happens from now on is handed over in the thread where it happens.
    func watch(_ see: @escaping @Sendable (Activity) -> Void) throws(OmnibusError) -> UInt64 {
        try self.watchers.withLock { watchers throws(OmnibusError) in
            if watchers.tap == nil { watchers.tap = try self.makeTap() }
            watchers.count += 1
        }
        return self.hub.add(see)
    }

    /// Adds a feed, which ends with the bus.
    func watch(_ buffer: ActivityBuffer) throws(OmnibusError) -> UInt64 {
        let id = try self.watch { buffer.add($0) }
        self.feeds.withLock { $0[id] = buffer }
        return id
    }

    /// Removes somebody who watches.
    func unwatch(_ id: UInt64) {
        guard self.hub.remove(id) else { return }
        self.feeds.withLock { _ = $0.removeValue(forKey: id) }
        let tap = self.watchers.withLock { watchers -> SubscriptionID? in
            watchers.count -= 1
            guard watchers.count == 0 else { return nil }
            defer { watchers.tap = nil }
            return watchers.tap
        }
        if let tap { self.memory?.unsubscribe(tap) }
    }

    /// Ends all feeds, and the tap.
    func end() {
        let feeds = self.feeds.withLock { $0 }
        for (id, buffer) in feeds.sorted(by: { $0.key < $1.key }) {
            self.unwatch(id)
            buffer.end()
        }
        let tap = self.watchers.withLock { watchers in
            defer { watchers.tap = nil }
            return watchers.tap
        }
        if let tap { self.memory?.unsubscribe(tap) }
    }

    private func makeTap() throws(OmnibusError) -> SubscriptionID? {
        let (hub, clock) = (self.hub, self.clock)
        return try self.memory?.tap("#") { [weak memory] message in
            hub.send {
                var activity = Activity(.emitted, message, at: clock.now)
                activity.matched = memory?.matchCount(of: message.topic)
                return activity
            }
        }
    }

    // MARK: Recording

    /// Says that a provider has accepted a message; the in-memory broker's tap says so itself.
    func emitted(_ message: Message, _ receipt: PublishReceipt) {
        guard self.memory == nil else { return }
        self.hub.send {
            var activity = Activity(.emitted, message, at: self.clock.now)
            activity.messageID = receipt.messageID
            activity.matched = receipt.matched
            return activity
        }
    }

    /// Says that a message is handed to a subscription.
    func delivered(_ message: Message, attempt: Int, to subscription: Subscription) {
        self.hub.send { self.activity(.delivered, message, attempt, subscription) }
    }

    /// Says what has become of a delivery.
    func settled(_ action: Settlement.Action, _ message: Message, attempt: Int, of subscription: Subscription) {
        self.hub.send {
            var activity = self.activity(action.activityKind, message, attempt, subscription)
            switch action {
            case .nack(let delay, let failure):
                activity.delay = delay
                activity.reason = failure?.errorType
            case .deadLetter(let reason, let failure):
                activity.reason = failure.map { "\(reason.name) \($0.errorType)" } ?? reason.name
            case .extend(let duration):
                activity.delay = duration
            case .ack, .release:
                break
            }
            return activity
        }
    }

    private func activity(
        _ kind: Activity.Kind,
        _ message: Message,
        _ attempt: Int,
        _ subscription: Subscription
    ) -> Activity {
        var activity = Activity(kind, message, at: self.clock.now)
        activity.subscription = subscription.id
        activity.pattern = subscription.pattern
        activity.group = subscription.group
        activity.attempt = attempt
        return activity
    }
}

extension Settlement.Action {
    fileprivate var activityKind: Activity.Kind {
        switch self {
        case .ack: .acknowledged
        case .nack: .retried
        case .extend: .extended
        case .deadLetter: .deadLettered
        case .release: .returned
        }
    }
}

/// Settles a delivery that is watched, and says how.
struct WatchedSettler: DeliverySettler {
    let settler: any DeliverySettler
    let recorder: ActivityRecorder
    let message: Message
    let attempt: Int
    let subscription: Subscription

    func settle(_ settlements: [Settlement]) throws(OmnibusError) {
        try self.settler.settle(settlements)
        for settlement in settlements {
            self.recorder.settled(settlement.action, self.message, attempt: self.attempt, of: self.subscription)
        }
    }

    func flush() async throws(OmnibusError) {
        try await self.settler.flush()
    }
}
