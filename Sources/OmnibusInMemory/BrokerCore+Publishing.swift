// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusCore
import Synchronization

/// What became of a value on the shortest way.
@usableFromInline
package struct DirectOffer: Sendable {
    @usableFromInline
    package enum Outcome: Sendable {
        /// The only queue that wants it has it.
        case accepted
        /// That queue has ended meanwhile.
        case unrouted
        /// That queue is full; the call goes on with the message, under the id.
        case full
        /// The way does not lead there; nothing has happened.
        case elsewhere
    }

    @usableFromInline package var outcome: Outcome
    package var idHigh: UInt64
    package var idLow: UInt64

    @usableFromInline package static let elsewhere = DirectOffer(outcome: .elsewhere, idHigh: 0, idLow: 0)

    package init(outcome: Outcome, idHigh: UInt64, idLow: UInt64) {
        self.outcome = outcome
        self.idHigh = idHigh
        self.idLow = idLow
    }

    @usableFromInline package var id: MessageID { MessageID(high: self.idHigh, low: self.idLow) }
}

extension BrokerCore {
    /// Puts a value into the only queue that wants it, where that is a queue of its type.
    ///
    /// Design note: nothing here is generic. The value is a place in memory and a type's identity, so that this code is
    /// compiled once, as fast as it can be, whatever the user's module does with it. A message exists only where this
    /// is not enough, and the caller goes on with ``offer(_:origin:scope:allowsSystem:mode:)``. What would be retained
    /// and released again is used unmanaged: each such pair costs as much as a lock.
    package func offerDirectly(
        _ value: UnsafeRawPointer,
        of typeID: ObjectIdentifier,
        topic: Topic,
        key: String?,
        size: Int,
        priority: Priority,
        origin: UInt16,
        cause: RareEntry?
    ) -> DirectOffer {
        self.stripe._withUnsafeGuaranteedRef { stripe in
            self.offerDirectly(value, typeID, topic, key, UInt32(clamping: size), priority, origin, cause, stripe)
        }
    }

