// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The answers to one request, in the order in which they came.
public struct Replies<Reply: Decodable & Sendable>: AsyncSequence, Sendable {
    /// What the sequence hands out: answers.
    public typealias Element = Reply

    /// The only error that the sequence throws.
    public typealias Failure = OmnibusError

    private let holder: Holder
    let codec: any PayloadCodec
    let topic: Topic

    init(queue: ReplyQueue, codec: any PayloadCodec, topic: Topic) {
        self.holder = Holder(queue: queue)
        self.codec = codec
        self.topic = topic
    }

    /// What the sequence and its iterators hold. When it goes, nobody can read an answer any more: the request ends,
    /// whose queue the inbox and its timer would keep until the timeout.
    private final class Holder: Sendable {
        let queue: ReplyQueue

        init(queue: ReplyQueue) {
            self.queue = queue
        }

        deinit {
            self.queue.end()
        }
    }

    var queue: ReplyQueue { self.holder.queue }

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
                throw EventBus.requestFailed(on: self.replies.topic, failure)
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
        /// Those who wait for a message, or for the end.
        var waiting: [Pending<Bool>] = []
        var whenEnded: (@Sendable () -> Void)?

        mutating func takeWaiting() -> [Pending<Bool>] {
            defer { self.waiting = [] }
            return self.waiting
        }
    }

    private let state: Mutex<State>

    init(limit: Int) {
        self.state = Mutex(State(remaining: limit))
    }

    deinit {
        self.end()
    }

    /// Sets what to do once no more answers are wanted; it is done before anybody learns that there are none.
    func whenEnded(_ action: @escaping @Sendable () -> Void) {
        let isEnded = self.state.withLock { state in
            let isEnded = state.isEnded || state.remaining == 0
            if !isEnded { state.whenEnded = action }
            return isEnded
        }
        if isEnded { action() }
    }

    func add(_ message: Message) {
        let (isLast, waiting) = self.state.withLock { state -> (Bool, [Pending<Bool>]) in
            guard !state.isEnded, state.remaining > 0 else { return (false, []) }
            state.remaining -= 1
            if state.remaining == 0 { return (true, []) }
            state.messages.append(message)
            return (false, state.takeWaiting())
        }
        for pending in waiting { pending.resolve(true) }
        // All others are there already: none of them comes behind the end.
        if isLast { self.end(with: message) }
    }

    /// Ends the waiting; what has come can still be taken.
    func end() { self.end(with: nil) }

    private func end(with last: Message?) {
        self.performWhenEnded()
        let waiting = self.state.withLock { state -> [Pending<Bool>] in
            if let last { state.messages.append(last) }
            state.isEnded = true
            return state.takeWaiting()
        }
        for pending in waiting { pending.resolve(true) }
    }

    private func performWhenEnded() {
        let action = self.state.withLock { state in
            defer { state.whenEnded = nil }
            return state.whenEnded
        }
        action?()
    }

    /// Waits for the next message; nil when there will be none, or the calling task is cancelled.
    func next() async -> Message? {
        while true {
            let (message, pending) = self.state.withLock { state -> (Message?, Pending<Bool>?) in
                if !state.messages.isEmpty { return (state.messages.removeFirst(), nil) }
                if state.isEnded { return (nil, nil) }
                let pending = Pending<Bool>()
                state.waiting.append(pending)
                return (nil, pending)
            }
            guard let pending else { return message }
            // Whoever waits is only told to look again: a message is never handed to somebody who has gone.
            guard await pending.value(whenCancelled: false) else { return nil }
        }
    }
}
