// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a bus keeps for a provider that is not the in-memory broker: queues, dead letters and counts.
final class BusHost: Sendable {
    /// How many dead letters are kept, and how many bytes of them; the oldest one makes room.
    private static let limits = InMemoryBroker.Limits()

    private struct GroupKey: Hashable {
        var group: String
        var pattern: TopicPattern
    }

    private struct State {
        var lanes: [UInt64: HostedLane] = [:]
        var groups: [GroupKey: HostedLane] = [:]
        var lastLane: UInt64 = 0
        /// Queues that have ended, until their last message is settled.
        var ending: [Lane] = []
        /// What became of the messages of those before.
        var ended = QueueMetrics()
        var ids: MessageIDGenerator
    }

    let provider: any EventBusProvider
    let environment: BusEnvironment
    let signals: SignalHub
    private let pressure = BackPressure()
    let deadLetters = DeadLetterStore(
        limit: BusHost.limits.deadLetters,
        byteLimit: BusHost.limits.deadLetterBytes
    )
    let deadLetterTopic = DeadLetterTopic.perTopic
    let notices: NoticeSender
    let publishes = PublishCounts()
    private let state: Mutex<State>

    init(_ provider: any EventBusProvider, _ environment: BusEnvironment, _ signals: SignalHub) {
        self.provider = provider
        self.signals = signals
        self.environment = environment
        self.notices = NoticeSender(provider)
        self.state = Mutex(State(ids: MessageIDGenerator(seed: environment.random.next())))
    }

    // MARK: Queues

    /// Adds a subscription by a plan: to its group's queue, or to one of its own.
    ///
    /// - Throws: whatever the provider throws, or ``OmnibusError`` with the code `groupMismatch`.
    func subscribe(
        _ plan: SubscriptionPlan,
        _ settings: SubscriptionSettings,
        _ control: any SubscriptionControl
    ) async throws(OmnibusError) -> (LaneSubscription, HostedLane) {
        let key = settings.group.map { GroupKey(group: $0, pattern: plan.pattern) }
        if let joined = try self.join(key, settings, control) { return joined }
        let provided = try await self.provider.subscribe(to: plan.providerPattern, plan.providerSettings(settings))
        let upstream = Upstream(provided, isAcknowledged: plan[.acknowledgement] == .provider)
        let hosted = HostedLane(
            lane: self.makeLane(plan, settings, upstream),
            settings: settings,
            plan: plan,
            upstream: upstream,
            environment: self.environment
        ) { self.remove($0, key) }
        // Somebody else may have made the group's queue meanwhile.
        let other = self.state.withLock { state -> HostedLane? in
            if let key, let other = state.groups[key], !other.lane.isClosed { return other }
            state.lanes[hosted.lane.id] = hosted
            if let key { state.groups[key] = hosted }
            return nil
        }
        guard other == nil, let id = hosted.join() else {
            await provided.cancel()
            return try await self.subscribe(plan, settings, control)
        }
        hosted.start()
        return (LaneSubscription(lane: hosted.lane, id: id, control: control, host: hosted), hosted)
    }

    /// Joins the queue of a group; nil where there is none.
    private func join(
        _ key: GroupKey?,
        _ settings: SubscriptionSettings,
        _ control: any SubscriptionControl
    ) throws(OmnibusError) -> (LaneSubscription, HostedLane)? {
        guard let key, let hosted = self.state.withLock({ $0.groups[key] }) else { return nil }
        try settings.check(fit: hosted.settings, hosted.lane.name)
        guard let id = hosted.join() else { return nil }
        return (LaneSubscription(lane: hosted.lane, id: id, control: control, host: hosted), hosted)
    }

    private func makeLane(_ plan: SubscriptionPlan, _ settings: SubscriptionSettings, _ upstream: Upstream) -> Lane {
        let id = self.state.withLock { state in
            state.lastLane += 1
            return state.lastLane
        }
        let topic = plan.pattern.literalTopic ?? Topic(unchecked: plan.pattern.description)
        return Lane(
            id: id,
            pattern: plan.pattern,
            settings: settings.forHosting(plan),
            layout: MessageLayout(),
            defaults: MessageDefaults(topic: topic) { _ in nil },
            clock: self.environment.clock,
            signals: self.signals,
            pressure: self.pressure,
            giveUp: { lane, entry, reason in
                let claim = entry.claim as? UpstreamClaim
                if plan[.deadLetters] == .provider, let claim {
                    claim.settle(.deadLetter(reason, entry.failures.last))
                } else {
                    // Kept first: what is acknowledged and not kept would be lost.
                    self.keep(entry, reason: reason, from: lane)
                    claim?.settle(.ack)
                }
                upstream.handOver { lane.isClosed }
            }
        )
    }

    /// The queue that gave up on a dead letter: the same one, or its group's, made anew where that had ended.
    func lane(for letter: DeadLetter) -> Lane? {
        self.state.withLock { state in
            if let hosted = state.lanes[letter.lane] { return hosted.lane }
            return letter.group.flatMap { state.groups[GroupKey(group: $0, pattern: letter.pattern)]?.lane }
        }
    }

    /// The queues that have not ended, the oldest first.
    var hostedLanes: [HostedLane] {
        self.state.withLock { $0.lanes.sorted { $0.key < $1.key }.map(\.value) }
    }

    func makeID() -> MessageID {
        let milliseconds = self.environment.clock.coarseWallNanoseconds() / 1_000_000
        return self.state.withLock { $0.ids.next(milliseconds: milliseconds) }
    }

    private func remove(_ hosted: HostedLane, _ key: GroupKey?) {
        self.state.withLock { state in
            guard state.lanes.removeValue(forKey: hosted.lane.id) != nil else { return }
            // The group may have got a new queue since this one ended.
            if let key, state.groups[key] === hosted { state.groups[key] = nil }
            state.ending.append(hosted.lane)
        }
    }

    // MARK: Counting

    /// What has happened on the bus and how its queues stand, as far as it can know.
    func standing(subscriptions: Int) -> BusStanding {
        let (lanes, ending, ended) = self.state.withLock { state in
            state.ending.removeAll { lane in
                let metrics = lane.metrics
                guard metrics.inFlight == 0 else { return false }
                state.ended += metrics
                return true
            }
            return (state.lanes.sorted { $0.key < $1.key }.map(\.value.lane), state.ending, state.ended)
        }
        var standing = self.publishes.standing
        standing.ended = ended
        for lane in ending { standing.ended += lane.metrics }
        standing.queues = lanes.map(\.standing)
        standing.metrics.queues = standing.ended
        for queue in standing.queues { standing.metrics.queues += queue.metrics }
        standing.metrics.subscriptions = subscriptions
        return standing
    }
}

extension SubscriptionSettings {
    /// The same for a queue that nothing but its fetching task fills.
    ///
    /// That task sees to the bounds. What it has fetched is accepted, and whatever of it turns out to have a key that is
    /// held has a place to wait, so that it does not stop other keys.
    fileprivate func forHosting(_ plan: SubscriptionPlan) -> SubscriptionSettings {
        var settings = self
        if plan[.bounds] == .provider { settings.overflow = .suspend() }
        let parked = min(settings.bounds.parked + settings.bounds.count, Int(Int32.max))
        settings.bounds.parked = parked
        settings.bounds.parkedPerKey = parked
        return settings
    }
}
