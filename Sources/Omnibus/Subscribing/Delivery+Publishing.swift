// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension Delivery {
    /// Publishes an event that this delivery has caused.
    ///
    /// Inside a handler, `bus.publish` does the same by itself; the body of a loop over a sequence is no handler, and
    /// says it this way.
    ///
    /// - Throws: as ``EventBus/publish(_:)-(E)``, and ``OmnibusError`` with the code `unsupported` for a delivery that
    ///   did not come from a bus.
    @discardableResult
    public func publish<E: Event>(_ event: E) async throws -> PublishReceipt {
        let publisher = try self.requirePublisher("publish")
        return try await self.withContext { try await publisher.publish(event) }
    }

    /// Publishes a message that this delivery has caused.
    ///
    /// - Throws: as for events.
    @discardableResult
    public func publish(_ message: Message) async throws -> PublishReceipt {
        let publisher = try self.requirePublisher("publish")
        return try await self.withContext { try await publisher.publish(message) }
    }

    /// Runs a function in which everything that is published names this delivery as its cause.
    ///
    /// As inside a handler, publishing does not wait for a full queue there.
    @discardableResult
    public func withContext<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        let source = (self.publisher as? EventBus)?.settings.source ?? self.message.source ?? ""
        let owner = (self.publisher as? EventBus).map { ObjectIdentifier($0) }
        let scope = DeliveryScope(source: source, lane: nil, owner: owner)
        scope.enter(self.message)
        defer { scope.expire() }
        return try await DeliveryScope.$binding.withValue(DeliveryScope.Binding(scope), operation: body)
    }

    /// Answers a request, with a value that the bus's codec encodes where needed.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage` when the message asks for no reply.
    public func reply<Value: Encodable & Sendable>(_ value: Value) async throws {
        guard let bus = try self.requirePublisher("reply") as? EventBus else { return }
        try await bus.answer(self.message, with: Payload(value, codec: bus.settings.codec), failure: nil)
    }

    private func requirePublisher(_ call: String) throws(OmnibusError) -> any EventPublishing {
        guard let publisher = self.publisher else {
            throw OmnibusError(
                .unsupported,
                "'\(call)' works on deliveries of a bus; this one comes from a provider directly.",
                details: call
            )
        }
        return publisher
    }
}
