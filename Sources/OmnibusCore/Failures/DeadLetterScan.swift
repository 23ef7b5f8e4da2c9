// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Collects one page of the letters that a filter is true for, from runs of letters as they come.
package struct DeadLetterScan: Sendable {
    private let filter: DeadLetterFilter
    private let limit: Int
    private var letters: [DeadLetter] = []
    private var lastNumber: UInt64
    private var hasMore = false
    /// Up to where letters have been looked at.
    package private(set) var position: UInt64

    /// Creates a scan from a cursor, or from the oldest letter.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for a cursor that is none, or a page without room.
    package init(_ filter: DeadLetterFilter, after cursor: DeadLetterPage.Cursor?, limit: Int) throws(OmnibusError) {
        guard limit >= 1 else {
            throw OmnibusError(.invalidSettings, "'limit' is \(limit); a page of dead letters has room for at least 1.")
        }
        let start = try cursor?.number ?? 0
        self.filter = filter
        self.limit = limit
        self.lastNumber = start
        self.position = start
    }

    /// Takes the letters that follow; returns whether it wants more.
    package mutating func add(_ run: [DeadLetterLog.Kept]) -> Bool {
        for kept in run {
            self.position = kept.number
            guard self.filter.matches(kept.letter) else { continue }
            // One more than the page holds is looked for: a cursor is only handed out where it leads somewhere.
            guard self.letters.count < self.limit else {
                self.hasMore = true
                return false
            }
            self.letters.append(kept.letter)
            self.lastNumber = kept.number
        }
        return !run.isEmpty
    }

    /// The page, as far as it has come.
    package var page: DeadLetterPage {
        DeadLetterPage(
            letters: self.letters,
            next: self.hasMore ? DeadLetterPage.Cursor(after: self.lastNumber) : nil
        )
    }
}
