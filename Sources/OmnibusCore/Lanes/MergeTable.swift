// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Where in a queue the last message of each coalescing key waits, and which of them are being merged.
struct MergeTable: Sendable {
    struct Place: Sendable {
        var priority: Priority
        /// The entry's number in its buffer, counted from the first one that was ever stored.
        var number: Int
    }

    private var places: [String: Place] = [:]
    /// What has come for an entry while it was being merged.
    private var busy: [String: [Message]] = [:]

    subscript(key: String) -> Place? { self.places[key] }

    func isBusy(_ key: String) -> Bool { self.busy[key] != nil }

    /// Notes where the last message of a key has been stored.
    mutating func store(_ key: String, at place: Place) {
        self.places[key] = place
    }

    /// How many places are known, those included that messages have left.
    var count: Int { self.places.count }

    /// Forgets the places that messages have left.
    mutating func purge(_ isValid: (Place) -> Bool) {
        self.places = self.places.filter { isValid($0.value) }
    }

    mutating func begin(_ key: String) {
        self.busy[key] = []
    }

    mutating func wait(_ key: String, _ message: Message) {
        self.busy[key]?.append(message)
    }

    /// Takes the next message that is to be merged, or ends the merging of the key.
    mutating func next(_ key: String) -> Message? {
        guard let waiting = self.busy[key], !waiting.isEmpty else {
            self.busy[key] = nil
            return nil
        }
        return self.busy[key]?.removeFirst()
    }
}

extension LaneMachine {
    /// What a full queue has for a message that may be merged.
    enum MergeDecision: Sendable {
        /// Merge it with this one, which stays where it is and is handed to nobody meanwhile.
        case merge(with: Message)
        /// Whoever merges an earlier one does this one too.
        case waits
        /// Nothing of its key waits.
        case nothing
    }

    /// Finds what a message can be merged with.
    mutating func beginMerge(_ key: String, _ message: Message) -> MergeDecision {
        if self.merges.isBusy(key) {
            self.merges.wait(key, message)
            self.metrics.coalesced += 1
            return .waits
        }
        guard let place = self.merges[key], let buffer = self.readyBuffer(of: place.priority),
            let index = buffer.index(of: place.number), let older = buffer.boxedMessage(at: index)
        else { return .nothing }
        buffer.setBusy(true, at: index)
        self.merges.begin(key)
        self.metrics.coalesced += 1
        return .merge(with: older)
    }

    /// Puts the merged message in the older one's place; nil leaves that one as it was.
    ///
    /// - Returns: the next message that has to be merged with it.
    mutating func finishMerge(_ key: String, _ merged: Message?, isRefused: Bool) -> (next: Message?, isMerged: Bool) {
        var merged = merged
        if let larger = merged, !self.hasRoom(toReplace: key, with: larger) { merged = nil }
        if merged == nil {
            self.metrics.coalesced -= 1
            if isRefused { self.metrics.refused += 1 } else { self.metrics.dropped += 1 }
        }
        let next = self.merges.next(key)
        guard let place = self.merges[key], let buffer = self.readyBuffer(of: place.priority),
            let index = buffer.index(of: place.number)
        else { return (next, merged != nil) }
        if let merged { buffer.replace(at: index, with: merged) }
        if next == nil {
            buffer.setBusy(false, at: index)
            self.isJammed = false
        }
        return (next, merged != nil)
    }

    /// Whether a merged message keeps the queue within its bound in bytes.
    private func hasRoom(toReplace key: String, with merged: Message) -> Bool {
        guard let place = self.merges[key], let buffer = self.readyBuffer(of: place.priority),
            let index = buffer.index(of: place.number), let older = buffer.boxedMessage(at: index)
        else { return true }
        let growth = merged.payload.estimatedSize - older.payload.estimatedSize
        return growth <= 0 || self.boundedBytes + growth <= self.settings.bounds.bytes
    }

    /// Notes where a message was stored that others may be merged with.
    mutating func noteStored(_ key: String, _ priority: Priority) {
        guard let buffer = self.readyBuffer(of: priority) else { return }
        self.merges.store(key, at: MergeTable.Place(priority: priority, number: buffer.lastNumber))
        guard self.merges.count > 2 * self.settings.bounds.count + 64 else { return }
        let buffers = Priority.allCases.map { self.readyBuffer(of: $0) }
        self.merges.purge { buffers[Int($0.priority.rawValue)]?.index(of: $0.number) != nil }
    }
}
