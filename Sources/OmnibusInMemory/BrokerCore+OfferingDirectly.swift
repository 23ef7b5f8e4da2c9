// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore {
    /// Hands an event to all who want it, where these are queues and observers of its type.
    ///
    /// A single queue that has room gets the event itself, moved out of its place; all others get copies.
    ///
    /// Design note: nothing here is generic. The event is a place in memory and a type's identity, so that this code is
    /// compiled once, as fast as it can be, whatever the user's module does with it. A message exists only where this
    /// is not enough, and the caller goes on with ``offer(_:origin:cause:allowsSystem:isAgain:mode:expecting:)``. What
    /// would be retained and released again is used unmanaged: each such pair costs as much as a lock.
    package func offerDirectly(_ event: inout OfferedEvent, topic: Topic, key: String?) -> DirectOffer {
        self.stripe._withUnsafeGuaranteedRef { self.offerDirectly(&event, topic, key, $0) }
    }

    /// The same with the stripe that the caller owns or has found.
    @inline(__always)
    func offerDirectly(
        _ event: inout OfferedEvent,
        _ topic: Topic,
        _ key: String?,
        _ stripe: PublishStripe
    ) -> DirectOffer {
        let generation = self.generation.load(ordering: .acquiring)
        let milliseconds = self.milliseconds
        var worker: Waker?
        // Unmanaged, so that nothing is ended where there is nothing.
        var shared: Unmanaged<Route>?
        let isCounted = stripe.state.withLock { state -> Bool in
            guard state.isTurned(to: event.typeID, topic.identityBits, generation: generation) else {
                return false
            }
            guard let lane = state.lastLane else {
                guard state.isShared else { return false }
                shared = state.lastRoute.map { .passRetained($0) }
                state.accept(&event, milliseconds)
                return true
            }
            // Counted once it is stored: who offers it again counts it again.
            (event.idHigh, event.idLow) = state.ids.nextBits(milliseconds: milliseconds)
            let offer = lane._withUnsafeGuaranteedRef { $0.offerSimply(moving: &event, key: key) }
            guard offer.isStored else { return false }
            state.lastPublished &+= 1
            worker = offer.worker
            return true
        }
        guard isCounted else { return self.offerAtLength(&event, topic, key, stripe) }
        if let shared { return self.offer(event, key, to: shared.takeRetainedValue()) }
        worker?.resume(returning: true)
        return DirectOffer(.accepted, event)
    }

    /// The same where the queue is full, or the route has to be looked up.
    @inline(never)
    private func offerAtLength(
        _ event: inout OfferedEvent,
        _ topic: Topic,
        _ key: String?,
        _ stripe: PublishStripe
    ) -> DirectOffer {
        let generation = self.generation.load(ordering: .acquiring)
        let milliseconds = self.milliseconds
        var after = Lane.AfterOffer()
        var worker: Waker?
        var shared: Route?
        let outcome = stripe.state.withLock { state -> DirectOffer.Outcome in
            let wasTurned = state.isTurned(to: event.typeID, topic.identityBits, generation: generation)
            state.turn(to: event.typeID, topic, generation: generation, resolve: self.resolve)
            guard state.lastLane != nil || state.isShared else { return .elsewhere }
            state.accept(&event, milliseconds)
            guard let lane = state.lastLane else {
                shared = state.lastRoute
                return .accepted
            }
            return lane._withUnsafeGuaranteedRef { lane in
                // Where there was another type's route, nothing has been tried yet.
                if !wasTurned {
                    let simple = lane.offerSimply(moving: &event, key: key)
                    worker = simple.worker
                    if simple.isStored { return .accepted }
                }
                switch lane.offer(copying: event, key: key, &after) {
                case .accepted: return .accepted
                case .closed:
                    state.lastPublished &-= 1
                    state.countUnrouted(topic)
                    return .unrouted
                case .full, .refused: return .full
                }
            }
        }
        after.perform()
        worker?.resume(returning: true)
        if let shared { return self.offer(event, key, to: shared) }
        return DirectOffer(outcome, event)
    }

    /// Hands an event to all whom a route names; the call is counted already.
    @inline(never)
    private func offer(_ event: OfferedEvent, _ key: String?, to route: Route) -> DirectOffer {
        var direct = DirectOffer(.accepted, event)
        if route.lanes.isEmpty {
            for observer in route.observers { observer.see(valueAt: event.place) }
            direct.matched = Int32(clamping: route.observers.count)
        } else {
            self.offer(event, key, to: route, &direct)
        }
        return direct
    }

    /// The same where there are queues among them.
    private func offer(_ event: OfferedEvent, _ key: String?, to route: Route, _ direct: inout DirectOffer) {
        var workers: [Waker] = []
        var rest: [Lane] = []
        route.forEachLane { lane in
            let simple = lane.offerSimply(copying: event, key: key)
            if !simple.isStored { rest.append(lane) }
            if let worker = simple.worker { workers.append(worker) }
        }
        var (answers, waking) = QueueAnswers.of(rest) { lane, after in lane.offer(copying: event, key: key, &after) }
        answers.accepted += route.lanes.count - rest.count
        for observer in route.observers {
            observer.see(valueAt: event.place)
            answers.accepted += 1
        }
        // Not before all of them have it: a handler that is quick would publish its effects ahead of the cause.
        for worker in workers { worker.resume(returning: true) }
        for after in waking { after.perform() }
        direct.matched = Int32(clamping: answers.accepted)
        if !answers.full.isEmpty || !answers.refused.isEmpty {
            direct.leave(PartialOffer(answers, route))
        } else if answers.accepted == 0 {
            direct.outcome = .unrouted
            self.count(route.topic, CallCounts(unrouted: 1))
        }
    }

    /// Hands values that lie one behind the other to the only queue that wants them, as long as that has room.
    ///
    /// - Parameters:
    ///   - facts: what is to be known of each value.
    ///   - ids: where the ids are added of those that it has taken.
    /// - Returns: how many it has taken; nothing has happened to the others.
    package func offerDirectly(
        run values: UnsafeRawPointer,
        _ facts: UnsafeBufferPointer<ValueFacts>,
        of typeID: ObjectIdentifier,
        topic: Topic,
        priority: Priority,
        origin: UInt16,
        cause: RareEntry?,
        ids: inout [BatchPublishResult.IDBits]
    ) -> Int {
        let generation = self.generation.load(ordering: .acquiring)
        let milliseconds = self.milliseconds
        var workers: [Waker] = []
        let count = self.stripe._withUnsafeGuaranteedRef { stripe in
            stripe.state.withLock { state -> Int in
                state.turn(to: typeID, topic, generation: generation, resolve: self.resolve)
                guard let lane = state.lastLane else { return 0 }
                let count = lane._withUnsafeGuaranteedRef { lane in
                    lane.offer(
                        run: values,
                        facts,
                        rare: cause,
                        origin: origin,
                        priority: priority,
                        workers: &workers
                    ) {
                        let id = state.ids.nextBits(milliseconds: milliseconds)
                        ids.append(BatchPublishResult.IDBits(high: id.high, low: id.low))
                        return id
                    }
                }
                state.lastPublished &+= count
                return count
            }
        }
        for worker in workers { worker.resume(returning: true) }
        return count
    }
}
