// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Where in a queue the last message of each coalescing key waits, and which of them are being merged.
struct MergeTable: Sendable {
    struct Place: Sendable {
        var priority: Priority
        /// The entry's number among those that are ready, counted from the first one that was ever stored.
        var number: Int
        /// The message, for when it is parked behind its key.
        var id: MessageID
        /// The key by which it is kept apart from others.
        var routingKey: String?
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

    /// Notes that another message has the place of the last one.
    mutating func replace(_ key: String, _ id: MessageID) {
        self.places[key]?.id = id
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
        guard let found = self.find(key), let older = found.buffer.boxedMessage(at: found.index) else {
            return .nothing
        }
        // One that has or awaits its key's turn has it for that key alone.
        guard found.isReady || older.routingKey == message.routingKey else { return .nothing }
        found.buffer.setBusy(true, at: found.index)
        self.merges.begin(key)
        self.metrics.coalesced += 1
        return .merge(with: older)
    }

    /// Where a message waits that others may be merged with.
    private struct FoundEntry {
        var buffer: EntryBuffer
        var index: Int
        /// Whether it is among those that were only offered.
        var isReady = false
        var isParked = false
    }

    /// Finds the last message of a key where it waits now: among those that are ready, behind its key, or before all
    /// others once it has got its key.
    private func find(_ key: String) -> FoundEntry? {
        guard let place = self.merges[key] else { return nil }
        if let buffer = self.readyBuffer(of: place.priority), let index = buffer.index(of: place.number) {
            return FoundEntry(buffer: buffer, index: index, isReady: true)
        }
        if let routingKey = place.routingKey, let buffer = self.keys.parked(behind: routingKey, place.priority),
            let index = buffer.index(ofUntried: place.id)
        {
            return FoundEntry(buffer: buffer, index: index, isParked: true)
        }
        let entries = place.priority == self.layout.priority ? self.own : self.others?[place.priority]
        for buffer in entries?.front ?? [] {
            if let index = buffer.index(ofUntried: place.id) { return FoundEntry(buffer: buffer, index: index) }
        }
        return nil
    }

    /// Puts the merged message in the older one's place; nil leaves that one as it was.
    ///
    /// - Returns: the next message that has to be merged with it.
    mutating func finishMerge(_ key: String, _ merged: Message?, isRefused: Bool) -> (next: Message?, isMerged: Bool) {
        let found = self.find(key)
        var merged = merged
        if let larger = merged, let found, !self.hasRoom(toReplace: found, with: larger) { merged = nil }
        if merged == nil {
            self.metrics.coalesced -= 1
            if isRefused { self.metrics.refused += 1 } else { self.metrics.dropped += 1 }
        }
        let next = self.merges.next(key)
        guard let found else { return (next, merged != nil) }
        if let merged, !Mutation.isActive(.skipMerge) {
            let before = found.buffer.bytes
            found.buffer.replace(at: found.index, with: merged)
            if found.isParked { self.keys.grew(by: found.buffer.bytes - before) }
            self.merges.replace(key, merged.id)
        }
        if next == nil {
            found.buffer.setBusy(false, at: found.index)
            self.isJammed = false
        }
        return (next, merged != nil)
    }

    /// Whether a merged message keeps the queue within its bound in bytes.
    private func hasRoom(toReplace found: FoundEntry, with merged: Message) -> Bool {
        guard let older = found.buffer.boxedMessage(at: found.index) else { return true }
        let growth = merged.payload.estimatedSize - older.payload.estimatedSize
        let bytes = found.isParked ? self.keys.bytes : self.boundedBytes
        return growth <= 0 || bytes + growth <= self.settings.bounds.bytes
    }

    /// Notes where a message was stored that others may be merged with.
    mutating func noteStored(_ key: String, _ message: Message) {
        guard let buffer = self.readyBuffer(of: message.priority) else { return }
        self.merges.store(
            key,
            at: MergeTable.Place(
                priority: message.priority,
                number: buffer.lastNumber,
                id: message.id,
                routingKey: message.routingKey
            )
        )
        guard self.merges.count > 2 * (self.settings.bounds.count + self.keys.count) + 64 else { return }
        let buffers = Priority.allCases.map { self.readyBuffer(of: $0) }
        let elsewhere = self.keys.parked + self.own.front + Priority.allCases.flatMap { self.others?[$0].front ?? [] }
        let kept = Set(elsewhere.flatMap(\.boxedIDs))
        self.merges.purge {
            buffers[Int($0.priority.rawValue)]?.index(of: $0.number) != nil || kept.contains($0.id)
        }
    }
}
