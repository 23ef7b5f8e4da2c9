// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Where an entry of a queue was read.
package struct LogPlace: Sendable, Hashable {
    /// The place among the messages of all log topics.
    package let sequence: Int64
    /// How often the queue had gone on elsewhere when it was read.
    package let epoch: UInt32
    /// How many messages were removed unread just before.
    package let missed: Int
}

/// How a queue reads a history: what it has settled, and whether there is more.
///
/// A plain value in the queue's state. What is read is handed to the queue as entries, and comes back here when it is
/// settled or tried again.
package struct LaneReading: Sendable {
    package let source: any LaneSource
    /// Whether somebody goes on from here when the queue has ended.
    package let isNamed: Bool
    package private(set) var cursor: LogCursor
    /// How many messages may wait for their retry before no more is read.
    private let limit: Int
    private var epoch: UInt32 = 0
    private var hasMore = false
    /// Everything before is read.
    private var next: Int64 = 0
    /// Messages that were removed unread, and that no delivery has told of.
    private var missed = 0

    package init(
        _ source: any LaneSource,
        isNamed: Bool,
        resuming cursor: LogCursor,
        limit: Int
    ) {
        self.source = source
        self.isNamed = isNamed
        self.cursor = cursor
        self.limit = limit
    }

    /// Whether there is something to read, and it may be read now.
    package var canRead: Bool { self.hasMore && self.cursor.pendingCount < self.limit }

    /// Notes that a message was appended.
    package mutating func grown(to sequence: Int64) {
        // What was read by now may be announced late.
        if sequence >= self.next { self.hasMore = true }
    }

    /// What was read.
    package struct Taken: Sendable {
        /// What can be handed out.
        package var entries: [HeldEntry] = []
        /// What has to wait until its time.
        package var delayed: [(entry: HeldEntry, due: Duration)] = []
        /// How many messages were removed unread.
        package var missed = 0
        /// What was found to be too old, to be released when no lock is held.
        package var removed: [LogRecord] = []
    }

    /// Reads what comes next.
    package mutating func read(upTo count: Int, bytes: Int) -> Taken {
        let batch = self.source.read(upTo: count, bytes: bytes)
        self.hasMore = !batch.isAtEnd
        self.next = batch.next
        if !Mutation.isActive(.forgetGap) { self.missed += batch.missed }
        var taken = Taken(missed: batch.missed, removed: batch.removed)
        taken.entries.reserveCapacity(batch.records.count)
        for record in batch.records {
            self.cursor.read(record.sequence)
            taken.entries.append(self.entry(record))
        }
        return taken
    }

    /// Begins the reading: from now on the queue is told when there is more than it has read.
    package mutating func begin() {
        self.hasMore = self.source.begin()
    }

    /// Begins with what was left by the group's last queue: what it had read and not settled.
    package mutating func resume(now: Duration) -> Taken {
        var taken = Taken()
        var ready: [(record: LogRecord, pending: LogCursor.PendingRecord?)] = []
        var waiting: [(record: LogRecord, pending: LogCursor.PendingRecord)] = []
        for sequence in self.cursor.unsettled {
            if let record = self.source.record(at: sequence) {
                ready.append((record, nil))
            } else {
                self.cursor.settle(sequence)
                taken.missed += 1
            }
        }
        for pending in self.cursor.pending {
            if let record = self.source.record(at: pending.sequence) {
                if pending.due <= now { ready.append((record, pending)) } else { waiting.append((record, pending)) }
            } else {
                self.cursor.settle(pending.sequence)
                taken.missed += 1
            }
        }
        self.missed += taken.missed
        ready.sort { $0.record.sequence < $1.record.sequence }
        taken.entries = ready.map { self.entry($0.record, $0.pending) }
        taken.delayed = waiting.map { (self.entry($0.record, $0.pending), $0.pending.due) }
        return taken
    }

    private mutating func entry(_ record: LogRecord, _ pending: LogCursor.PendingRecord? = nil) -> HeldEntry {
        defer { self.missed = 0 }
        return HeldEntry(
            message: record.message,
            attempts: pending?.attempts ?? 0,
            failures: pending?.failures ?? [],
            position: record.position,
            log: LogPlace(sequence: record.sequence, epoch: self.epoch, missed: self.missed)
        )
    }

    /// Whether an entry was read before the queue went on elsewhere.
    package func isStale(_ place: LogPlace) -> Bool { place.epoch != self.epoch }

    /// Notes that an entry needs nothing more.
    package mutating func settled(_ place: LogPlace) {
        self.cursor.settle(place.sequence, isListed: !self.isStale(place))
    }

    /// Notes that an entry has failed and comes again.
    package mutating func postponed(_ entry: HeldEntry, due: Duration) {
        guard let place = entry.log else { return }
        self.cursor.postpone(
            LogCursor.PendingRecord(
                sequence: place.sequence,
                attempts: entry.attempts,
                failures: entry.failures,
                due: due
            ),
            isListed: !self.isStale(place)
        )
    }

    /// Goes on elsewhere: what was read and not begun is to be dropped by the queue.
    package mutating func seek(to start: StartPosition) -> [LogRecord] {
        let (hasMore, removed) = self.source.seek(to: start)
        self.cursor.reset()
        self.epoch &+= 1
        self.hasMore = hasMore
        self.next = 0
        self.missed = 0
        return removed
    }
}
