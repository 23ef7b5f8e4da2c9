// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension EventBus: EventPublishing {
    /// Publishes an event to its topic and returns once every matching queue has accepted it.
    ///
    /// Inside a handler, the event names the handled message as its cause. A full queue suspends the call (not inside a
    /// handler), first come first served, for at most the time that its overflow policy says.
    ///
    /// - Throws: ``OmnibusError`` with the code `busClosed`, `overflow`, `partiallyAccepted`, `cancelled`, or
    ///   `invalidTopic` for a topic of the system; whatever publish middleware throws.
    @inlinable
    @discardableResult
    public func publish<E: Event>(_ event: E) async throws -> PublishReceipt {
        let direct = self.offerDirectly(event)
        if direct.outcome == .accepted { return direct.receipt }
        return try await self.publish(event, after: direct)
    }

    /// Publishes an event under an id of your own, so that a repetition is noticed where a deduplication window is set.
    ///
    /// A handler that is tried again publishes again. With `id: .derived(from: delivery, "receipt")` it publishes the
    /// same message each time.
    ///
    /// - Throws: as for events, and ``OmnibusError`` with the code `invalidMessage` for an id that cannot be one.
    @discardableResult
    public func publish<E: Event>(_ event: E, id: MessageID) async throws -> PublishReceipt {
        try await self.publish(self.message(of: event, id))
    }

    /// Publishes a value to a topic; the bus's codec makes bytes of it where somebody needs them.
    ///
    /// Bytes go through `publish(bytes:to:)`: here, an array of them would become an array of numbers.
    ///
    /// - Throws: as for events.
    @discardableResult
    public func publish<Value: Encodable & Sendable>(_ value: Value, to topic: Topic) async throws -> PublishReceipt {
        try await self.publishThrough(
            Message(topic: topic, value: value, codec: self.settings.codec),
            DeliveryScope.active
        )
    }

    /// Publishes a message; its id is made here where it has none.
    ///
    /// - Throws: as for events, and ``OmnibusError`` with the code `invalidMessage` or `invalidHeader`, naming
    ///   everything that is wrong, or `tooLarge`.
    @discardableResult
    public func publish(_ message: Message) async throws -> PublishReceipt {
        try message.validate()
        return try await self.publishThrough(message, DeliveryScope.active)
    }

    /// Publishes bytes to a topic.
    ///
    /// - Throws: as for messages.
    @discardableResult
    public func publish(bytes: [UInt8], to topic: Topic) async throws -> PublishReceipt {
        try await self.publishThrough(Message(topic: topic, bytes: bytes), DeliveryScope.active)
    }

    /// Publishes a CloudEvent.
    ///
    /// Its `partitionkey`, or else its `subject`, is the key of its order; an `expirytime` ends its time to live, and a
    /// `traceparent` that is valid is handed to the handlers and goes into what they publish.
    ///
    /// - Parameter topic: where to; nil takes the event's `omnibustopic`, or its type where that can be a topic.
    /// - Throws: as for messages, and ``OmnibusError`` with the code `invalidTopic` when no topic can be found.
    @discardableResult
    public func publish(_ event: CloudEvent, to topic: Topic?) async throws -> PublishReceipt {
        try await self.publish(Message(publishing: event, to: topic, at: self.environment.clock.now))
    }

    /// Publishes a CloudEvent to its `omnibustopic`, or to its type where that can be a topic.
    ///
    /// - Throws: as for messages, and ``OmnibusError`` with the code `invalidTopic` when no topic can be found.
    @discardableResult
    public func publish(_ event: CloudEvent) async throws -> PublishReceipt {
        try await self.publish(event, to: nil)
    }

    // MARK: Steps

    /// Offers an event to the in-memory broker without making a message of it.
    ///
    /// Inlined into the user's module, so that what it asks the event is known there; the rest is compiled once, here.
    @inlinable
    @inline(__always)
    func offerDirectly<E: Event>(_ event: E) -> DirectOffer {
        .of(event, size: event.estimatedSize, priority: E.priority) {
            self.offerDirectly(&$0, topic: event.eventTopic, key: event.eventKey ?? event.eventSubject)
        }
    }

    @usableFromInline
    func offerDirectly(_ event: inout OfferedEvent, topic: Topic, key: String?) -> DirectOffer {
        let scope = DeliveryScope.active(in: self.bindings)
        // A bus that is not open, or has middleware, says why on the way that is taken then.
        guard let memory = self.direct, self.isOpen(scope) else { return .elsewhere }
        event.origin = self.origin
        return self.withCause(scope, of: &event) { event in
            memory._withUnsafeGuaranteedRef { $0.offerDirectly(&event, topic: topic, key: key) }
        }
    }

    /// Offers an event that inherits what the effects of a handler inherit.
    @inline(__always)
    func withCause(
        _ scope: DeliveryScope?,
        of event: inout OfferedEvent,
        _ offer: (inout OfferedEvent) -> DirectOffer
    ) -> DirectOffer {
        guard let cause = self.cause(scope) else { return offer(&event) }
        event.cause = .passUnretained(cause)
        return withExtendedLifetime(cause) { offer(&event) }
    }

    /// Goes on with an event that the only queue on the shortest way has not accepted.
    @usableFromInline
    func publish<E: Event>(_ event: E, after direct: DirectOffer) async throws -> PublishReceipt {
        if direct.outcome == .elsewhere, self.direct == nil {
            return try await self.publishThrough(self.message(of: event), DeliveryScope.active)
        }
        switch try self.offer(event, after: direct) {
        case .accepted(let receipt): return receipt
        case .wait(let token): return try await self.wait(token, event.eventTopic)
        case .refused(let error): throw error
        }
    }

    /// Waits until queues that were full have accepted.
    ///
    /// - Throws: what the provider throws, and ``OmnibusError`` with the code `busClosed` where the bus has ended instead.
    func wait(_ token: WaitToken, _ topic: Topic) async throws(OmnibusError) -> PublishReceipt {
        let receipt = try await token.wait()
        guard receipt.matched == 0, self.phase.load(ordering: .acquiring) != .open else { return receipt }
        // Its queues have ended with the bus, and nobody else wanted it.
        self.memory?.refusedInTheEnd(topic)
        throw self.closedError("publish")
    }

    /// The same without suspending.
    func offer<E: Event>(_ event: E, after direct: DirectOffer) throws(OmnibusError) -> Offer {
        let rest = direct.takeRest()
        let scope = DeliveryScope.active
        try self.checkOpen(scope)
        guard let memory = self.memory else { throw self.provider.unsupported(.synchronousPublish) }
        switch direct.outcome {
        case .accepted: return .accepted(direct.receipt)
        case .unrouted:
            memory.signalUnrouted(event.eventTopic, direct.id)
            return .accepted(PublishReceipt(messageID: direct.id, matched: 0))
        case .full:
            let message = memory.complete(
                self.message(of: event, direct.id),
                origin: self.origin,
                cause: self.cause(scope)
            )
            return try memory.offerToFull(message, rest, cause: self.cause(scope))
        case .elsewhere:
            return try memory.offer(self.message(of: event), origin: self.origin, cause: self.cause(scope))
        }
    }

    /// Makes the message of an event that has not been accepted yet.
    func message<E: Event>(of event: E, _ id: MessageID = .unassigned) -> Message {
        Message(
            event,
            topic: event.eventTopic,
            id: id,
            key: event.eventKey,
            extras: nil,
            codec: self.settings.codec
        )
    }

    /// Whether a call may publish: anybody while the bus is open, its own handlers while it drains.
    @inline(__always)
    func isOpen(_ scope: DeliveryScope?) -> Bool {
        let phase = self.phase.load(ordering: .acquiring)
        return phase == .open || (phase == .draining && scope?.owner == ObjectIdentifier(self))
    }

    /// What messages that are published in a scope inherit; nil outside any handler.
    @inline(__always)
    func cause(_ scope: DeliveryScope?) -> RareEntry? {
        scope.map { $0.rareEntry(source: self.settings.source) }
    }

    func checkOpen(_ scope: DeliveryScope?) throws(OmnibusError) {
        guard self.isOpen(scope) else { throw self.closedError("publish") }
    }

    /// Publishes a message through the middleware.
    func publishThrough(
        _ message: Message,
        _ scope: DeliveryScope?,
        expecting expected: ExpectedSequence? = nil
    ) async throws -> PublishReceipt {
        try self.checkOpen(scope)
        let middleware = self.settings.publishMiddleware
        if middleware.isEmpty { return try await self.publishToProvider(message, scope, expected) }
        return try await middleware.run(message) { changed in
            try changed.validate()
            return try await self.publishToProvider(changed, scope, expected)
        }
    }

    /// The end of the path: the provider.
    ///
    /// - Parameter mode: who publishes, where the scope does not tell.
    func publishToProvider(
        _ message: Message,
        _ scope: DeliveryScope?,
        _ expected: ExpectedSequence?,
        mode: LaneMachine.OfferMode? = nil
    ) async throws(OmnibusError) -> PublishReceipt {
        if let memory = self.memory {
            let offer = try memory.offer(
                message,
                origin: self.origin,
                cause: self.cause(scope),
                mode: mode,
                expecting: expected
            )
            switch offer {
            case .accepted(let receipt): return receipt
            case .wait(let token): return try await self.wait(token, message.topic)
            case .refused(let error): throw error
            }
        }
        if expected != nil, !self.provider.capabilities.has(.expectedSequence) {
            throw self.provider.unsupported(.expectedSequence)
        }
        let completed = try self.complete(message, scope)
        do throws(OmnibusError) {
            let receipt: PublishReceipt
            if let expected {
                receipt = try await self.provider.publish(completed, expecting: expected)
            } else {
                receipt = try await self.provider.publish(completed)
            }
            self.host?.publishes.accepted(completed.topic, receipt)
            self.activities.emitted(completed, receipt)
            return receipt
        } catch {
            self.host?.publishes.failed(completed.topic)
            throw error
        }
    }

    /// Fills in what a provider expects of a message: its id, its source and its cause.
    func complete(_ message: Message, _ scope: DeliveryScope?) throws(OmnibusError) -> Message {
        guard !message.topic.isSystem else { throw Self.systemTopic(message.topic) }
        return self.completeUnchecked(message, scope)
    }

    func completeUnchecked(_ message: Message, _ scope: DeliveryScope?) -> Message {
        var message = message
        if !message.hasID { message.id = self.makeID() }
        if let extras = self.cause(scope)?.extras { message.inherit(from: extras) }
        if message.source == nil { message.source = self.settings.source }
        // A time to live counts from here, unless the provider says when it has accepted the message.
        if message.acceptedAt == nil, self.memory == nil { message.accept(at: self.environment.clock.now) }
        return message
    }

    func makeID() -> MessageID {
        self.memory?.makeID()
            ?? self.inbox.makeID(milliseconds: self.environment.clock.coarseWallNanoseconds() / 1_000_000)
    }

    static func systemTopic(_ topic: Topic) -> OmnibusError {
        OmnibusError(
            .invalidTopic,
            """
            '\(topic)' belongs to the system, because its first word is 'omnibus'; \
            subscribe to it, but publish to a topic of your own.
            """
        )
    }
}
