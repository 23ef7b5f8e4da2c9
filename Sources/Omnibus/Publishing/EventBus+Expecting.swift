// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Publishes an event to a topic that keeps a history, on condition that it gets an offset.
    ///
    /// Of several publishers who expect the same offset, one is accepted and the others are refused, having changed
    /// nothing: optimistic concurrency.
    ///
    /// - Throws: as for publishing, and ``OmnibusError`` with the code `sequenceMismatch`, whose details are a
    ///   ``SequenceMismatch`` with the offset that the next message gets; `invalidSettings` for a topic that keeps no
    ///   history or has several partitions; `unsupported` where the provider cannot do it.
    @discardableResult
    public func publish<E: Event>(_ event: E, expecting expected: ExpectedSequence) async throws -> PublishReceipt {
        try await self.publishThrough(self.message(of: event), DeliveryScope.active, expecting: expected)
    }

    /// Publishes a value to a topic that keeps a history, on condition that it gets an offset.
    ///
    /// - Throws: as for events.
    @discardableResult
    public func publish<Value: Encodable & Sendable>(
        _ value: Value,
        to topic: Topic,
        expecting expected: ExpectedSequence
    ) async throws -> PublishReceipt {
        try await self.publishThrough(
            Message(topic: topic, value: value, codec: self.settings.codec),
            DeliveryScope.active,
            expecting: expected
        )
    }

    /// Publishes a message to a topic that keeps a history, on condition that it gets an offset.
    ///
    /// - Throws: as for events, and ``OmnibusError`` with the code `invalidMessage` or `invalidHeader`.
    @discardableResult
    public func publish(_ message: Message, expecting expected: ExpectedSequence) async throws -> PublishReceipt {
        try message.validate()
        return try await self.publishThrough(message, DeliveryScope.active, expecting: expected)
    }

    /// Forgets where a group has got to on topics that keep a history; returns false when there is nothing to forget.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` when the group has members, or `unsupported`.
    @discardableResult
    public func deleteGroup(_ group: String, of pattern: TopicPattern) async throws(OmnibusError) -> Bool {
        try await self.provider.deleteGroup(group, of: pattern)
    }
}
