// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A pattern that somebody listens to, and the handle to stop listening.
///
/// The bus owns the subscription's life: dropping this value cancels nothing.
public struct Subscription: Sendable, Identifiable {
    /// The subscription's id, unique for its provider.
    public let id: SubscriptionID
    /// The pattern that is listened to.
    public let pattern: TopicPattern
    /// The group whose messages the subscription shares; nil when it is a group of one.
    public let group: String?

    private let control: any SubscriptionControl

    /// Creates a handle, for those who write a provider.
    public init(id: SubscriptionID, pattern: TopicPattern, group: String?, control: any SubscriptionControl) {
        self.id = id
        self.pattern = pattern
        self.group = group
        self.control = control
    }

    /// Ends the subscription; once it has returned, no handler of the subscription starts.
    ///
    /// Handlers that run go on to their end; one that was called on another thread a moment before may only now come to
    /// its first line. It may be called inside the subscription's own handler, and again.
    public func cancel() async {
        await self.control.cancel(self.id)
    }

    /// Stops delivering; what arrives is kept within the queue's bounds. A handler that runs goes on to its end.
    ///
    /// - Throws: ``OmnibusError`` with the code `unknownSubscription` when it has ended, or `unsupported`.
    public func pause() async throws(OmnibusError) {
        try await self.control.pause(self.id)
    }

    /// Goes on delivering after ``pause()``.
    ///
    /// - Throws: ``OmnibusError`` with the code `unknownSubscription` when it has ended, or `unsupported`.
    public func resume() async throws(OmnibusError) {
        try await self.control.resume(self.id)
    }

    /// Goes on reading elsewhere on topics that keep a history, with the whole group.
    ///
    /// What was read ahead is dropped, and what a handler has begun goes on to its end, its retries included. Queues of
    /// topics that keep no history are left alone.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for an offset where there are several partitions or
    ///   topics, or that no message can have yet, `unknownSubscription` when it has ended, or `unsupported`.
    public func seek(to start: StartPosition) async throws(OmnibusError) {
        try await self.control.seek(self.id, to: start)
    }

    /// Settles a delivery that is in flight, by the id of its message.
    ///
    /// It is for handlers with `acknowledging: .manual` that have kept the id and not the delivery. O(in flight).
    ///
    /// - Throws: ``OmnibusError`` with the code `alreadySettled` when no such delivery is in flight.
    public func ack(_ message: MessageID) async throws(OmnibusError) {
        try await self.control.ack(message, self.id)
    }
}

/// What a ``Subscription`` asks of whoever made it.
public protocol SubscriptionControl: Sendable {
    /// Ends the subscription; ending it again changes nothing.
    func cancel(_ id: SubscriptionID) async
    /// Stops delivering to a subscription until it is resumed.
    func pause(_ id: SubscriptionID) async throws(OmnibusError)
    /// Goes on delivering to a subscription that was paused.
    func resume(_ id: SubscriptionID) async throws(OmnibusError)
    /// Goes on reading elsewhere; throws `unsupported` unless a control implements it.
    func seek(_ id: SubscriptionID, to start: StartPosition) async throws(OmnibusError)
    /// Acknowledges the delivery in flight of a message.
    func ack(_ message: MessageID, _ id: SubscriptionID) async throws(OmnibusError)
}

extension SubscriptionControl {
    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func seek(_ id: SubscriptionID, to start: StartPosition) async throws(OmnibusError) {
        throw OmnibusError(
            .unsupported,
            "The subscription '\(id)' cannot go on reading elsewhere; choose a provider that declares 'startPositions'.",
            details: Capability.startPositions.rawValue
        )
    }
}

/// The name of one subscription, unique for its provider.
public struct SubscriptionID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The name that identifies the subscription.
    public let rawValue: String

    /// Creates an id from a name, for those who write a provider.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The name that identifies the subscription, for people.
    public var description: String { self.rawValue }
}
