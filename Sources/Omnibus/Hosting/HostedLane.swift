// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A queue in the bus, filled from a provider that cannot do itself what the queue does.
///
/// One task fetches: it asks for as much as the queue has room for. Members take from the queue as they do from one of
/// the in-memory broker; what becomes of an entry is told to the provider by the entry's ``UpstreamClaim``.
final class HostedLane: LaneHost {
    private struct State {
        var credit: FetchCredit
        /// How many deliveries were received, and have found their place.
        var received = 0
        /// How many messages were missed that no delivery of the queue has told of yet.
        var missed = 0
        /// The fetching task, while it waits for room.
        var sleeper: Pending<Bool>?
        /// Those who wait for the fetching task to have what there is.
        var watchers: [Pending<Bool>] = []
        var fetching: Task<Void, Never>?
        var members = 0
        var hasEnded = false
        var ending: Task<Void, Never>?
    }

    let lane: Lane
    /// What its members have asked for.
    let settings: SubscriptionSettings
    let plan: SubscriptionPlan
    let upstream: Upstream
    /// Resolved when the provider's subscription has ended and nothing is left to do.
    let ended = Pending<Bool>()
    private let environment: BusEnvironment
    private let whenEnding: @Sendable (HostedLane) -> Void
    private let state: Mutex<State>

    init(
        lane: Lane,
        settings: SubscriptionSettings,
        plan: SubscriptionPlan,
        upstream: Upstream,
        environment: BusEnvironment,
        whenEnding: @escaping @Sendable (HostedLane) -> Void
    ) {
        self.lane = lane
        self.settings = settings
        self.plan = plan
        self.upstream = upstream
        self.environment = environment
        self.whenEnding = whenEnding
        self.state = Mutex(State(credit: FetchCredit(settings, isBoundedThere: plan[.bounds] == .provider)))
    }

    // MARK: Members

    /// Adds a member and names it; nil when the queue has ended.
    func join() -> SubscriptionID? {
        let number = self.state.withLock { state in
            state.members += 1
            return state.members
        }
        let first = self.upstream.subscription.id.rawValue
        let id = SubscriptionID(rawValue: number == 1 ? first : "\(first)/\(number)")
        return self.lane.join(id) ? id : nil
    }

    @discardableResult
    func leave(_ member: SubscriptionID) -> Bool {
        let wasMember = self.lane.hasMember(member)
        if self.lane.leave(member) { self.end() }
        return wasMember
    }

    func takeBack(from member: SubscriptionID, _ lane: Lane) {
        lane.takeBack(from: member)
        self.handOver()
    }

    func entriesTaken() {
        let backlog = self.lane.backlog
        let sleeper = self.state.withLock { state -> Pending<Bool>? in
            guard let sleeper = state.sleeper, state.credit.isWorthwhile(backlog) else { return nil }
            state.sleeper = nil
            return sleeper
        }
        sleeper?.resolve(true)
    }

    // MARK: Settling

    func settle(_ settlement: Settlement, _ lane: Lane) throws(OmnibusError) {
        // Nothing is settled before the provider has been told.
        lane.begins()
        defer { lane.finished(1) }
        let entry = lane.heldEntry(settlement.delivery)
        let claim = entry?.claim as? UpstreamClaim
        switch settlement.action {
        case .ack:
            try lane.settle(settlement)
            claim?.settle(.ack)
        case .nack(let delay, let failure):
            if let entry, let claim, self.plan[.retry] == .provider, !self.isLastAttempt(entry) {
                try lane.withdraw(settlement.delivery)
                claim.settle(.nack(after: delay, failure))
            } else {
                try lane.settle(settlement)
                self.giveBackIfEnded(claim)
            }
        case .release:
            try lane.settle(settlement)
            self.giveBackIfEnded(claim)
        case .extend, .deadLetter:
            // What is given up on is kept by the queue's own closure, which settles the claim.
            try lane.settle(settlement)
        }
        self.handOver()
    }

    /// An entry that comes back to a queue that has ended goes back to the provider.
    private func giveBackIfEnded(_ claim: UpstreamClaim?) {
        if self.lane.isClosed { claim?.settle(.release) }
    }

    private func isLastAttempt(_ entry: HeldEntry) -> Bool {
        let limits = [self.lane.settings.maximumAttempts, entry.message.headers.maxRetries.map { max($0, 0) + 1 }]
        return limits.compactMap { $0 }.contains { entry.attempts + 1 >= $0 }
    }

    func flush() async throws(OmnibusError) {
        try await self.upstream.flush { self.lane.isClosed }
    }

    private func handOver() {
        self.upstream.handOver { self.lane.isClosed }
        self.wakeWatchers()
    }

    // MARK: Fetching

    /// Begins to fetch.
    func start() {
        let body: @Sendable () async -> Void = { await self.fetch() }
        let task =
            self.environment.executor.map { Task.detached(executorPreference: $0) { await body() } }
            ?? Task.detached { await body() }
        let hasEnded = self.state.withLock { state in
            state.fetching = task
            return state.hasEnded
        }
        if hasEnded { task.cancel() }
    }

