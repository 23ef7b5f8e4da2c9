// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Decides which of many things are told apart: the first so many that come, while they are there.
///
/// Whoever was not told apart at first never is, so that no count ever moves from the others to an entry of its own:
/// the counts of both only grow.
struct SeriesTable<Key: Hashable & Sendable>: Sendable {
    private struct Entry: Sendable {
        /// Where it records, once somebody does.
        var recorder: LatencyRecorder?
        /// How many record there now.
        var users = 0
    }

    private let limit: Int
    private var named: [Key: Entry] = [:]
    /// Who is not told apart, and how many of each record now.
    private var refused: [Key: Int] = [:]
    /// Where all others record.
    let other = LatencyRecorder()

    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// Whether something is told apart, now and from now on.
    mutating func isNamed(_ key: Key) -> Bool {
        if self.named[key] != nil { return true }
        if self.refused[key] != nil { return false }
        guard self.named.count < self.limit else {
            self.refused[key] = 0
            return false
        }
        self.named[key] = Entry()
        return true
    }

    /// The same, where nothing ever leaves: nobody needs to be remembered who came too late.
    mutating func isNamedForGood(_ key: Key) -> Bool {
        if self.named[key] != nil { return true }
        guard self.named.count < self.limit else { return false }
        self.named[key] = Entry()
        return true
    }

    /// Where something records that is never taken out.
    mutating func recorder(for key: Key) -> LatencyRecorder {
        guard self.isNamedForGood(key) else { return self.other }
        if let recorder = self.named[key]?.recorder { return recorder }
        let recorder = LatencyRecorder()
        self.named[key]?.recorder = recorder
        return recorder
    }

    /// Where something records, until as many calls of ``end(_:)``.
    mutating func begin(_ key: Key) -> LatencyRecorder {
        guard self.isNamed(key) else {
            self.refused[key, default: 0] += 1
            return self.other
        }
        let recorder = self.named[key]?.recorder ?? LatencyRecorder()
        self.named[key]?.recorder = recorder
        self.named[key]?.users += 1
        return recorder
    }

    /// Ends one who records; with the last one, the others take over what was recorded.
    mutating func end(_ key: Key) {
        if let users = self.refused[key] {
            self.refused[key] = users > 1 ? users - 1 : nil
            return
        }
        guard let entry = self.named[key] else { return }
        guard entry.users <= 1 else {
            self.named[key]?.users -= 1
            return
        }
        if let recorder = entry.recorder { self.other.add(recorder.metrics) }
        self.named[key] = nil
    }

    /// Forgets those that are gone, and that nobody records for.
    mutating func keep(_ live: Set<Key>) {
        self.named = self.named.filter { $0.value.users > 0 || live.contains($0.key) }
        self.refused = self.refused.filter { $0.value > 0 || live.contains($0.key) }
    }

    /// Those that are told apart.
    var keys: [Key] { Array(self.named.keys) }

    /// What was recorded for something that is told apart.
    func metrics(of key: Key) -> LatencyMetrics { self.named[key]?.recorder?.metrics ?? LatencyMetrics() }
}
