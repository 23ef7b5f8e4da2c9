// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// Something that messages can be published to; each call returns once the message has been accepted.
public protocol EventPublishing: Sendable {
    /// Publishes an event to its topic.
    @discardableResult
    func publish<E: Event>(_ event: E) async throws -> PublishReceipt

    /// Publishes a value to a topic.
    @discardableResult
    func publish<Value: Encodable & Sendable>(_ value: Value, to topic: Topic) async throws -> PublishReceipt

    /// Publishes a message.
    @discardableResult
    func publish(_ message: Message) async throws -> PublishReceipt

    /// Publishes a CloudEvent.
    ///
    /// - Parameter topic: where to; nil takes the event's `omnibustopic`, or its type where that can be a topic.
    @discardableResult
    func publish(_ event: CloudEvent, to topic: Topic?) async throws -> PublishReceipt
}

/// Something that messages can be published to without ever suspending.
public protocol SyncEventPublishing: Sendable {
    /// Publishes an event to its topic, or throws where that would have to wait.
    func publishNow<E: Event>(_ event: E) throws(OmnibusError)

    /// Publishes a value to a topic, or throws where that would have to wait.
    func publishNow<Value: Encodable & Sendable>(_ value: Value, to topic: Topic) throws(OmnibusError)

    /// Publishes a message, or throws where that would have to wait.
    func publishNow(_ message: Message) throws(OmnibusError)
}

/// Something that messages can be handed to without waiting: what becomes of each is in its receipt, to await later.
///
/// Messages are accepted in the order of the calls. A call never suspends and never blocks; when too much waits to be
/// accepted, it throws.
public protocol AsyncEventPublishing: Sendable {
    /// Takes an event that is published to its topic as soon as there is room.
    @discardableResult
    func enqueue<E: Event>(_ event: E) throws(OmnibusError) -> PendingReceipt

    /// Takes a value that is published to a topic as soon as there is room.
    @discardableResult
    func enqueue<Value: Encodable & Sendable>(_ value: Value, to topic: Topic) throws(OmnibusError) -> PendingReceipt

    /// Takes a message that is published as soon as there is room.
    @discardableResult
    func enqueue(_ message: Message) throws(OmnibusError) -> PendingReceipt

    /// Waits until everything that was enqueued before the call has been accepted or refused.
    func flush() async throws(OmnibusError)
}
