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
    public func observe<E: Event>(
        _ type: E.Type,
        file: String = #fileID,
        line: Int = #line,
        _ see: @escaping @Sendable (E) -> Void
    ) throws -> Subscription {
        let codec = self.settings.codec
        let pattern = TopicPattern(E.topic)
        let seeMessage = self.decompressing { message in
            // What is published on the topic and is no such event is none of this function's business.
            if let event = try? message.payload.decode(as: E.self, codec: codec) { see(event) }
        }
        let id = try self.inline("observe").observe(pattern, values: ValueObserver(see), seeMessage)
        return self.inline(id, pattern, .observer, CallSite(file: file, line: line))
    }

    /// Has a function look at messages while they are published, on the publisher's own thread.
    ///
    /// - Throws: as for events.
    @discardableResult
    public func observe(
        _ pattern: TopicPattern,
        file: String = #fileID,
        line: Int = #line,
        _ see: @escaping @Sendable (Message) -> Void
    ) throws -> Subscription {
        let id = try self.inline("observe").observe(pattern, self.decompressing(see))
        return self.inline(id, pattern, .observer, CallSite(file: file, line: line))
    }

    /// Has a function see every message of a pattern that is accepted, without counting as somebody who listens.
    ///
    /// It is called in the thread of the publisher once the first queue has the message, or once it is known that
    /// nobody listens; not for repetitions, nor for what is refused. A message that waits for its time is seen when it
    /// is due. `matched` and the count of unrouted calls are as without it. It must be short and must not block. Topics
    /// of the system are seen where the pattern writes out their first word, as in `omnibus.#`.
    ///
    /// - Returns: a handle whose `cancel()` ends it; the bus's end does too.
    /// - Throws: ``OmnibusError`` with the code `busClosed`, or `unsupported` on providers other than in memory.
    @discardableResult
    public func tap(
        _ pattern: TopicPattern = "#",
        file: String = #fileID,
        line: Int = #line,
        _ see: @escaping @Sendable (Message) -> Void
    ) throws -> Subscription {
        let id = try self.inline("tap").tap(pattern, self.decompressing(see))
        return self.inline(id, pattern, .tap, CallSite(file: file, line: line))
    }

    /// Without codecs there is nothing to try, and the function sees messages as they travel.
    private func decompressing(_ see: @escaping @Sendable (Message) -> Void) -> @Sendable (Message) -> Void {
        let compression = self.settings.compression
        if compression.codecs.isEmpty { return see }
        return { see(compression.decompress($0)) }
    }

    private func inline(
        _ id: SubscriptionID,
        _ pattern: TopicPattern,
        _ kind: SubscriptionKind,
        _ callSite: CallSite
    ) -> Subscription {
        let handle = Subscription(id: id, pattern: pattern, group: nil, control: self.control)
        self.subscriptions.add(SubscriptionTable.Record(inline: handle, kind, callSite: callSite))
        return handle
    }

    /// The in-memory broker, where functions can be called while a message is published.
    private func inline(_ call: String) throws(OmnibusError) -> BrokerCore {
        guard self.phase.load(ordering: .acquiring) == .open else { throw self.closedError(call) }
        guard let memory = self.memory else {
            throw OmnibusError(
                .unsupported,
                """
                The provider '\(self.provider.capabilities.provider)' does not support '\(call)', because messages \
                pass through another process; subscribe instead.
                """,
                details: call
            )
        }
        return memory
    }
}
