// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore {
    /// Hands a value to all who want it, where these are queues and observers of its type.
    ///
    /// A single queue that has room gets the value itself, moved out of its place; all others get copies.
    ///
    /// Design note: nothing here is generic. The value is a place in memory and a type's identity, so that this code is
    /// compiled once, as fast as it can be, whatever the user's module does with it. A message exists only where this
    /// is not enough, and the caller goes on with ``offer(_:origin:scope:allowsSystem:mode:)``. What would be retained
    /// and released again is used unmanaged: each such pair costs as much as a lock.
    package func offerDirectly(
        moving value: UnsafeMutableRawPointer,
        of typeID: ObjectIdentifier,
        topic: Topic,
        key: String?,
        size: Int,
        priority: Priority,
        origin: UInt16,
        cause: RareEntry?
    ) -> DirectOffer {
        self.stripe._withUnsafeGuaranteedRef { stripe in
            self.offerDirectly(
                moving: value,
                typeID,
                topic,
                key,
                UInt32(clamping: size),
                priority,
                origin,
                cause,
                stripe
            )
        }
    }

    /// The same with the stripe that the caller owns or has found.
    @inline(__always)
    func offerDirectly(
        moving value: UnsafeMutableRawPointer,
        _ typeID: ObjectIdentifier,
        _ topic: Topic,
        _ key: String?,
        _ size: UInt32,
        _ priority: Priority,
        _ origin: UInt16,
        _ cause: RareEntry?,
        _ stripe: PublishStripe
    ) -> DirectOffer {
        let generation = self.generation.load(ordering: .acquiring)
        let milliseconds = self.milliseconds
        let topicBits = topic.identityBits
        var worker: Waker?
        // Unmanaged, so that nothing is ended where there is nothing.
        var shared: Unmanaged<Route>?
        let direct = stripe.state.withLock { state -> DirectOffer in
            guard state.isTurned(to: typeID, topicBits, generation: generation) else { return .elsewhere }
            guard let lane = state.lastLane else {
                guard state.isShared else { return .elsewhere }
                shared = state.lastRoute.map { .passRetained($0) }
                state.lastPublished &+= 1
                let (high, low) = state.ids.nextBits(milliseconds: milliseconds)
                return DirectOffer(outcome: .accepted, idHigh: high, idLow: low)
            }
            let (high, low) = state.ids.nextBits(milliseconds: milliseconds)
            let offer = lane._withUnsafeGuaranteedRef { lane in
                lane.offerSimply(
                    moving: value,
                    idHigh: high,
                    idLow: low,
                    key: key,
                    rare: cause,
                    size: size,
                    origin: origin,
                    priority: priority
                )
            }
            guard offer.isStored else { return .elsewhere }
            state.lastPublished &+= 1
            worker = offer.worker
            return DirectOffer(outcome: .accepted, idHigh: high, idLow: low, hasMoved: true)
        }
        guard direct.outcome == .accepted else {
            return self.offerAtLength(moving: value, typeID, topic, key, size, priority, origin, cause, stripe)
        }
        if let shared {
            return self.offer(value, direct, to: shared.takeRetainedValue(), key, size, priority, origin, cause)
        }
        worker?.resume(returning: true)
        return direct
    }

    /// The same where the queue is full, or the route has to be looked up.
    @inline(never)
    private func offerAtLength(
        moving value: UnsafeMutableRawPointer,
        _ typeID: ObjectIdentifier,
        _ topic: Topic,
        _ key: String?,
        _ size: UInt32,
        _ priority: Priority,
        _ origin: UInt16,
        _ cause: RareEntry?,
        _ stripe: PublishStripe
    ) -> DirectOffer {
        let generation = self.generation.load(ordering: .acquiring)
        let milliseconds = self.milliseconds
        let mode: LaneMachine.OfferMode = cause == nil ? .outside : .handler
        var after = Lane.AfterOffer()
        var worker: Waker?
        var shared: Route?
        let direct = stripe.state.withLock { state -> DirectOffer in
            let wasTurned = state.isTurned(to: typeID, topic.identityBits, generation: generation)
            state.turn(to: typeID, topic, generation: generation, resolve: self.resolve)
            guard state.lastLane != nil || state.isShared else { return .elsewhere }
            state.lastPublished &+= 1
            let (high, low) = state.ids.nextBits(milliseconds: milliseconds)
            guard let lane = state.lastLane else {
                shared = state.lastRoute
                return DirectOffer(outcome: .accepted, idHigh: high, idLow: low)
            }
            // Where there was another type's route, nothing has been tried yet.
            if !wasTurned {
                let simple = lane._withUnsafeGuaranteedRef {
                    $0.offerSimply(
                        moving: value,
                        idHigh: high,
                        idLow: low,
                        key: key,
                        rare: cause,
                        size: size,
                        origin: origin,
                        priority: priority
                    )
                }
                if simple.isStored {
                    worker = simple.worker
                    return DirectOffer(outcome: .accepted, idHigh: high, idLow: low, hasMoved: true)
                }
            }
            let outcome = lane._withUnsafeGuaranteedRef {
                $0.offer(
                    value,
                    idHigh: high,
                    idLow: low,
                    key: key,
                    rare: cause,
                    size: size,
                    origin: origin,
                    priority: priority,
                    mode: mode,
                    &after
                )
            }
            switch outcome {
            case .accepted: return DirectOffer(outcome: .accepted, idHigh: high, idLow: low)
            case .closed:
                state.lastPublished &-= 1
                state.countUnrouted(topic)
                return DirectOffer(outcome: .unrouted, idHigh: high, idLow: low)
            case .full, .refused: return DirectOffer(outcome: .full, idHigh: high, idLow: low)
            }
        }
        after.perform()
        worker?.resume(returning: true)
        guard let shared else { return direct }
        return self.offer(value, direct, to: shared, key, size, priority, origin, cause)
    }

    /// Hands a value to all whom a route names; the call is counted already.
    @inline(never)
    private func offer(
        _ value: UnsafeRawPointer,
        _ direct: DirectOffer,
        to route: Route,
        _ key: String?,
        _ size: UInt32,
        _ priority: Priority,
        _ origin: UInt16,
        _ cause: RareEntry?
    ) -> DirectOffer {
        if route.lanes.isEmpty { return self.show(value, direct, to: route.observers) }
        let mode: LaneMachine.OfferMode = cause == nil ? .outside : .handler
        let (high, low) = (direct.idHigh, direct.idLow)
        return self.offer(
            value,
            direct,
            to: route,
            simply: { lane in
                lane.offerSimply(
                    copying: value,
                    idHigh: high,
                    idLow: low,
                    key: key,
                    rare: cause,
                    size: size,
                    origin: origin,
                    priority: priority
                )
            },
            { lane, after in
                lane.offer(
                    value,
                    idHigh: high,
                    idLow: low,
                    key: key,
                    rare: cause,
                    size: size,
                    origin: origin,
                    priority: priority,
                    mode: mode,
                    &after
                )
            }
        )
    }

    /// Shows a value to observers, where nobody else wants it.
    private func show(_ value: UnsafeRawPointer, _ direct: DirectOffer, to observers: [Observer]) -> DirectOffer {
        for observer in observers { observer.see(valueAt: value) }
        var result = direct
        result.matched = Int32(clamping: observers.count)
        return result
    }

    /// The same, by the two ways of offering it to one queue.
    @inline(__always)
    private func offer(
        _ value: UnsafeRawPointer,
        _ direct: DirectOffer,
        to route: Route,
        simply offerSimply: (Lane) -> Lane.SimpleOffer,
        _ offer: (Lane, inout Lane.AfterOffer) -> Lane.OfferOutcome
    ) -> DirectOffer {
        var workers: [Waker] = []
        var rest: [Lane] = []
        for lane in route.lanes {
            let simple = offerSimply(lane)
            if !simple.isStored { rest.append(lane) }
            if let worker = simple.worker { workers.append(worker) }
        }
        var (answers, waking) = QueueAnswers.of(rest, offer)
        answers.accepted += route.lanes.count - rest.count
        for observer in route.observers {
            observer.see(valueAt: value)
            answers.accepted += 1
        }
        // Not before all of them have it: a handler that is quick would publish its effects ahead of the cause.
        for worker in workers { worker.resume(returning: true) }
        for after in waking { after.perform() }
        var result = direct
        result.matched = Int32(clamping: answers.accepted)
        if !answers.full.isEmpty || !answers.refused.isEmpty {
            result.leave(PartialOffer(answers, route))
        } else if answers.accepted == 0 {
            result.outcome = .unrouted
            self.count(route.topic, CallCounts(unrouted: 1))
        }
        return result
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

    /// Goes on with a value that a queue had no room for.
    ///
    /// - Parameter rest: what the queues have answered, where there are several.
    package func offerToFull(
        _ message: Message,
        _ rest: PartialOffer?,
        cause: RareEntry?
    ) throws(OmnibusError) -> Offer {
        let mode: LaneMachine.OfferMode = cause == nil ? .outside : .handler
        if let rest {
            return try self.finish(rest.answers, HeldEntry(message: message), rest.route, mode)
        }
        let route = self.resolve(message.topic)
        let answers = QueueAnswers(full: route.lanes(wanting: message))
        return try self.finish(answers, HeldEntry(message: message), route, mode)
    }

    /// The coarse wall clock in milliseconds, for other modules.
    package var coarseMilliseconds: Int64 { self.milliseconds }

    /// The coarse wall clock in milliseconds.
    @inline(__always)
    var milliseconds: Int64 {
        if self.hasSystemClock { return SystemClock.coarseWallNanoseconds / 1_000_000 }
        return self.environment.clock.coarseWallNanoseconds() / 1_000_000
    }

    /// Publishes a message.
    ///
    /// - Parameters:
    ///   - allowsSystem: whether topics of the system are published to, which only the bus itself does.
    ///   - isAgain: whether it is a message that was accepted before, which no window must stop.
    ///   - expected: the offset that the message must get; only on topics that keep a history.
    package func offer(
        _ message: Message,
        origin: UInt16,
        cause: RareEntry?,
        allowsSystem: Bool = false,
        isAgain: Bool = false,
        mode: LaneMachine.OfferMode? = nil,
        expecting expected: ExpectedSequence? = nil
    ) throws(OmnibusError) -> Offer {
        var message = message
        let (route, id) = self.accept(message.topic)
        // An id that is made here is a new one: only a message that brings its own can be known.
        let window = message.hasID && !isAgain ? route.deduplication : nil
        if !message.hasID { message.id = id }
        message.accept(at: self.environment.clock.now)
        // A message that was delivered and is published again begins anew.
        if message.headers.retryCount > 0 { message.countRetries(0) }
        message = self.complete(message, origin: origin, cause: cause)
        if let refusal = self.refusal(of: message, route, allowsSystem: allowsSystem) {
            self.count(message.topic, CallCounts(refused: 1))
            throw refusal
        }
        let mode = mode ?? (cause == nil ? .outside : .handler)
        guard let window else { return try self.offer(message, route, mode, expecting: expected) }
        return try self.offerOnce(message, route, mode, window, expecting: expected)
    }

    /// Fills in what a message inherits from its cause and its publisher.
    package func complete(_ message: Message, origin: UInt16, cause: RareEntry?) -> Message {
        var message = message
        if let extras = cause?.extras { message.inherit(from: extras) }
        if message.source == nil, let extras = self.extras(of: origin) { message.inherit(from: extras) }
        return message
    }

    // MARK: Steps

    /// Looks up the route and makes an id, counting the call.
    private func accept(_ topic: Topic) -> (Route, MessageID) {
        let generation = self.generation.load(ordering: .acquiring)
        let milliseconds = self.milliseconds
        return self.stripe.takeUnretainedValue().state.withLock { state -> (Route, MessageID) in
            let cached = state.entry(for: topic, generation: generation, resolve: self.resolve)
            cached.counts.published &+= 1
            return (cached.route, state.ids.next(milliseconds: milliseconds))
        }
    }

    /// Why a message may not go where it is to go; nil where it may.
    func refusal(of message: Message, _ route: Route, allowsSystem: Bool) -> OmnibusError? {
        if let refusal = route.refusal { return refusal }
        if route.isSystem, !allowsSystem {
            return OmnibusError(
                .invalidTopic,
                """
                '\(route.topic)' belongs to the system, because its first word is 'omnibus'; \
                subscribe to it, but publish to a topic of your own.
                """
            )
        }
        guard case .bytes(let bytes) = message.payload.storage, bytes.count > route.maximumMessageSize else {
            return nil
        }
        return OmnibusError(
            .tooLarge,
            """
            The payload has \(bytes.count) bytes and '\(message.topic)' takes at most \(route.maximumMessageSize); \
            raise the limit of the topic or the broker, or keep the content elsewhere and publish where it is.
            """
        )
    }

    /// Offers a message to all that the route names, or appends it to the history of its topic.
    func offer(
        _ message: Message,
        _ route: Route,
        _ mode: LaneMachine.OfferMode,
        expecting expected: ExpectedSequence?
    ) throws(OmnibusError) -> Offer {
        // Readers come for it themselves: there is no queue that could be full.
        if let slot = route.logSlot { return .accepted(try self.append(message, to: slot, route, expecting: expected)) }
        if let expected {
            self.count(message.topic, CallCounts(refused: 1))
            throw Self.noHistory(message.topic, expected)
        }
        // Positions go on where nobody listens: who comes later sees how much there has been.
        let position = route.partitions?.take(key: message.routingKey)
        let entry = HeldEntry(message: message, position: position)
        var (answers, waking) = QueueAnswers.of(route.lanes(wanting: message)) { lane, after in
            lane.offer(entry, mode: mode, &after)
        }
        for observer in route.observers {
            observer.see(message)
            answers.accepted += 1
        }
        let isComplete = answers.full.isEmpty && answers.refused.isEmpty
        if isComplete || answers.accepted > 0 { route.showTaps(message) }
        // Not before all of them have it: a handler that is quick would publish its effects ahead of the cause.
        for after in waking { after.perform() }
        guard isComplete else { return try self.finish(answers, entry, route, mode) }
        // Nobody listens, or wants it, or all who listened have left meanwhile.
        if answers.accepted == 0 { self.wasUnrouted(message, CallCounts(unrouted: 1)) }
        return .accepted(PublishReceipt(messageID: message.id, matched: answers.accepted, position: position))
    }
}
