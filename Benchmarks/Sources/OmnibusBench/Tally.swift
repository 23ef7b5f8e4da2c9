// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a handler has seen, and the moment at which that is everything.
///
/// Only one handler at a time may call `add`, so that counting costs what it costs in the other languages' programs:
/// two additions and a comparison.
final class Tally: Sendable {
    private let expected: Int
    private let handled = Atomic<Int>(0)
    private let sum = Atomic<Int>(0)
    private let finished = AsyncStream<Void>.makeStream()

    init(expected: Int) {
        self.expected = expected
    }

    /// Counts one message.
    func add(_ n: Int) {
        // Loads and stores rather than additions: there is one writer, and these compile to plain moves.
        let handled = self.handled.load(ordering: .relaxed) + 1
        self.handled.store(handled, ordering: .relaxed)
        self.sum.store(self.sum.load(ordering: .relaxed) &+ n, ordering: .relaxed)
        if handled == self.expected { self.finish() }
    }

    /// Out of line: inlined, the stream that it needs only once would be given a place at every call.
    @inline(never)
    private func finish() { self.finished.continuation.finish() }

    /// Waits until every message was counted, and checks that they were the numbers from 0.
    func wait() async throws {
        for await _ in self.finished.stream {}
        guard self.sum.load(ordering: .relaxed) == self.expected * (self.expected - 1) / 2 else {
            throw BenchmarkError("The handler did not see every message.")
        }
    }
}

/// The same for handlers that run at once.
final class SharedTally: Sendable {
    private let expected: Int
    private let handled = Atomic<Int>(0)
    private let sum = Atomic<Int>(0)
    private let finished = AsyncStream<Void>.makeStream()

    init(expected: Int) {
        self.expected = expected
    }

    /// Counts one message.
    func add(_ n: Int) {
        self.sum.wrappingAdd(n, ordering: .relaxed)
        if self.handled.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == self.expected { self.finish() }
    }

    @inline(never)
    private func finish() { self.finished.continuation.finish() }

    /// Waits until every message was counted, and checks that they were the numbers from 0.
    func wait() async throws {
        for await _ in self.finished.stream {}
        guard self.sum.load(ordering: .relaxed) == self.expected * (self.expected - 1) / 2 else {
            throw BenchmarkError("The handlers did not see every message.")
        }
    }
}

/// Why a figure would mean nothing.
struct BenchmarkError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
