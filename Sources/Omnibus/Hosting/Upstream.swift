// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The way back to a provider: settlements of what it has handed out, several in one call where several came together.
///
/// Noting a settlement takes a lock and nothing else, so that an entry may be let go of anywhere, under a queue's lock
/// too. ``handOver(_:)`` brings them to the provider and is called with no lock held.
final class Upstream: Sendable {
    private struct State {
        var settlements: [Settlement] = []
        /// Deliveries that were let go of without a word: dropped by the queue, or left in it when it ended.
        var lost: [DeliveryToken] = []
        /// Whether somebody is bringing settlements to the provider; what is noted meanwhile, it brings too.
        var isHandingOver = false
        /// Deliveries that were handed out and are not settled.
        var unsettled = 0
        /// Those who wait for everything to be handed over.
        var flushing: [Pending<Bool>] = []
        /// Those who wait for everything to be settled.
        var draining: [Pending<Bool>] = []
        var isDrainOver = false
    }

    let subscription: any ProviderSubscription
    /// Whether the provider wants to know; one that has no acknowledgement has forgotten what it handed out.
    private let isAcknowledged: Bool
    private let state = Mutex(State())

    init(_ subscription: any ProviderSubscription, isAcknowledged: Bool) {
        self.subscription = subscription
        self.isAcknowledged = isAcknowledged
    }

    /// How many deliveries were handed out and are not settled.
    var unsettled: Int { self.state.withLock { $0.unsettled } }

    /// Makes what goes with a delivery until it is settled.
    func claim(_ token: DeliveryToken, missed: Int = 0) -> UpstreamClaim {
        self.state.withLock { $0.unsettled += 1 }
        return UpstreamClaim(token, missed: missed, self)
    }

    /// Notes the settlement of a delivery that was claimed.
    fileprivate func settle(_ token: DeliveryToken, _ action: Settlement.Action) {
        self.state.withLock { state in
            state.unsettled -= 1
            if self.isAcknowledged { state.settlements.append(Settlement(token, action)) }
        }
    }

    /// Notes that a delivery was let go of.
    fileprivate func lose(_ token: DeliveryToken) {
        self.state.withLock { state in
            state.unsettled -= 1
            if self.isAcknowledged { state.lost.append(token) }
        }
    }

    /// Notes the settlement of a delivery that nobody was handed.
    func dismiss(_ token: DeliveryToken) {
        guard self.isAcknowledged else { return }
        self.state.withLock { $0.settlements.append(Settlement(token, .ack)) }
    }

    /// Brings what was noted to the provider.
    ///
    /// - Parameter hasEnded: whether the queue has ended. What a living queue lets go of, it has dropped and counted:
    ///   that is done. What an ended one lets go of was not handled, and goes back.
    func handOver(_ hasEnded: () -> Bool) {
        while true {
            let (settlements, lost, waiters) = self.state.withLock {
                state -> ([Settlement], [DeliveryToken], [Pending<Bool>]) in
                guard !state.isHandingOver else { return ([], [], []) }
                if state.settlements.isEmpty, state.lost.isEmpty { return ([], [], Self.takeWaiters(&state)) }
                state.isHandingOver = true
                defer {
                    state.settlements = []
                    state.lost = []
                }
                return (state.settlements, state.lost, [])
            }
            for waiter in waiters { waiter.resolve(true) }
            if settlements.isEmpty, lost.isEmpty { return }
            // Asked after the lost ones were taken: a queue that has let them go by ending had ended before.
            let rest = lost.isEmpty || !hasEnded() ? Settlement.Action.ack : .release
            // What the provider has taken back meanwhile comes again; there is nothing more to be done about it.
            try? self.subscription.settle(settlements + lost.map { Settlement($0, rest) })
            self.state.withLock { $0.isHandingOver = false }
        }
    }

    private static func takeWaiters(_ state: inout State) -> [Pending<Bool>] {
        var waiters = state.flushing
        state.flushing = []
        if state.unsettled == 0 {
            waiters += state.draining
            state.draining = []
        }
        return waiters
    }

    /// Waits until the provider has every settlement that was noted.
    func flush(_ hasEnded: () -> Bool) async throws(OmnibusError) {
        let pending = Pending<Bool>()
        self.state.withLock { $0.flushing.append(pending) }
        self.handOver(hasEnded)
        _ = await pending.value()
        try await self.subscription.flush()
    }

    /// Waits until every delivery is settled, or nobody waits for that any more.
    func drained() async {
        let pending = self.state.withLock { state -> Pending<Bool>? in
            if state.unsettled == 0 || state.isDrainOver { return nil }
            let pending = Pending<Bool>()
            state.draining.append(pending)
            return pending
        }
        _ = await pending?.value()
    }

    /// Lets those go on who wait for every delivery to be settled.
    func stopDraining() {
        let waiters = self.state.withLock { state in
            state.isDrainOver = true
            defer { state.draining = [] }
            return state.draining
        }
        for waiter in waiters { waiter.resolve(false) }
    }
}

/// What goes with an entry of a hosted queue: the provider's delivery, to be settled once.
final class UpstreamClaim: EntryClaim {
    let missed: Int
    private let token: DeliveryToken
    private let upstream: Upstream
    private let isSettled = Atomic<Bool>(false)

    fileprivate init(_ token: DeliveryToken, missed: Int, _ upstream: Upstream) {
        self.token = token
        self.missed = missed
        self.upstream = upstream
    }

    deinit {
        if !self.isSettled.load(ordering: .acquiring) { self.upstream.lose(self.token) }
    }

    /// Notes the settlement; only the first one counts.
    func settle(_ action: Settlement.Action) {
        let (isFirst, _) = self.isSettled.compareExchange(
            expected: false,
            desired: true,
            ordering: .acquiringAndReleasing
        )
        if isFirst { self.upstream.settle(self.token, action) }
    }
}
