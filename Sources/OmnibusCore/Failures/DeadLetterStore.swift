// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The messages that were given up on, the oldest first, in bounded memory: protects a ``DeadLetterLog``.
///
/// When it is full, the oldest ones make room, are counted as evicted, and are handed to whoever adds the newest.
package final class DeadLetterStore: Sendable {
    package let limit: Int
    package let byteLimit: Int
    private let log: Mutex<DeadLetterLog>

    /// How many letters are looked at under one lock: whoever adds one waits no longer than that takes.
    private static let runLength = 256

    /// Creates a store; bounds below 1 count as 1.
    package init(limit: Int, byteLimit: Int) {
        self.limit = limit
        self.byteLimit = byteLimit
        self.log = Mutex(DeadLetterLog(limit: limit, byteLimit: byteLimit))
    }

    /// How many letters had to make room for newer ones.
    package var evicted: Int { self.log.withLock { $0.evicted } }

    package var count: Int { self.log.withLock { $0.count } }

    /// What the letters count against the bound in bytes.
    package var bytes: Int { self.log.withLock { $0.bytes } }

    /// Keeps a letter, and returns those that had to make room for it, the oldest first.
    package func add(_ letter: DeadLetter) -> [DeadLetter] {
        // The size may be what the user's event says, so it is not asked for under the lock.
        let size = letter.estimatedSize
        return self.log.withLock { $0.append(letter, size: size) }
    }

    package func letter(_ id: MessageID) -> DeadLetter? {
        self.log.withLock { $0.letter(id) }
    }

    /// Takes a letter out; nil when there is none, or somebody else was first.
    package func take(_ id: MessageID) -> DeadLetterLog.Kept? {
        self.log.withLock { $0.take(id) }
    }

    /// Puts back a letter that was taken and could not be redriven.
    package func putBack(_ kept: DeadLetterLog.Kept) {
        self.log.withLock { $0.putBack(kept) }
    }

    /// The letters that a filter is true for, from a cursor on.
    package func page(
        where filter: DeadLetterFilter,
        after cursor: DeadLetterPage.Cursor?,
        limit: Int
    ) throws(OmnibusError) -> DeadLetterPage {
        var scan = try DeadLetterScan(filter, after: cursor, limit: limit)
        while scan.add(self.run(after: scan.position)) {}
        return scan.page
    }

    /// Calls an action for every letter that a filter is true for, with no lock held.
    package func forEach(where filter: DeadLetterFilter, _ action: (DeadLetter) -> Void) {
        var position: UInt64 = 0
        while true {
            let run = self.run(after: position)
            guard let last = run.last else { return }
            position = last.number
            for kept in run where filter.matches(kept.letter) { action(kept.letter) }
        }
    }

    private func run(after number: UInt64) -> [DeadLetterLog.Kept] {
        self.log.withLock { $0.letters(after: number, upTo: Self.runLength) }
    }
}
