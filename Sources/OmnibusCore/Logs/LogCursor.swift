// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a reader of a log has settled of what it has read.
///
/// It lists what is read and not settled, in order: all before the first of them is settled, and so is what lies
/// between them. A message that waits for its retry is a pending record, and the cursor passes it.
///
/// Design note: the positions that are listed are the unsettled ones, because the settled ones would not make
/// intervals: sequence numbers of topics that the reader does not read lie between them.
package struct LogCursor: Sendable {
    /// A message that has been tried and comes again.
    package struct PendingRecord: Sendable, Equatable {
        package var sequence: Int64
        /// How many attempts have been made.
        package var attempts: Int
        /// The attempts that failed by throwing.
        package var failures: [FailedAttempt]
        /// When it comes again, by the clock that never goes back.
        package var due: Duration

        package init(sequence: Int64, attempts: Int, failures: [FailedAttempt] = [], due: Duration) {
            self.sequence = sequence
            self.attempts = attempts
            self.failures = failures
            self.due = due
        }
    }

    private struct Place: Sendable {
        var sequence: Int64
        var isSettled = false
    }

    private var places = LogQueue<Place>()
    private var settledPlaces = 0
    private var records: [Int64: PendingRecord] = [:]

    package init() {}

    /// How many messages have been read and neither settled nor postponed.
    package var unsettledCount: Int { self.places.count - self.settledPlaces }
    /// How many messages the list has, settled ones between others included.
    var listedCount: Int { self.places.count }
    /// How many messages wait for a retry, or are being tried again.
    package var pendingCount: Int { self.records.count }
    /// The first message that is neither settled nor postponed; nil when there is none.
    package var firstUnsettled: Int64? { self.places.first?.sequence }
    /// The messages that have been read and neither settled nor postponed, in order.
    package var unsettled: [Int64] {
        (0..<self.places.count).compactMap { index in
            self.places[index].flatMap { $0.isSettled ? nil : $0.sequence }
        }
    }
    /// The messages that come again, the earliest first.
    package var pending: [PendingRecord] {
        self.records.values.sorted { ($0.due, $0.sequence) < ($1.due, $1.sequence) }
    }

    /// Notes that a message was read; each one lies after those before.
    package mutating func read(_ sequence: Int64) {
        self.places.append(Place(sequence: sequence))
    }

    /// Notes that a message needs nothing more; one that is not known is left alone.
    ///
    /// - Parameter isListed: false for one that was read before the list was reset, and may have been read again.
    package mutating func settle(_ sequence: Int64, isListed: Bool = true) {
        if self.records.removeValue(forKey: sequence) == nil, isListed { self.pass(sequence) }
    }

    /// Notes that a message comes again.
    ///
    /// - Parameter isListed: false for one that was read before the list was reset, and may have been read again.
    package mutating func postpone(_ record: PendingRecord, isListed: Bool = true) {
        if self.records.updateValue(record, forKey: record.sequence) == nil, isListed { self.pass(record.sequence) }
    }

    /// Forgets what was read and not postponed.
    package mutating func reset() {
        self.places = LogQueue()
        self.settledPlaces = 0
    }

    private mutating func pass(_ sequence: Int64) {
        let index = self.places.firstIndex { $0.sequence >= sequence }
        guard let place = self.places[index], place.sequence == sequence, !place.isSettled else { return }
        self.places[index] = Place(sequence: sequence, isSettled: true)
        self.settledPlaces += 1
        while self.places.first?.isSettled == true {
            _ = self.places.removeFirst()
            self.settledPlaces -= 1
        }
        // One that is never settled must not keep the list of all that came after it.
        if self.settledPlaces > 64, self.settledPlaces > self.places.count / 2 {
            self.places.keep { !$0.isSettled }
            self.settledPlaces = 0
        }
    }
}
