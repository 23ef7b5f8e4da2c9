// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
package import OmnibusCore

extension BrokerCore {
    /// Accepts a message that is delivered after or at a time; one whose time has come is published as any other.
    ///
    /// - Throws: `invalidSettings` for a time that is too far away, `overflow` where too much waits, and what publishing
    ///   throws.
    package func schedule(
        _ message: Message,
        _ time: DeliveryTime,
        origin: UInt16,
        cause: RareEntry?,
        owner: ObjectIdentifier?
    ) async throws(OmnibusError) -> ScheduledMessage {
        let now = self.environment.clock.now
        let delay = try time.delay(from: now)
        guard delay > .zero else {
            let receipt = try await self.publish(message, origin: origin, cause: cause)
            return ScheduledMessage(
                id: receipt.messageID,
                topic: message.topic,
                due: now,
                isDuplicate: receipt.isDuplicate
            ) { () async throws(OmnibusError) in false }
        }
        return try await self.enqueue(message, until: now.advanced(by: delay), after: delay, origin, cause, owner)
    }

    private func publish(
        _ message: Message,
        origin: UInt16,
        cause: RareEntry?
    ) async throws(OmnibusError) -> PublishReceipt {
        switch try self.offer(message, origin: origin, cause: cause) {
        case .accepted(let receipt): return receipt
        case .wait(let token): return try await token.wait()
        case .refused(let error): throw error
        }
    }

    private func enqueue(
        _ message: Message,
        until due: Timestamp,
        after delay: Duration,
        _ origin: UInt16,
        _ cause: RareEntry?,
        _ owner: ObjectIdentifier?
    ) async throws(OmnibusError) -> ScheduledMessage {
        let route = self.resolve(message.topic)
        if let refusal = self.refusal(of: message, route, allowsSystem: false) { throw self.refused(message, refusal) }
        let window = message.hasID ? route.deduplication : nil
        var message = message
        if !message.hasID { message.id = self.makeID() }
        // A message that was delivered and is scheduled anew begins anew.
        if message.headers.retryCount > 0 { message.countRetries(0) }
        message = self.complete(message, origin: origin, cause: cause)
        let waiting = MessageScheduler.Waiting(message: message, due: due, owner: owner, window: window)
        let end = self.environment.clock.deadline(after: delay)
        guard let window else { return try self.enqueue(waiting, due: end) }
        let mode: LaneMachine.OfferMode = cause == nil ? .outside : .handler
        guard let reservation = try await self.reservation(of: message, mode, window) else {
            self.count(message.topic, CallCounts(published: 1, duplicate: 1))
            return ScheduledMessage(id: message.id, topic: message.topic, due: due, isDuplicate: true) {
                () async throws(OmnibusError) in false
            }
        }
        // Where there is no room, the reservation ends with this call.
        let scheduled = try self.enqueue(waiting, due: end)
        reservation.accept(.accepted(PublishReceipt(messageID: message.id, matched: nil)))
        return scheduled
    }

    private func enqueue(
        _ waiting: MessageScheduler.Waiting,
        due: Duration
    ) throws(OmnibusError) -> ScheduledMessage {
        // The timer keeps the broker alive, until that is disconnected, or nobody has its actor any more. A weak
        // reference would make every retain of the broker slow.
        let deliver: @Sendable () -> Void = { self.deliverDue() }
        guard let id = self.scheduler.add(waiting, due: due, deliver: deliver) else {
            throw self.refused(waiting.message, self.isFull(for: waiting.message))
        }
        return self.handle(id, waiting)
    }

    /// Reserves the id of a message; nil where it was accepted before.
    private func reservation(
        of message: Message,
        _ mode: LaneMachine.OfferMode,
        _ window: DeduplicationStore
    ) async throws(OmnibusError) -> DeduplicationStore.Reservation? {
        while true {
            switch window.begin(message) {
            case .mine(let reservation): return reservation
            case .known: return nil
            case .inProgress(let pending, let isWaiting):
                guard mode != .handler || !isWaiting else { throw self.mustNotWait(message) }
                try await self.wait(for: pending, message)
            }
        }
    }

    private func refused(_ message: Message, _ error: OmnibusError) -> OmnibusError {
        self.count(message.topic, CallCounts(published: 1, refused: 1))
        return error
    }

    private func isFull(for message: Message) -> OmnibusError {
        OmnibusError(
            .overflow,
            """
            The store of scheduled messages is full (\(self.limits.scheduledMessages) messages, \
            \(self.limits.scheduledBytes) bytes) and '\(message.topic)' got no room; schedule fewer, or raise \
            'scheduledMessages' or 'scheduledBytes' of the broker's limits.
            """,
            advice: .retry(after: nil)
        )
    }

    private func handle(_ id: UInt64, _ waiting: MessageScheduler.Waiting) -> ScheduledMessage {
        ScheduledMessage(
            id: waiting.message.id,
            topic: waiting.message.topic,
            due: waiting.due
        ) { () async throws(OmnibusError) in self.cancelScheduled(id) }
    }

    private func cancelScheduled(_ id: UInt64) -> Bool {
        let waiting = self.scheduler.cancel(id) { self.count($0.topic, CallCounts(published: 1, cancelled: 1)) }
        guard let waiting else { return false }
        waiting.window?.forget(DeduplicationKey(waiting.message))
        return true
    }

    /// The messages that wait for their time, the earliest first; O(n log n) in all that wait.
    package func scheduled(of pattern: TopicPattern) -> [ScheduledMessage] {
        self.scheduler.all.filter { pattern.matches($0.waiting.message.topic) }.map { self.handle($0.id, $0.waiting) }
    }

    /// Gives up on what waits for its time, of one owner or of all; returns how many messages that were.
    @discardableResult
    package func abandonScheduled(of owner: ObjectIdentifier?) -> Int {
        self.scheduler.cancelAll(of: owner) { self.count($0.topic, CallCounts(published: 1, cancelled: 1)) }.count
    }

    /// Delivers the messages whose time has come: route, position and time to live begin now.
    private func deliverDue() {
        self.scheduler.deliverDue { message in
            var message = message
            message.accept(at: self.environment.clock.now)
            let route = self.resolve(message.topic)
            // The topic may have been deleted, or the broker disconnected.
            guard route.refusal == nil else { return CallCounts(published: 1, refused: 1) }
            // Accepted before, so never refused: full queues take it beyond their bounds.
            _ = try? self.offer(message, route, .returned, expecting: nil)
            return CallCounts(published: 1)
        } count: { message, calls in
            self.count(message.topic, calls)
        }
    }
}
