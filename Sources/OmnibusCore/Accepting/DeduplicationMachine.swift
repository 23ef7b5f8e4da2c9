// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What makes a message the same as another one.
package struct DeduplicationKey: Hashable, Sendable {
    private let topic: Topic
    private let source: ExactText?
    private let id: MessageID

    /// The identity of a message whose id and source are known.
    package init(_ message: Message) {
        self.topic = message.topic
        self.source = message.source.map(ExactText.init)
        self.id = message.id
    }
}

/// Decides which messages have been accepted before, within a window of time and count.
///
/// A plain value with no lock, task or clock. An id is reserved when its publish starts, and is either remembered with
/// the outcome, or given up; who comes meanwhile is told that it is in progress. What is forgotten is handed back, to be
/// released where no lock is held. Each call costs O(1), amortised.
package struct DeduplicationMachine<Outcome: Sendable>: Sendable {
    package enum Decision: Sendable {
        /// The message is new; the caller has reserved its id, under this number.
        case reserved(UInt64)
        /// Somebody is publishing it now, and waits for room if so marked.
        case inProgress(isWaiting: Bool)
        /// It was accepted.
        case known(Outcome)
    }

    private enum Entry: Sendable {
        case reserved(UInt64, isWaiting: Bool)
        case known(Outcome, number: UInt64)
    }

    private struct Memory: Sendable {
        var key: DeduplicationKey
        var number: UInt64
        var time: Duration
    }

    /// How much is remembered; a change counts from the next call on.
    package var window: DeduplicationWindow

    private var entries: [DeduplicationKey: Entry] = [:]
    /// What is remembered, the oldest first; what was forgotten since is skipped.
    private var memories: [Memory] = []
    private var first = 0
    private var lastNumber: UInt64 = 0
    /// How many accepted messages are remembered.
    package private(set) var count = 0

    package init(window: DeduplicationWindow) {
        self.window = window
    }

    /// Asks about a message whose publish starts.
    package mutating func begin(_ key: DeduplicationKey, now: Duration, _ forgotten: inout [Outcome]) -> Decision {
        self.forgetOld(now, &forgotten)
        switch self.entries[key] {
        case nil:
            self.lastNumber += 1
            self.entries[key] = .reserved(self.lastNumber, isWaiting: false)
            return .reserved(self.lastNumber)
        case .reserved(_, let isWaiting):
            return .inProgress(isWaiting: isWaiting)
        case .known(let outcome, _):
            return .known(outcome)
        }
    }

    /// Marks a reservation as one whose publisher waits for room.
    package mutating func wait(_ key: DeduplicationKey, _ number: UInt64) {
        guard self.isReserved(key, number) else { return }
        self.entries[key] = .reserved(number, isWaiting: true)
    }

    /// Remembers a message that was reserved.
    package mutating func accept(
        _ key: DeduplicationKey,
        _ number: UInt64,
        _ outcome: Outcome,
        now: Duration,
        _ forgotten: inout [Outcome]
    ) {
        guard self.isReserved(key, number) else { return }
        if Mutation.isActive(.forgetAccepted) { return self.giveUp(key, number) }
        self.entries[key] = .known(outcome, number: number)
        self.memories.append(Memory(key: key, number: number, time: now))
        self.count += 1
        self.forgetOld(now, &forgotten)
    }

    /// Remembers another outcome of a message that was accepted.
    package mutating func replace(_ key: DeduplicationKey, by outcome: Outcome, _ forgotten: inout [Outcome]) {
        guard case .known(let old, let number) = self.entries[key] else { return }
        forgotten.append(old)
        self.entries[key] = .known(outcome, number: number)
    }

    /// Gives up a reservation.
    package mutating func giveUp(_ key: DeduplicationKey, _ number: UInt64) {
        if self.isReserved(key, number) { self.entries[key] = nil }
    }

    private func isReserved(_ key: DeduplicationKey, _ number: UInt64) -> Bool {
        guard case .reserved(number, _) = self.entries[key] else { return false }
        return true
    }

    /// Forgets a message, whether it was accepted or is reserved.
    package mutating func forget(_ key: DeduplicationKey, _ forgotten: inout [Outcome]) {
        if case .known(let outcome, _) = self.entries.removeValue(forKey: key) {
            self.count -= 1
            forgotten.append(outcome)
        }
        // What is forgotten by name usually is young: without this, it would pile up until it is old.
        if self.memories.count > 64, self.memories.count > 4 * (self.count + self.first) { self.compact() }
    }

    private mutating func forgetOld(_ now: Duration, _ forgotten: inout [Outcome]) {
        while self.first < self.memories.count {
            let oldest = self.memories[self.first]
            guard self.isRemembered(oldest) else {
                self.first += 1
                continue
            }
            guard self.count > self.window.count || now - oldest.time >= self.window.time else { break }
            if case .known(let outcome, _) = self.entries.removeValue(forKey: oldest.key) { forgotten.append(outcome) }
            self.count -= 1
            self.first += 1
        }
        if self.first > 64, 2 * self.first > self.memories.count { self.compact() }
    }

    private func isRemembered(_ memory: Memory) -> Bool {
        guard case .known(_, let number) = self.entries[memory.key] else { return false }
        return number == memory.number
    }

    private mutating func compact() {
        self.memories = self.memories[self.first...].filter { self.isRemembered($0) }
        self.first = 0
    }
}