    @inline(__always)
    func offerDirectly(
        _ value: UnsafeRawPointer,
        _ typeID: ObjectIdentifier,
        _ topic: borrowing Topic,
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
        let topic = copy topic
        let direct = stripe.state.withLock { state -> DirectOffer in
            if state.lastType != typeID || state.lastGeneration != generation
                || !topic.isIdentical(to: state.lastTopic)
            {
                state.remember(typeID, topic, generation: generation, resolve: self.resolve)
            }
            guard let lane = state.lastLane else { return DirectOffer(outcome: .elsewhere, idHigh: 0, idLow: 0) }
            state.lastPublished &+= 1
            let (high, low) = state.ids.next(milliseconds: milliseconds).bits
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
        return direct
    }

    /// Goes on with a value whose only queue was full.
    package func offerToFull(_ message: Message, cause: RareEntry?) throws(OmnibusError) -> Offer {
        let answers = QueueAnswers(full: self.resolve(message.topic).lanes)
        return try self.finish(answers, HeldEntry(message: message), cause == nil ? .outside : .handler)
    }

    /// The coarse wall clock in milliseconds.
    @inline(__always)
    var milliseconds: Int64 {
        if self.hasSystemClock { return SystemClock.coarseWallNanoseconds / 1_000_000 }
        return self.environment.clock.coarseWallNanoseconds() / 1_000_000
    }

    /// Publishes a message.
    ///
    /// - Parameter allowsSystem: whether topics of the system are published to, which only the bus itself does.
    package func offer(
        _ message: Message,
        origin: UInt16,
        cause: RareEntry?,
        allowsSystem: Bool = false,
        mode: LaneMachine.OfferMode? = nil
    ) throws(OmnibusError) -> Offer {
        var message = message
        let (route, id) = try self.accept(message.topic, allowsSystem: allowsSystem)
        if !message.hasID { message.id = id }
        message.acceptedAt = self.environment.clock.now
        // A message that was delivered and is published again begins anew.
        if message.headers.retryCount > 0 { message.countRetries(0) }
        message = self.complete(message, origin: origin, cause: cause)
        if case .bytes(let bytes) = message.payload.storage, bytes.count > route.maximumMessageSize {
            self.countRefusal(message.topic, wasUnrouted: route.matched == 0)
            throw OmnibusError(
                .tooLarge,
                """
                The payload has \(bytes.count) bytes and '\(message.topic)' takes at most \(route.maximumMessageSize); \
                raise the limit of the topic or the broker, or keep the content elsewhere and publish where it is.
                """
            )
        }
        guard route.matched > 0 else {
            // Positions go on where nobody listens: who comes later sees how much there has been.
            let position = route.partitions?.take(key: message.routingKey)
            return .accepted(PublishReceipt(messageID: message.id, matched: 0, position: position))
        }
        return try self.offer(message, route, mode ?? (cause == nil ? .outside : .handler))
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
    private func accept(
        _ topic: Topic,
        allowsSystem: Bool
    ) throws(OmnibusError) -> (Route, MessageID) {
        let generation = self.generation.load(ordering: .acquiring)
        let milliseconds = self.milliseconds
        let (route, id) = self.stripe.takeUnretainedValue().state.withLock { state -> (Route, MessageID) in
            let cached = state.entry(for: topic, generation: generation, resolve: self.resolve)
            cached.published &+= 1
            if cached.route.matched == 0 { cached.unrouted &+= 1 }
            return (cached.route, state.ids.next(milliseconds: milliseconds))
        }
        if route.refusal != nil || route.isSystem && !allowsSystem { throw self.refuse(route) }
        return (route, id)
    }

    private func refuse(_ route: Route) -> OmnibusError {
        self.countRefusal(route.topic, wasUnrouted: route.matched == 0)
        if let refusal = route.refusal { return refusal }
        return OmnibusError(
            .invalidTopic,
            """
            '\(route.topic)' belongs to the system, because its first word is 'omnibus'; \
            subscribe to it, but publish to a topic of your own.
            """
        )
    }

    /// Counts a publish call that no queue has accepted.
    func countRefusal(_ topic: Topic, wasUnrouted: Bool = false) {
        // Calls on topics of the system are in no count of calls, hence not in this one.
        guard !topic.isSystem else { return }
        let generation = self.generation.load(ordering: .acquiring)
        self.stripe.takeUnretainedValue().state.withLock { state in
            let cached = state.entry(for: topic, generation: generation, resolve: self.resolve)
            cached.refused += 1
            // A call where nobody listened was counted as unrouted already.
            if wasUnrouted { cached.unrouted -= 1 }
        }
    }

    /// Offers a message to all that the route names.
    private func offer(_ message: Message, _ route: Route, _ mode: LaneMachine.OfferMode) throws(OmnibusError) -> Offer
    {
        let position = route.partitions?.take(key: message.routingKey)
        let entry = HeldEntry(message: message, position: position)
        var answers = QueueAnswers()
        for lane in route.lanes {
            switch lane.offer(entry, mode: mode) {
            case .accepted: answers.accepted += 1
            case .full: answers.full.append(lane)
            case .refused: answers.refused.append(lane)
            case .closed: break
            }
        }
        for observer in route.observers {
            observer.see(message)
            answers.accepted += 1
        }
        if answers.full.isEmpty, answers.refused.isEmpty {
            if answers.accepted == 0 { self.countUnrouted(message.topic) }
            return .accepted(PublishReceipt(messageID: message.id, matched: answers.accepted, position: position))
        }
        return try self.finish(answers, entry, mode)
    }

    /// Counts a publish call, which was taken for routed, as one that all who listened have left meanwhile.
    func countUnrouted(_ topic: Topic) {
        self.stripe.takeUnretainedValue().state.withLock { $0.dropped[topic, default: TopicMetrics()].unrouted += 1 }
    }
}