    private func fetch() async {
        while !Task.isCancelled {
            let backlog = self.lane.backlog
            let count = self.state.withLock { $0.credit.count(backlog) }
            guard count > 0 else {
                await self.waitForRoom()
                continue
            }
            do throws(OmnibusError) {
                let deliveries = try await self.upstream.subscription.receive(upTo: count)
                if deliveries.isEmpty { break }
                self.take(deliveries)
            } catch {
                guard case .retry(let delay) = error.advice else { break }
                // Not at once: a provider that fails would be asked without end.
                try? await self.environment.clock.sleep(for: delay ?? .seconds(1))
            }
        }
        // The provider's subscription has ended, or the queue has.
        self.lane.close()
        self.end()
    }

    private func take(_ deliveries: [Delivery]) {
        for delivery in deliveries {
            self.noteMissed(delivery)
            guard !self.plan.isFiltering || self.plan.pattern.matches(delivery.message.topic) else {
                self.upstream.dismiss(delivery.token)
                continue
            }
            if let predicate = self.predicate, !predicate.matches(delivery.message) {
                self.lane.countFiltered()
                self.upstream.dismiss(delivery.token)
                continue
            }
            var message = delivery.message
            // Where nobody says when it was accepted, its time to live counts from its arrival.
            if message.acceptedAt == nil { message.accept(at: self.environment.clock.now) }
            let entry = HeldEntry(
                message: message,
                attempts: max(0, delivery.attempt - 1),
                position: delivery.position,
                claim: self.upstream.claim(delivery.token, missed: self.takeMissed())
            )
            let size = entry.message.payload.estimatedSize
            let isDropping = self.state.withLock { state in
                state.credit.note(size: size)
                return state.credit.isDropping
            }
            // A queue that has ended does not take it: it is let go of, and goes back.
            _ = self.lane.offer(entry, mode: isDropping ? .outside : .returned)
        }
        self.state.withLock { $0.received += deliveries.count }
        self.handOver()
    }

    /// Whether a message would be asked for, if it were at the provider.
    func wants(_ message: Message) -> Bool {
        self.plan.pattern.matches(message.topic) && self.settings.predicate?.matches(message) ?? true
    }

    /// Notes that messages were gone before they could be fetched: the next one that is wanted tells of them.
    private func noteMissed(_ delivery: Delivery) {
        guard delivery.missed > 0 else { return }
        // One that comes again tells again, and was counted the first time.
        if delivery.attempt <= 1 { self.lane.countMissed(delivery.missed) }
        self.state.withLock { $0.missed += delivery.missed }
    }

    private func takeMissed() -> Int {
        self.state.withLock { state in
            defer { state.missed = 0 }
            return state.missed
        }
    }

    /// What is asked about each message that is fetched.
    private var predicate: MessagePredicate? { self.plan[.predicate] == .bus ? self.settings.predicate : nil }

    private func waitForRoom() async {
        let sleeper = Pending<Bool>()
        self.state.withLock { $0.sleeper = sleeper }
        // Members may have made room since it was looked at.
        self.entriesTaken()
        self.wakeWatchers()
        _ = await sleeper.value(whenCancelled: false)
    }

    // MARK: Watching

    /// Whether the provider is known to have something that is not in the queue yet and will be.
    var isBehind: Bool {
        let (received, isWaiting) = self.state.withLock { ($0.received, $0.sleeper != nil || $0.hasEnded) }
        if isWaiting { return false }
        return self.upstream.subscription.hasMore(received: received, unsettled: self.upstream.unsettled) ?? false
    }

    /// Waits until what the provider is known to have is in the queue, or the calling task is cancelled.
    func caughtUp() async {
        while self.isBehind, !Task.isCancelled {
            let pending = Pending<Bool>()
            self.state.withLock { $0.watchers.append(pending) }
            if !self.isBehind { pending.resolve(true) }
            _ = await pending.value(whenCancelled: false)
            self.state.withLock { state in state.watchers.removeAll { $0 === pending } }
        }
    }

    private func wakeWatchers() {
        let watchers = self.state.withLock { state in
            defer { state.watchers = [] }
            return state.watchers
        }
        for watcher in watchers { watcher.resolve(true) }
    }

    // MARK: Ending

    /// Ends the provider's subscription once everything that is in flight is settled.
    private func end() {
        let (isFirst, fetching) = self.state.withLock { state in
            defer { state.hasEnded = true }
            return (!state.hasEnded, state.fetching)
        }
        guard isFirst else { return }
        self.whenEnding(self)
        fetching?.cancel()
        self.handOver()
        let ending = Task.detached {
            await fetching?.value
            await self.upstream.drained()
            try? await self.flush()
            await self.upstream.subscription.cancel()
            self.ended.resolve(true)
        }
        self.state.withLock { $0.ending = ending }
    }

    /// Waits for the provider's subscription to end, unless handlers still have something of it.
    func endedIfIdle() async {
        guard let ending = self.state.withLock({ $0.ending }), self.upstream.unsettled == 0 else { return }
        await ending.value
    }

    /// Ends the provider's subscription without waiting for handlers that do not end.
    func abandon() {
        self.upstream.stopDraining()
    }
}
