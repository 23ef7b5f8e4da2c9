// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a bus does, while it does it: one ``Activity`` after the other.
///
/// The feed holds a bounded number of them. When the reader is too slow the oldest go, and the next one that is read
/// says in ``Activity/missed`` how many. The bus waits for nobody. It ends when the bus has been shut down, after what
/// is still there; dropping it, or leaving the loop and dropping it, stops the watching.
public struct ActivityFeed: AsyncSequence, Sendable {
    /// What the feed hands out.
    public typealias Element = Activity

    /// It never throws.
    public typealias Failure = Never

    private let holder: Holder

    init(_ buffer: ActivityBuffer, whenUnused: @escaping @Sendable () -> Void) {
        self.holder = Holder(buffer, whenUnused)
    }

    /// What the feed and its iterators hold. When it goes, nobody can read any more.
    fileprivate final class Holder: Sendable {
        let buffer: ActivityBuffer
        private let whenUnused: @Sendable () -> Void

        init(_ buffer: ActivityBuffer, _ whenUnused: @escaping @Sendable () -> Void) {
            self.buffer = buffer
            self.whenUnused = whenUnused
        }

        deinit {
            self.whenUnused()
        }
    }

    /// Makes an iterator; all of them share what happens.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(holder: self.holder)
    }

    /// Hands out what a bus does; iterators of one feed share it.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let holder: Holder

        /// Waits for the next activity; nil when the bus has been shut down, or the calling task is cancelled.
        public mutating func next() async -> Activity? {
            await self.next(isolation: #isolation)
        }

        /// Waits for the next activity, on the caller's actor.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> Activity? {
            await self.holder.buffer.next()
        }
    }
}

/// The newest activities that nobody has read yet.
final class ActivityBuffer: Sendable {
    private struct State {
        /// The newer ones, in order.
        var added: [Activity] = []
        /// The older ones, the oldest last, so that it is taken out at no cost.
        var oldest: [Activity] = []
        /// How many made room for newer ones since one was read.
        var missed = 0
        var isEnded = false
        var readers: [Pending<Bool>] = []

        var count: Int { self.added.count + self.oldest.count }

        /// Takes out the oldest one; amortised O(1).
        mutating func takeOldest() -> Activity? {
            if self.oldest.isEmpty {
                self.oldest = self.added.reversed()
                self.added = []
            }
            return self.oldest.popLast()
        }

        mutating func takeReaders() -> [Pending<Bool>] {
            defer { self.readers = [] }
            return self.readers
        }
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Adds an activity; the oldest one makes room for it.
    func add(_ activity: Activity) {
        let readers = self.state.withLock { state -> [Pending<Bool>] in
            guard !state.isEnded else { return [] }
            if state.count >= self.limit, state.takeOldest() != nil { state.missed += 1 }
            state.added.append(activity)
            return state.takeReaders()
        }
        for reader in readers { reader.resolve(true) }
    }

    /// Ends the feed; what is there can still be read.
    func end() {
        let readers = self.state.withLock { state in
            state.isEnded = true
            return state.takeReaders()
        }
        for reader in readers { reader.resolve(true) }
    }

    /// Waits for the oldest activity that is there; nil when there will be none, or the calling task is cancelled.
    func next() async -> Activity? {
        while true {
            let reader = Pending<Bool>()
            let (activity, isEnded) = self.state.withLock { state -> (Activity?, Bool) in
                if var oldest = state.takeOldest() {
                    oldest.missed = state.missed
                    state.missed = 0
                    return (oldest, false)
                }
                if !state.isEnded { state.readers.append(reader) }
                return (nil, state.isEnded)
            }
            if let activity { return activity }
            if isEnded { return nil }
            guard await reader.value(whenCancelled: false) else {
                self.state.withLock { state in state.readers.removeAll { $0 === reader } }
                return nil
            }
        }
    }
}
