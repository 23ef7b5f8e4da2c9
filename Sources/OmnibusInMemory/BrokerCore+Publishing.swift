// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

/// What the broker has to know of a value that is published, beside the value.
package struct PublishedValue: Sendable {
    package var topic: Topic
    package var key: String?
    package var priority: Priority
    package var size: Int
    /// Where the publisher's defaults are found.
    package var origin: UInt16

    package init(topic: Topic, key: String?, priority: Priority, size: Int, origin: UInt16) {
        self.topic = topic
        self.key = key
        self.priority = priority
        self.size = size
        self.origin = origin
    }
}

extension BrokerCore {
    /// Publishes a value that becomes a message only where somebody needs one.
    ///
    /// - Parameter makeMessage: makes the message of the value, under the id and with the rare fields given.
    @inline(__always)
    package func offer<Value: Sendable>(
        _ value: borrowing Value,
        _ published: borrowing PublishedValue,
        scope: DeliveryScope?,
        makeMessage: (MessageID, MessageExtras?) -> Message
    ) throws(OmnibusError) -> Offer {
        try self.offer(value, published, scope: scope, on: self.stripe, makeMessage: makeMessage)
    }

    @inline(__always)
    func offer<Value: Sendable>(
        _ value: borrowing Value,
        _ published: borrowing PublishedValue,
        scope: DeliveryScope?,
        on stripe: PublishStripe,
        makeMessage: (MessageID, MessageExtras?) -> Message
    ) throws(OmnibusError) -> Offer {
        let typeID = ObjectIdentifier(Value.self)
        let (route, id) = try self.accept(typeID, topic: published.topic, on: stripe)
        let mode: LaneMachine.OfferMode = scope == nil ? .outside : .handler
        if route.lanes.count == 1, route.observers.isEmpty, route.partitions == nil {
            let lane = route.lanes[0]
            if lane.layout.typeID == typeID {
                let bits = id.bits
                let header = EntryHeader(
                    idHigh: bits.high,
                    idLow: bits.low,
                    origin: published.origin,
                    size: UInt32(clamping: published.size),
                    key: published.key,
                    rare: scope?.rareEntry
                )
                let isUrgent = published.priority == .critical
                switch lane.offer(value, header, isUrgent: isUrgent, mode: mode) {
                case .accepted: return .accepted(PublishReceipt(messageID: id, matched: 1))
                case .closed: return .accepted(PublishReceipt(messageID: id, matched: 0))
                case .full, .refused: break
                }
                let message = makeMessage(id, self.extras(published, scope))
                let outcome = Outcome(full: [lane], refused: [], accepted: 0)
                return try self.finish(outcome, HeldEntry(message: message), route, mode)
            }
        }
        guard route.matched > 0 else { return .accepted(PublishReceipt(messageID: id, matched: 0)) }
        let message = makeMessage(id, self.extras(published, scope))
        return try self.offer(message, route, mode)
    }

    /// Publishes a message.
    ///
    /// - Parameter allowsSystem: whether topics of the system are published to, which only the bus itself does.
    package func offer(
        _ message: Message,
        origin: UInt16,
        scope: DeliveryScope?,
        allowsSystem: Bool = false,
        mode: LaneMachine.OfferMode? = nil
    ) throws(OmnibusError) -> Offer {
        var message = message
        let (route, id) = try self.accept(
            ObjectIdentifier(Message.self),
            topic: message.topic,
            on: self.stripe,
            allowsSystem: allowsSystem
        )
        if !message.hasID { message.id = id }
        if message.acceptedAt == nil { message.acceptedAt = self.environment.clock.now }
        if let scope, let extras = scope.rareEntry.extras { message.inherit(from: extras) }
        if message.source == nil, let extras = self.extras(of: origin) { message.inherit(from: extras) }
        if case .bytes(let bytes) = message.payload.storage, bytes.count > route.maximumMessageSize {
            self.countRefusal(message.topic)
            throw OmnibusError(
                .tooLarge,
                """
                The payload has \(bytes.count) bytes and '\(message.topic)' takes at most \(route.maximumMessageSize); \
                raise the limit of the topic or the broker, or keep the content elsewhere and publish where it is.
                """
            )
        }
        guard route.matched > 0 else { return .accepted(PublishReceipt(messageID: message.id, matched: 0)) }
        return try self.offer(message, route, mode ?? (scope == nil ? .outside : .handler))
    }

    // MARK: Steps

    /// Looks up the route and makes an id, counting the call.
    @inline(__always)
    private func accept(
        _ typeID: ObjectIdentifier,
        topic: Topic,
        on stripe: PublishStripe,
        allowsSystem: Bool = false
    ) throws(OmnibusError) -> (Route, MessageID) {
        let generation = self.generation.load(ordering: .acquiring)
        let milliseconds = self.environment.clock.coarseWallNanoseconds() / 1_000_000
        let (route, id) = stripe.state.withLock { state -> (Route, MessageID) in
            let cached: PublishStripe.Cached
            if state.lastType == typeID, let last = state.lastRoute, last.route.generation == generation,
                last.route.topic == topic
            {
                cached = last
            } else {
                cached = state.entry(for: topic, generation: generation, resolve: self.resolve)
                state.lastType = typeID
                state.lastRoute = cached
            }
            cached.published &+= 1
            if cached.route.matched == 0 { cached.unrouted &+= 1 }
            return (cached.route, state.ids.next(milliseconds: milliseconds))
        }
        if route.refusal != nil || route.isSystem && !allowsSystem { throw self.refuse(route) }
        return (route, id)
    }

