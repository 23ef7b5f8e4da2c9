// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension EventBus {
    /// Has a function look at events of a type while they are published, on the publisher's own thread.
    ///
    /// There is no queue: the publish call returns when the function has. It must be short, must not block, and sees
    /// what was published even if a queue is full. For everything else, subscribe.
    ///
    /// - Throws: ``OmnibusError`` with the code `busClosed`, or `unsupported` on providers other than in memory.
    @discardableResult
    public func observe<E: Event>(_ type: E.Type, _ see: @escaping @Sendable (E) -> Void) throws -> Subscription {
        let codec = self.settings.codec
        return try self.observe(TopicPattern(E.topic)) { (message: Message) in
            // What is published on the topic and is no such event is none of this function's business.
            if let event = try? message.payload.decode(as: E.self, codec: codec) { see(event) }
        }
    }

    /// Has a function look at messages while they are published, on the publisher's own thread.
    ///
    /// - Throws: as for events.
    @discardableResult
    public func observe(_ pattern: TopicPattern, _ see: @escaping @Sendable (Message) -> Void) throws -> Subscription {
        guard self.phase.load(ordering: .acquiring) == .open else { throw self.closedError("observe") }
        guard let memory = self.memory else {
            throw OmnibusError(
                .unsupported,
                """
                The provider '\(self.provider.capabilities.provider)' does not support 'observe', because messages \
                pass through another process; subscribe instead.
                """,
                details: "observe"
            )
        }
        let id = try memory.observe(pattern, see)
        let handle = Subscription(id: id, pattern: pattern, group: nil, control: self.control)
        self.subscriptions.add(SubscriptionTable.Record(subscription: handle))
        return handle
    }
}
