// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus: SyncEventPublishing {
    /// Publishes an event without ever suspending.
    ///
    /// - Throws: ``OmnibusError`` with the code `overflow` when a queue is full that would have to be waited for,
    ///   `partiallyAccepted` when others have the event by then, `unsupported` when the provider or a publish
    ///   middleware may suspend, or `busClosed`.
    @inlinable
    public func publishNow<E: Event>(_ event: E) throws(OmnibusError) {
        let direct = self.offerDirectly(event)
        if direct.outcome == .accepted { return }
        try self.publishNow(event, after: direct)
    }

    /// Goes on with an event that the only queue on the shortest way has not accepted.
    @usableFromInline
    func publishNow<E: Event>(_ event: E, after direct: DirectOffer) throws(OmnibusError) {
        guard self.direct != nil else { return try self.publishNow(self.message(of: event), DeliveryScope.active) }
        try self.finishNow(try self.offer(event, after: direct), event.eventTopic)
    }

    /// Publishes a value to a topic without ever suspending.
    ///
    /// - Throws: as for events.
    public func publishNow<Value: Encodable & Sendable>(_ value: Value, to topic: Topic) throws(OmnibusError) {
        try self.publishNow(Message(topic: topic, value: value, codec: self.settings.codec), DeliveryScope.active)
    }

    /// Publishes a message without ever suspending.
    ///
    /// - Throws: as for events, and ``OmnibusError`` with the code `invalidMessage`, `invalidHeader` or `tooLarge`.
    public func publishNow(_ message: Message) throws(OmnibusError) {
        try message.validate()
        try self.publishNow(message, DeliveryScope.active)
    }

    private func publishNow(_ message: Message, _ scope: DeliveryScope?) throws(OmnibusError) {
        try self.checkOpen(scope)
        if let middleware = self.settings.publishMiddleware.firstAsynchronous {
            throw OmnibusError(
                .unsupported,
                """
                publishNow cannot run the middleware '\(middleware.name)', which may suspend; \
                use 'try await publish'.
                """,
                details: Capability.synchronousPublish.rawValue
            )
        }
        guard let message = try self.changed(message) else { return }
        if let memory = self.memory {
            return try self.finishNow(
                try memory.offer(message, origin: self.origin, cause: self.cause(scope)),
                message.topic
            )
        }
        try self.finishNow(try self.provider.offer(try self.complete(message, scope)), message.topic)
    }

    /// The message as middleware that never suspends leaves it; nil where it keeps it back.
    func changed(_ message: Message) throws(OmnibusError) -> Message? {
        guard !self.settings.publishMiddleware.isEmpty else { return message }
        var message = message
        do {
            guard try self.settings.publishMiddleware.apply(to: &message) else { return nil }
        } catch {
            throw Self.refused(by: error, message.topic)
        }
        try message.validate()
        return message
    }

    /// What a publish has thrown, as an error of the bus: what is none came out of middleware.
    static func refused(by error: any Error, _ topic: Topic? = nil) -> OmnibusError {
        error as? OmnibusError
            ?? OmnibusError(
                .invalidMessage,
                "A publish middleware has refused the message\(topic.map { " for '\($0)'" } ?? ""); see the cause.",
                cause: error
            )
    }

    func finishNow(_ offer: Offer, _ topic: Topic) throws(OmnibusError) {
        switch offer {
        case .accepted: return
        case .refused(let error): throw error
        case .wait(let token):
            // Those with room have the message already, and the call has to be counted.
            if let error = token.giveUp?(), error.code == .partiallyAccepted { throw error }
            throw OmnibusError(
                .overflow,
                "A queue that '\(topic)' goes to is full, and publishNow does not wait; use 'try await publish'.",
                advice: .retry(after: nil)
            )
        }
    }
}
