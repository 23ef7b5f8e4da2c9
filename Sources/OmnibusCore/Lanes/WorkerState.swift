// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a worker keeps between batches.
package struct WorkerState: ~Copyable {
    /// How many entries a worker that is alone takes at once: with more, they are cold when their turn comes.
    private static let aloneBatch = 4_096

    let lane: Lane
    package let buffer: EntryBuffer
    /// What a worker of several has taken ahead; nil for one that is alone, or must not.
    private let ahead: WorkQueue?
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

    /// - Parameters:
    ///   - isAlone: whether nobody else takes from the queue.
    ///   - takesAhead: whether it may take more than it begins.
    package init(lane: Lane, isAlone: Bool, takesAhead: Bool) {
        self.lane = lane
        self.buffer = EntryBuffer(layout: lane.layout)
        let takesAhead =
            takesAhead && !lane.settings.hasGates && lane.settings.ordering != .strict && !lane.looksAtMessages
        self.isAlone = isAlone && takesAhead
        let isShared = !isAlone && takesAhead && lane.settings.predicate == nil
        self.ahead = isShared ? lane.makeWorkQueue() : nil
        self.reportInterval = max(1, min(64, lane.settings.bounds.count / 16))
        self.batch = self.isAlone ? max(1, min(Self.aloneBatch, lane.settings.bounds.count)) : 1
        self.attention = lane.attention.load(ordering: .acquiring)
    }

    deinit {
        if let ahead = self.ahead { self.lane.remove(ahead) }
    }

    /// How often a worker looks again, after letting others run, before it falls asleep.
    ///
    /// Waking it up costs the publisher as much as publishing ten messages; a worker that keeps up would be put to
    /// sleep and woken for nearly every message. Looking again costs the worker less than a microsecond.
    private static let looksBeforeSleep = 8

    /// Waits for the next batch; returns false when there will be none.
    ///
    /// Design note: here is where a task waits that has nothing to do, and all that it holds meanwhile is its memory. So
    /// whatever does not wait is a call of its own.
    package mutating func next(_ member: SubscriptionID) async -> Bool {
        if self.refill() { return true }
        // A short batch means that this worker keeps up. Letting others run first makes the next one longer, and keeps
        // the queue's memory with the publisher meanwhile.
        if self.isAlone, self.batchCount < 32 { await Task.yield() }
        var looks = 0
        var wasWoken = false
        while true {
            if let isTaken = self.take(member, wasWoken: wasWoken) { return isTaken }
            if looks < Self.looksBeforeSleep {
                looks += 1
                await Task.yield()
            } else {
                self.buffer.trim()
                await self.lane.sleep(for: member)
                wasWoken = true
            }
        }
    }

    /// Takes the next batch without waiting; returns nil where there is nothing now, and false where there will be
    /// nothing.
    @inline(never)
    private mutating func take(_ member: SubscriptionID, wasWoken: Bool) -> Bool? {
        let isTaken = self.lane.take(
            self.buffer,
            upTo: self.batch,
            self.takeProgress(),
            for: member,
            isAlone: self.isAlone,
            ahead: self.ahead,
            wasWoken: wasWoken
        )
        self.batchCount = self.buffer.count
        return isTaken
    }

    /// Goes on with what was taken ahead; returns false where there is nothing.
    @inline(__always)
    mutating func refill() -> Bool {
        guard let ahead = self.ahead, ahead.pop(into: self.buffer, completed: self.completed) else { return false }
        self.completed = 0
        return true
    }

    /// Counts an entry that was handled.
    @inline(__always)
    mutating func complete() {
        self.completed += 1
        if self.completed >= self.reportInterval, self.isAlone { self.report() }
    }

    /// Counts an entry that was handled, and lets go of the key that it held; at once where other entries are at hand
    /// that may wait for it.
    mutating func complete(_ hold: KeyHold, _ key: String?) {
        self.completed += 1
        self.release = key.map { KeyRelease(key: $0, hold: hold) }
        if self.isAlone || self.ahead != nil { self.report() }
    }

    private mutating func report() {
        var progress = self.takeProgress()
        if self.isAlone {
            progress.ahead = .remaining(
                max(0, self.buffer.count - 1),
                bytes: self.buffer.bytes,
                // The first is begun now.
                oldest: self.buffer.acceptedAt(1)
            )
        }
        self.lane.report(progress)
    }

    /// What has been done since this was asked the last time; a worker alone has nothing left.
    private mutating func takeProgress() -> WorkerProgress {
        var progress = self.ahead?.takeProgress() ?? WorkerProgress()
        progress.completed += self.completed
        progress.release = self.release
        if self.isAlone { progress.ahead = .remaining(0, bytes: 0, oldest: nil) }
        self.completed = 0
        self.release = nil
        return progress
    }

    /// Whether something has happened that the worker has to look at before it goes on.
    @inline(__always)
    var needsAttention: Bool { self.lane.attention.load(ordering: .acquiring) != self.attention }

    /// Whether the rest of the batch has to go back: something urgent has come, or the subscription changes.
    package var mustGiveBack: Bool {
        mutating get {
            guard self.needsAttention else { return false }
            self.giveBack()
            return true
        }
    }

    @inline(never)
    private mutating func giveBack() {
        self.attention = self.lane.attention.load(ordering: .acquiring)
        var progress = self.takeProgress()
        if let ahead = self.ahead { progress.begin(ahead.giveAll(to: self.buffer)) }
        self.lane.giveBack(self.buffer, progress)
    }
}
