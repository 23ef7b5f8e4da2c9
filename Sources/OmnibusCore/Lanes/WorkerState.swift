// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a worker keeps between batches.
package struct WorkerState: ~Copyable {
    /// How many entries a worker that is alone takes at once: with more, they are cold when their turn comes.
    private static let aloneBatch = 256

    let lane: Lane
    package let buffer: EntryBuffer
    /// Entries that were handled and are not acknowledged yet.
    private(set) var completed = 0
    /// The key that the last of them held.
    private var release: KeyRelease?
    /// How many entries to take at once: one where others take too, because what a worker has taken waits for it alone.
    private let batch: Int
    /// How many handled entries are acknowledged together.
    private let reportInterval: Int
    private let isAlone: Bool
    private var attention: Int
    private var batchCount = 0

    package init(lane: Lane, isAlone: Bool) {
        self.lane = lane
        self.buffer = EntryBuffer(layout: lane.layout)
        let isAlone =
            isAlone && !lane.settings.hasGates && lane.settings.ordering != .strict
            && !lane.looksAtMessages
        self.isAlone = isAlone
        self.reportInterval = max(1, min(64, lane.settings.bounds.count / 16))
        self.batch = isAlone ? max(1, min(Self.aloneBatch, lane.settings.bounds.count / 4)) : 1
        self.attention = lane.attention.load(ordering: .acquiring)
    }

    /// Waits for the next batch; returns false when there will be none.
    package mutating func next(_ member: SubscriptionID) async -> Bool {
        // A short batch means that this worker keeps up. Letting others run first makes the next one longer, and keeps
        // the queue's memory with the publisher meanwhile.
        if self.isAlone, self.batchCount < 32 { await Task.yield() }
        let (completed, release) = self.takeCompleted()
        let isTaken = await self.lane.next(
            self.buffer,
            upTo: self.batch,
            completed: completed,
            release: release,
            for: member,
            isAlone: self.isAlone
        )
        self.batchCount = self.buffer.count
        return isTaken
    }

    /// Counts an entry that was handled.
    @inline(__always)
    mutating func complete(_ header: borrowing EntryHeader) {
        self.completed += 1
        if header.flags.holdsKey { return self.complete(header.flags.hold, header.key) }
        if self.completed >= self.reportInterval, self.isAlone { self.report() }
    }

    /// Lets go of the key that an entry held; at once where other entries are at hand that may wait for it.
    private mutating func complete(_ hold: KeyHold, _ key: String?) {
        self.release = key.map { KeyRelease(key: $0, hold: hold) }
        if self.isAlone { self.report() }
    }

    private mutating func report() {
        let (completed, release) = self.takeCompleted()
        self.lane.report(
            completed: completed,
            release: release,
            remaining: max(0, self.buffer.count - 1),
            bytes: self.buffer.bytes,
            // The first is begun now.
            oldest: self.buffer.acceptedAt(1)
        )
    }

    private mutating func takeCompleted() -> (Int, KeyRelease?) {
        defer {
            self.completed = 0
            self.release = nil
        }
        return (self.completed, self.release)
    }

    /// Whether something has happened that the worker has to look at before it goes on.
    @inline(__always)
    var needsAttention: Bool { self.lane.attention.load(ordering: .acquiring) != self.attention }

    /// Whether the rest of the batch has to go back: something urgent has come, or the subscription changes.
    package var mustGiveBack: Bool {
        mutating get {
            let attention = self.lane.attention.load(ordering: .acquiring)
            guard attention != self.attention else { return false }
            self.attention = attention
            let (completed, release) = self.takeCompleted()
            self.lane.giveBack(self.buffer, completed: completed, release: release)
            return true
        }
    }
}
