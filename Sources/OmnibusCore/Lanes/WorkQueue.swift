// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Synchronization

/// What a worker of several has taken ahead and not begun; those of the others that have nothing to do steal from it.
///
/// Design note: a worker that takes one entry at a time takes the queue's lock for each, against the publisher and all
/// other workers. One that takes many makes them wait for its handler. So what it has taken ahead stays within reach of
/// the others: its own lock, which nobody else wants as long as everybody has something to do, costs a tenth of that.
/// Locks are taken in this order: the queue's, then that of one work queue.
package final class WorkQueue: Sendable {
    private struct State: Sendable {
        let entries: EntryBuffer
        /// What the worker has done since its queue was told.
        var progress = WorkerProgress()
    }

    private let state: Mutex<State>

    init(layout: PayloadLayout) {
        self.state = Mutex(State(entries: EntryBuffer(layout: layout)))
    }

    /// Adds what was taken for the worker; the queue's lock is held.
    func add(upTo count: Int, from source: EntryBuffer) {
        self.state.withLock { source.move(upTo: count, to: $0.entries) }
    }

    /// Moves the first entry to the worker, which begins it; returns false where there is none.
    ///
    /// - Parameter completed: how many the worker has handled since the last call that has returned true.
    @inline(__always)
    func pop(into buffer: EntryBuffer, completed: Int) -> Bool {
        self.state.withLock { state in
            guard !state.entries.isEmpty else { return false }
            state.progress.completed += completed
            state.progress.begin((1, Int(state.entries.first.pointee.size)))
            state.entries.move(upTo: 1, to: buffer)
            return true
        }
    }

    /// Moves half of the entries, the oldest ones, to another worker; the queue's lock is held.
    func giveHalf(to stolen: EntryBuffer) {
        self.state.withLock { $0.entries.move(upTo: ($0.entries.count + 1) / 2, to: stolen) }
    }

    /// Moves all entries to the end of what the worker holds; returns how many, and what they count in bytes.
    func giveAll(to buffer: EntryBuffer) -> (count: Int, bytes: Int) {
        self.state.withLock { state in
            let (count, bytes) = (state.entries.count, state.entries.bytes)
            state.entries.move(upTo: count, to: buffer)
            return (count, bytes)
        }
    }

    /// What the worker has done since this was asked the last time, as far as it has gone on to another entry.
    func takeProgress() -> WorkerProgress {
        self.state.withLock { state in
            defer { state.progress = WorkerProgress() }
            return state.progress
        }
    }

    /// When the oldest of the entries was accepted.
    var oldest: Timestamp? { self.state.withLock { $0.entries.acceptedAt(0) } }
}
