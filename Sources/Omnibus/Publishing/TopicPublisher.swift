// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Publishes values of one type to one topic: the route is resolved once, which suits hot loops.
///
/// Messages published on one publisher, from whatever tasks, are delivered in the order of the calls.
public struct TopicPublisher<Value: Encodable & Sendable>: Sendable {
    /// Where the values go.
    public let topic: Topic

    private let bus: EventBus
    private let stripe: BrokerCore.OwnStripe?
    private let traits: ValueTraits<Value>

    init(bus: EventBus, topic: Topic, traits: ValueTraits<Value>) {
        self.bus = bus
        self.topic = topic
        self.traits = traits
        self.stripe = bus.direct == nil ? nil : bus.memory?.makeStripe()
    }

    /// Publishes a value and returns once every matching queue has accepted it.
    ///
    /// - Throws: as ``EventBus/publish(_:)-(E)``, and ``OmnibusError`` with the code `invalidTopic` for an event whose
    ///   topic is another one.
    public func publish(_ value: Value) async throws {
        try self.traits.check(value, self.topic)
        guard let stripe = self.stripe else {
            _ = try await self.bus.publishThrough(self.message(of: value, .unassigned, nil), DeliveryScope.active)
            return
        }
        switch try self.offer(value, stripe) {
        case .accepted: return
        case .wait(let token): _ = try await self.bus.wait(token, self.topic)
        case .refused(let error): throw error
        }
    }

    /// Publishes a value without ever suspending.
    ///
    /// - Throws: as ``EventBus/publishNow(_:)-(E)``, and ``OmnibusError`` with the code `invalidTopic` for an event
    ///   whose topic is another one.
    public func publishNow(_ value: Value) throws(OmnibusError) {
        try self.traits.check(value, self.topic)
        guard let stripe = self.stripe else {
            return try self.bus.publishNow(self.message(of: value, .unassigned, nil))
        }
        try self.bus.finishNow(try self.offer(value, stripe), self.topic)
    }

    /// Takes a value that is published as soon as there is room, and returns at once.
    ///
    /// - Throws: as ``EventBus/enqueue(_:)-(E)``, and ``OmnibusError`` with the code `invalidTopic` for an event whose
    ///   topic is another one.
    @discardableResult
    public func enqueue(_ value: Value) throws(OmnibusError) -> PendingReceipt {
        try self.traits.check(value, self.topic)
        let scope = DeliveryScope.active
        guard let stripe = self.stripe, self.bus.line(scope).isIdle else {
            return try self.bus.enqueue(self.message(of: value, .unassigned, nil), scope)
        }
        let size = self.traits.size(value)
        return try self.bus.finishEnqueue(try self.offer(value, stripe), self.topic, size: size, scope)
    }

    /// Accepts a value that is delivered after a time.
    ///
    /// - Throws: as ``EventBus/publish(_:after:)-(E,_)``, and ``OmnibusError`` with the code `invalidTopic` for an event
    ///   whose topic is another one.
    @discardableResult
    public func publish(_ value: Value, after delay: Duration) async throws -> ScheduledMessage {
        try self.traits.check(value, self.topic)
        return try await self.bus.schedule(self.message(of: value, .unassigned, nil), .after(delay))
    }

    /// Accepts a value that is delivered at a time of the wall clock; one that has passed is at once.
    ///
    /// - Throws: as for a delay.
    @discardableResult
    public func publish(_ value: Value, at time: Timestamp) async throws -> ScheduledMessage {
        try self.traits.check(value, self.topic)
        return try await self.bus.schedule(self.message(of: value, .unassigned, nil), .at(time))
    }

    /// Publishes values in order; the first that is refused ends the call.
    ///
    /// - Throws: as for one value; those before it have been accepted.
    public func publish(batch: some Collection<Value> & Sendable) async throws {
        for value in batch { try await self.publish(value) }
    }

