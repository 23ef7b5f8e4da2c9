// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore {
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
