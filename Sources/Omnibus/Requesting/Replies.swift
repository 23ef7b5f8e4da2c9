// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The answers to one request, in the order in which they came.
public struct Replies<Reply: Decodable & Sendable>: AsyncSequence, Sendable {
    /// What the sequence hands out: answers.
    public typealias Element = Reply

    /// The only error that the sequence throws.
    public typealias Failure = OmnibusError

    let queue: ReplyQueue
    let codec: any PayloadCodec
    let topic: Topic

    /// Makes an iterator; all of them share the answers.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(replies: self)
    }

    /// Hands out the answers; they are shared by all iterators of one sequence.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let replies: Replies

        /// Waits for the next answer; nil when there will be none, or the calling task is cancelled.
        ///
        /// - Throws: ``OmnibusError`` with the code `requestFailed` or `undecodable`; the next call goes on.
        public mutating func next() async throws(OmnibusError) -> Reply? {
            try await self.next(isolation: #isolation)
        }

        /// Waits for the next answer, on the caller's actor.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(OmnibusError) -> Reply? {
            guard let message = await self.replies.queue.next() else { return nil }
            if case .text(let failure)? = message.headers[EventBus.failureHeader] {
                throw OmnibusError(
                    .requestFailed,
                    "The responder on '\(self.replies.topic)' has failed: \(failure)"
                )
            }
            return try message.payload.decode(as: Reply.self, codec: self.replies.codec)
        }
    }
}

/// The answers that have come and were not asked for yet.
final class ReplyQueue: Sendable {
    private struct State {
        var messages: [Message] = []
        var remaining: Int
        var isEnded = false
        var waiter: Pending<Message?>?
        var whenEnded: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>

    init(limit: Int) {
        self.state = Mutex(State(remaining: limit))
    }

    deinit {
        self.end()
    }

    /// Sets what to do once no more answers are wanted.
    func whenEnded(_ action: @escaping @Sendable () -> Void) {
        let isEnded = self.state.withLock { state in
            if !state.isEnded { state.whenEnded = action }
            return state.isEnded
        }
        if isEnded { action() }
    }

    func add(_ message: Message) {
        let (waiter, action) = self.state.withLock { state -> (Pending<Message?>?, (@Sendable () -> Void)?) in
            guard !state.isEnded else { return (nil, nil) }
            state.remaining -= 1
            var action: (@Sendable () -> Void)?
            if state.remaining == 0 {
                state.isEnded = true
                action = state.whenEnded
                state.whenEnded = nil
            }
            guard let waiter = state.waiter else {
                state.messages.append(message)
                return (nil, action)
            }
            state.waiter = nil
            return (waiter, action)
        }
        waiter?.resolve(message)
        action?()
    }

    /// Ends the waiting; what has come can still be taken.
    func end() {
        let (waiter, action) = self.state.withLock { state -> (Pending<Message?>?, (@Sendable () -> Void)?) in
            state.isEnded = true
            defer {
                state.waiter = nil
                state.whenEnded = nil
            }
            return (state.waiter, state.whenEnded)
        }
        waiter?.resolve(nil)
        action?()
    }

    func next() async -> Message? {
        let pending = self.state.withLock { state -> Pending<Message?> in
            let pending = Pending<Message?>()
            if !state.messages.isEmpty {
                pending.resolve(state.messages.removeFirst())
            } else if state.isEnded {
                pending.resolve(nil)
            } else {
                state.waiter = pending
            }
            return pending
        }
        return await pending.value(whenCancelled: nil)
    }
}