    private func refuse(_ route: Route) -> OmnibusError {
        self.countRefusal(route.topic)
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
    private func countRefusal(_ topic: Topic) {
        // Calls on topics of the system are in no count of calls, hence not in this one.
        guard !topic.isSystem else { return }
        let generation = self.generation.load(ordering: .acquiring)
        self.stripe.state.withLock { state in
            let cached = state.entry(for: topic, generation: generation, resolve: self.resolve)
            cached.refused += 1
            // Nobody's call, where nobody listens, was counted as unrouted already.
            if cached.route.matched == 0 { cached.unrouted -= 1 }
        }
    }

    private func extras(_ published: borrowing PublishedValue, _ scope: DeliveryScope?) -> MessageExtras? {
        scope?.rareEntry.extras ?? self.extras(of: published.origin)
    }

    /// What the queues have answered.
    private struct Outcome {
        var full: [Lane] = []
        var refused: [Lane] = []
        var accepted = 0
    }

    /// Offers a message to all that the route names.
    private func offer(_ message: Message, _ route: Route, _ mode: LaneMachine.OfferMode) throws(OmnibusError) -> Offer
    {
        let position = route.partitions?.take(key: message.routingKey)
        let entry = HeldEntry(message: message, position: position)
        var outcome = Outcome()
        for lane in route.lanes {
            switch lane.offer(entry, mode: mode) {
            case .accepted: outcome.accepted += 1
            case .full: outcome.full.append(lane)
            case .refused: outcome.refused.append(lane)
            case .closed: break
            }
        }
        for observer in route.observers {
            observer.see(message)
            outcome.accepted += 1
        }
        if outcome.full.isEmpty, outcome.refused.isEmpty {
            return .accepted(PublishReceipt(messageID: message.id, matched: outcome.accepted, position: position))
        }
        return try self.finish(outcome, entry, route, mode)
    }

    /// Reports what the queues that are full mean for the call.
    private func finish(
        _ outcome: Outcome,
        _ entry: HeldEntry,
        _ route: Route,
        _ mode: LaneMachine.OfferMode
    ) throws(OmnibusError) -> Offer {
        // A handler never waits, and a full queue has said so already; only publishers outside get here with one.
        let full = mode == .handler ? [] : outcome.full.filter { self.suspends($0) }
        let refused = outcome.refused + outcome.full.filter { lane in !full.contains { $0 === lane } }
        let accepted = outcome.accepted
        guard !full.isEmpty else {
            throw self.overflow(entry, missing: refused, accepted: accepted)
        }
        return .wait(
            WaitToken(
                giveUp: { self.overflow(entry, missing: full + refused, accepted: accepted) },
                { () async throws(OmnibusError) -> PublishReceipt in
                    try await self.wait(for: full, entry, accepted: accepted, refused: refused)
                }
            )
        )
    }

    private func suspends(_ lane: Lane) -> Bool {
        if case .suspend = lane.settings.overflow { return true }
        return false
    }

    /// Waits for room in queues that are full, one after the other.
    private func wait(
        for lanes: [Lane],
        _ entry: HeldEntry,
        accepted: Int,
        refused: [Lane]
    ) async throws(OmnibusError) -> PublishReceipt {
        var accepted = accepted
        var missing = refused
        var isCancelled = false
        for lane in lanes {
            guard !isCancelled, case .suspend(let limit) = lane.settings.overflow else {
                missing.append(lane)
                continue
            }
            switch await lane.waitForRoom(atMost: limit) {
            case .granted:
                if lane.offer(entry, mode: .reserved) == .accepted { accepted += 1 }
            case .closed:
                break
            case .timedOut:
                missing.append(lane)
            case .cancelled:
                isCancelled = true
                missing.append(lane)
            }
        }
        guard missing.isEmpty else {
            if isCancelled, accepted == 0 {
                self.countRefusal(entry.message.topic)
                throw OmnibusError(
                    .cancelled,
                    "The task was cancelled while it waited for room in \(lanes[0].name); nothing was published."
                )
            }
            throw self.overflow(entry, missing: missing, accepted: accepted)
        }
        return PublishReceipt(messageID: entry.message.id, matched: accepted, position: entry.position)
    }

    private func overflow(_ entry: HeldEntry, missing: [Lane], accepted: Int) -> OmnibusError {
        let names = missing.map(\.name)
        let list = names.joined(separator: ", ")
        if accepted > 0 {
            let receipt = PublishReceipt(messageID: entry.message.id, matched: accepted, position: entry.position)
            return OmnibusError(
                .partiallyAccepted,
                """
                \(accepted) queues have the message for '\(entry.message.topic)', but these are full: \(list). \
                Handle faster there, raise their bounds, or choose another overflow policy.
                """,
                advice: .retry(after: nil),
                details: PartialAcceptance(receipt: receipt, missing: names)
            )
        }
        self.countRefusal(entry.message.topic)
        let bounds = missing.first?.settings.bounds ?? QueueBounds()
        return OmnibusError(
            .overflow,
            """
            The queue of \(list) is full (\(bounds.count) messages, \(bounds.bytes) bytes) and '\(entry.message.topic)' \
            got no room in time. Handle faster, raise 'bounds', or choose another overflow policy.
            """,
            advice: .retry(after: nil)
        )
    }
}