    @inline(never)
    private func offer(_ value: Value, _ stripe: BrokerCore.OwnStripe) throws(OmnibusError) -> Offer {
        let scope = DeliveryScope.active
        try self.bus.checkOpen(scope)
        let direct = DirectOffer.of(
            value,
            size: self.traits.size(value),
            priority: self.traits.priority
        ) { event in
            event.origin = self.bus.origin
            return self.bus.withCause(scope, of: &event) {
                stripe.offerDirectly(&$0, topic: self.topic, key: self.traits.key(value))
            }
        }
        switch direct.outcome {
        case .accepted: return .accepted(direct.receipt)
        case .unrouted:
            stripe.core.signalUnrouted(self.topic, direct.id)
            return .accepted(PublishReceipt(messageID: direct.id, matched: 0))
        case .full:
            let message = self.message(of: value, direct.id, nil)
            return try stripe.core.offerToFull(
                stripe.core.complete(message, origin: self.bus.origin, cause: self.bus.cause(scope)),
                direct.takeRest(),
                cause: self.bus.cause(scope)
            )
        case .elsewhere:
            return try stripe.core.offer(
                self.message(of: value, .unassigned, nil),
                origin: self.bus.origin,
                cause: self.bus.cause(scope)
            )
        }
    }

    private func message(of value: Value, _ id: MessageID, _ extras: MessageExtras?) -> Message {
        self.traits.message(value, self.topic, id, extras, self.bus.settings.codec)
    }
}

/// What a publisher has to know of its values: whether they are events decides it, once.
struct ValueTraits<Value: Encodable & Sendable>: Sendable {
    var priority = Priority.normal
    var key: @Sendable (Value) -> String? = { _ in nil }
    var size: @Sendable (Value) -> Int = { _ in Payload.estimatedSize(of: Value.self) }
    var topic: (@Sendable (Value) -> Topic)?
    var message: @Sendable (Value, Topic, MessageID, MessageExtras?, any PayloadCodec) -> Message

    /// The traits of plain values.
    static var plain: ValueTraits {
        ValueTraits(message: { value, topic, id, extras, codec in
            Message(
                topic: topic,
                key: nil,
                payload: Payload(value, codec: codec),
                id: id,
                acceptedAt: id.createdAt,
                priority: .normal,
                extras: extras
            )
        })
    }

    func check(_ value: Value, _ expected: Topic) throws(OmnibusError) {
        guard let topic = self.topic?(value), topic != expected else { return }
        throw OmnibusError(
            .invalidTopic,
            """
            This publisher's route leads to '\(expected)', but the event's topic is '\(topic)'; \
            publish events whose topic varies with 'bus.publish'.
            """
        )
    }
}

extension ValueTraits where Value: Event {
    /// The traits of events.
    static var event: ValueTraits {
        ValueTraits(
            priority: Value.priority,
            key: { $0.eventKey ?? $0.eventSubject },
            size: { $0.estimatedSize },
            topic: { $0.eventTopic },
            message: { value, topic, id, extras, codec in
                Message(value, topic: topic, id: id, key: value.eventKey, extras: extras, codec: codec)
            }
        )
    }
}

extension EventBus {
    /// Makes a publisher of events of one type.
    ///
    /// - Throws: ``OmnibusError`` with the code `busClosed`.
    public func publisher<E: Event>(of type: E.Type) async throws -> TopicPublisher<E> {
        try self.checkOpen(DeliveryScope.active)
        return TopicPublisher(bus: self, topic: E.topic, traits: .event)
    }

    /// Makes a publisher of values of one type to one topic.
    ///
    /// - Throws: ``OmnibusError`` with the code `busClosed`.
    public func publisher<Value: Encodable & Sendable>(
        of type: Value.Type,
        to topic: Topic
    ) async throws -> TopicPublisher<Value> {
        try self.checkOpen(DeliveryScope.active)
        return TopicPublisher(bus: self, topic: topic, traits: .plain)
    }
}
