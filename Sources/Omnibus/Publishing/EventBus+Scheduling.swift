// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension EventBus {
    /// Accepts an event that is delivered after a time, by the clock that never goes back.
    ///
    /// What waits is held in memory, in a store that the broker's limits bound. Time to live, position and who listens
    /// are decided when the event is due; queues that are full take it beyond their bounds then, because it was
    /// accepted before. Events due at the same time are delivered in the order of the calls. Zero publishes at once, as
    /// ``publish(_:)-(E)`` does. Inside a handler, the event names the handled message as its cause.
    ///
    /// - Parameter delay: at most ten years.
    /// - Returns: a handle that can cancel the delivery; dropping it cancels nothing.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for a delay that is negative or too long, `overflow`
    ///   when too much waits already, `busClosed`, or `unsupported` on a provider that cannot schedule; whatever
    ///   publish middleware throws, which runs now.
    @discardableResult
    public func publish<E: Event>(_ event: E, after delay: Duration) async throws -> ScheduledMessage {
        try await self.schedule(self.message(of: event), .after(delay))
    }

    /// Accepts an event that is delivered at a time of the wall clock; one that has passed is at once.
    ///
    /// The time is turned into a delay once, now: setting the wall clock later does not move it.
    ///
    /// - Throws: as for a delay.
    @discardableResult
    public func publish<E: Event>(_ event: E, at time: Timestamp) async throws -> ScheduledMessage {
        try await self.schedule(self.message(of: event), .at(time))
    }

    /// Accepts a value that is delivered to a topic after a time.
    ///
    /// - Throws: as for events.
    @discardableResult
    public func publish<Value: Encodable & Sendable>(
        _ value: Value,
        to topic: Topic,
        after delay: Duration
    ) async throws -> ScheduledMessage {
        try await self.schedule(Message(topic: topic, value: value, codec: self.settings.codec), .after(delay))
    }

    /// Accepts a value that is delivered to a topic at a time of the wall clock.
    ///
    /// - Throws: as for events.
    @discardableResult
    public func publish<Value: Encodable & Sendable>(
        _ value: Value,
        to topic: Topic,
        at time: Timestamp
    ) async throws -> ScheduledMessage {
        try await self.schedule(Message(topic: topic, value: value, codec: self.settings.codec), .at(time))
    }

    /// Accepts a message that is delivered after a time; its id is made now where it has none.
    ///
    /// - Throws: as for events, and ``OmnibusError`` with the code `invalidMessage`, `invalidHeader` or `tooLarge`.
    @discardableResult
    public func publish(_ message: Message, after delay: Duration) async throws -> ScheduledMessage {
        try message.validate()
        return try await self.schedule(message, .after(delay))
    }

    /// Accepts a message that is delivered at a time of the wall clock.
    ///
    /// - Throws: as for a delay.
    @discardableResult
    public func publish(_ message: Message, at time: Timestamp) async throws -> ScheduledMessage {
        try message.validate()
        return try await self.schedule(message, .at(time))
    }

    /// Lists the messages that wait for their time and whose topics match a pattern, the earliest first.
    ///
    /// Each can be cancelled through what is returned. O(n log n) in all that wait.
    ///
    /// - Throws: ``OmnibusError`` with the code `unsupported` on a provider that cannot schedule.
    public func scheduled(of pattern: TopicPattern = "#") async throws(OmnibusError) -> [ScheduledMessage] {
        try await self.provider.scheduled(of: pattern)
    }

    // MARK: Steps

    /// Schedules a message through the middleware.
    func schedule(_ message: Message, _ time: DeliveryTime) async throws -> ScheduledMessage {
        let scope = DeliveryScope.active
        try self.checkOpen(scope)
        let middleware = self.settings.publishMiddleware
        if middleware.isEmpty { return try await self.scheduleAtProvider(message, time, scope) }
        let made = Mutex<ScheduledMessage?>(nil)
        let receipt = try await middleware.run(message) { changed in
            try changed.validate()
            let scheduled = try await self.scheduleAtProvider(changed, time, scope)
            made.withLock { $0 = scheduled }
            return PublishReceipt(messageID: scheduled.id, matched: nil, isDuplicate: scheduled.isDuplicate)
        }
        if let scheduled = made.withLock({ $0 }) { return scheduled }
        // The middleware has kept the message to itself, and answered for it.
        return ScheduledMessage(
            id: receipt.messageID,
            topic: message.topic,
            due: self.environment.clock.now,
            isDuplicate: receipt.isDuplicate
        ) { () async throws(OmnibusError) in false }
    }

    private func scheduleAtProvider(
        _ message: Message,
        _ time: DeliveryTime,
        _ scope: DeliveryScope?
    ) async throws(OmnibusError) -> ScheduledMessage {
        if let memory = self.memory {
            return try await memory.schedule(
                message,
                time,
                origin: self.origin,
                cause: self.cause(scope),
                owner: ObjectIdentifier(self)
            )
        }
        return try await self.provider.schedule(try self.complete(message, scope), time)
    }
}
