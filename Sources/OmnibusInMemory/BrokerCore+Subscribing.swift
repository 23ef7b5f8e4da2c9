// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore {
    /// Adds a subscription: a member of its group's queue, which is made where there is none.
    ///
    /// - Throws: `invalidSettings`, `groupMismatch` when the group has other settings, `busClosed`, or `unsupported`.
    package func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings,
        layout: PayloadLayout
    ) throws(OmnibusError) -> (Lane, SubscriptionID) {
        try settings.validate()
        let clock = self.environment.clock
        // What follows from reading a history is done when the table is free.
        var read: (taken: LaneReading.Taken?, removed: [LogRecord]) = (nil, [])
        defer { withExtendedLifetime(read.removed) {} }
        let (lane, id) = try self.change { table throws(OmnibusError) -> (Lane, SubscriptionID) in
            if let start = settings.start { try table.check(start, for: pattern, self.logs) }
            guard !table.isClosed else {
                throw OmnibusError(.busClosed, "The in-memory broker was disconnected; subscribe to another one.")
            }
            let id = table.nextSubscriptionID()
            let key = settings.group.map { Routing.GroupKey(group: $0, pattern: pattern) }
            if let key, let token = table.groups[key], let lane = table.lanes[token] {
                try settings.check(fit: lane.settings, lane.name)
                if lane.join(id) {
                    table.subscriptions[id] = .member(of: lane, token, Routing.OwnSettings(settings))
                    return (lane, id)
                }
            }
            table.lastLane += 1
            let lane = Lane(
                id: table.lastLane,
                pattern: pattern,
                settings: settings,
                layout: layout,
                defaults: self.defaults(for: pattern),
                clock: clock,
                signals: self.signals,
                pressure: self.pressure,
                // The queue keeps the broker alive, until it ends: with its last member, or with the broker's actor.
                // A weak reference would make every retain of the broker slow.
                giveUp: { lane, entry, reason in self.keep(entry, reason: reason, from: lane) }
            )
            _ = lane.join(id)
            read = self.logs.attach(lane, from: settings.start)
            let token = table.nextToken()
            table.lanes[token] = lane
            table.trie.insert(pattern, token)
            if let key { table.groups[key] = token }
            table.subscriptions[id] = .member(of: lane, token, nil)
            return (lane, id)
        }
        if let taken = read.taken { lane.finish(taken) }
        return (lane, id)
    }

    private func defaults(for pattern: TopicPattern) -> MessageDefaults {
        // Only queues of one event type use it, and their pattern is a topic.
        MessageDefaults(topic: pattern.literalTopic ?? Topic(unchecked: pattern.description)) { origin in
            self.extras(of: origin)
        }
    }

    /// Adds somebody who looks at messages while they are published.
    package func observe(
        _ pattern: TopicPattern,
        values: ValueObserver? = nil,
        _ see: @escaping @Sendable (Message) -> Void
    ) throws(OmnibusError) -> SubscriptionID {
        try self.change { table throws(OmnibusError) in
            guard !table.isClosed else {
                throw OmnibusError(.busClosed, "The in-memory broker was disconnected; observe another one.")
            }
            let id = table.nextSubscriptionID()
            let observer = Observer(id: id, pattern: pattern, values: values, see: see)
            let token = table.nextToken()
            table.observers[token] = observer
            table.trie.insert(pattern, token)
            table.subscriptions[id] = .observer(observer, token)
            return id
        }
    }

    /// Adds somebody who sees messages once they are accepted, and does not count as listening.
    package func tap(
        _ pattern: TopicPattern,
        _ see: @escaping @Sendable (Message) -> Void
    ) throws(OmnibusError) -> SubscriptionID {
        try self.change { table throws(OmnibusError) in
            guard !table.isClosed else {
                throw OmnibusError(.busClosed, "The in-memory broker was disconnected; tap another one.")
            }
            let id = table.nextSubscriptionID()
            let tap = Observer(id: id, pattern: pattern, see: see)
            let token = table.nextToken()
            table.taps[token] = tap
            table.trie.insert(pattern, token)
            table.subscriptions[id] = .tap(tap, token)
            return id
        }
    }

    /// Ends a subscription; returns false when there is none.
    ///
    /// Once it has returned, nothing is handed to the subscription any more.
    @discardableResult
    package func unsubscribe(_ id: SubscriptionID) -> Bool {
        guard let listener = self.table.withLock({ $0.subscriptions.removeValue(forKey: id) }) else { return false }
        // The queue wakes its workers and publishers, which must not happen under the table's lock. Whoever joins the
        // group meanwhile finds a queue that has ended, and makes a new one.
        if case .member(let lane, _, _) = listener, !lane.leave(id) { return true }
        let hasManyEnded = self.change { table -> Bool in
            switch listener {
            case .member(let lane, let token, _): table.remove(lane, token)
            case .observer(let observer, let token):
                table.observers[token] = nil
                table.trie.remove(observer.pattern, token)
            case .tap(let tap, let token):
                table.taps[token] = nil
                table.trie.remove(tap.pattern, token)
            }
            table.endedSinceForgetting += 1
            guard table.endedSinceForgetting >= Routing.rememberedEnds else { return false }
            table.endedSinceForgetting = 0
            return true
        }
        if hasManyEnded { self.forgetRoutes() }
        return true
    }

    @discardableResult
    package func leave(_ member: SubscriptionID) -> Bool { self.unsubscribe(member) }

    package func setPaused(_ isPaused: Bool, _ id: SubscriptionID) throws(OmnibusError) {
        guard case .member(let lane, _, _) = self.table.withLock({ $0.subscriptions[id] }), lane.setPaused(isPaused, id)
        else { throw self.unknown(id) }
    }

    package func unknown(_ id: SubscriptionID) -> OmnibusError {
        OmnibusError(.unknownSubscription, "There is no subscription '\(id)' that could be changed; it has ended.")
    }

    /// The queues that there are.
    package var lanes: [Lane] {
        self.table.withLock { table in table.lanes.values.sorted { $0.id < $1.id } + table.ending }
    }

    /// Ends everything.
    package func close() {
        let lanes = self.change { table -> [Lane] in
            let lanes = Array(table.lanes.values)
            table.isClosed = true
            table.ending += lanes
            table.lanes = [:]
            table.groups = [:]
            table.observers = [:]
            table.taps = [:]
            table.subscriptions = [:]
            table.trie = PatternTrie()
            return lanes
        }
        self.abandonScheduled(of: nil)
        for lane in lanes { lane.close() }
        self.logs.close()
        self.forgetRoutes()
    }

    /// Has publishers let go of the routes that they know. Those lead to queues, and the queues to this broker: where
    /// nobody publishes any more, nobody would notice that they are old, and they would keep all that alive.
    private func forgetRoutes() {
        for stripe in self.stripes + self.table.withLock({ Array($0.ownStripes.values) }) {
            _ = stripe.state.withLock { $0.forgetRoutes() }
        }
    }
}

extension BrokerCore: LaneHost {}

extension Routing {
    /// Takes a queue that has ended out of the table; its counts stay.
    mutating func remove(_ lane: Lane, _ token: PatternTrie.Token) {
        // The broker may have been closed, which takes out all of them.
        guard self.lanes.removeValue(forKey: token) != nil else { return }
        self.trie.remove(lane.pattern, token)
        if let group = lane.group {
            let key = GroupKey(group: group, pattern: lane.pattern)
            // The group may have got a new queue since this one ended.
            if self.groups[key] == token { self.groups[key] = nil }
        }
        self.ending.append(lane)
        guard self.ending.count > self.endingLimit else { return }
        self.foldEnded()
        // Those that are still busy are not looked at again before there are as many others.
        self.endingLimit = max(self.ending.count * 2, Self.smallestEndingLimit)
    }

    /// Adds the counts of queues that have ended, and whose last message is settled, to the totals.
    mutating func foldEnded() {
        self.ending.removeAll { lane in
            let metrics = lane.metrics
            guard metrics.inFlight == 0 else { return false }
            self.ended += metrics
            return true
        }
    }
}
