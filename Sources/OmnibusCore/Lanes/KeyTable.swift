// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

/// The keys that are held in one queue, and what waits behind each of them.
///
/// A key is held from the hand-over of a message with it until that message is settled for good. While its holder
/// waits for a retry, one message of a higher priority at a time may overtake it.
package struct KeyTable: Sendable {
    /// Who holds a key.
    struct Holder: Sendable {
        /// Whether the owner waits for its retry, and how urgent it is.
        var waiting: Priority?
        /// Whether somebody overtakes the owner meanwhile.
        var isOvertaken = false
        /// The owner, due again while it is overtaken.
        var blocked: HeldEntry?
        var parked = ParkedEntries()
        /// How many were accepted while the key was held and have not been parked yet.
        var expected = 0
    }

    private var holders: [String: Holder] = [:]
    /// The layout of the queue's buffers.
    private let layout: PayloadLayout
    /// How many messages are parked, owners that are overtaken included.
    package private(set) var count = 0
    /// What they count against bounds in bytes.
    package private(set) var bytes = 0

    package init(layout: PayloadLayout) {
        self.layout = layout
    }

    /// Whether no key is held.
    package var isEmpty: Bool { self.holders.isEmpty }

    package func isHeld(_ key: String) -> Bool { self.holders[key] != nil }

    /// How many messages wait behind a key, those that are still in the queue included.
    package func waitingCount(behind key: String) -> Int {
        self.holders[key].map { $0.parked.count + $0.expected } ?? 0
    }

    /// Notes that a message was accepted whose key is held.
    mutating func expect(_ key: String) {
        self.holders[key]?.expected += 1
    }

    // MARK: Taking

    package enum Claim: Sendable {
        /// Nobody holds the key.
        case free
        /// It is held, and the message may run all the same.
        case overtakes
        /// It is held.
        case held
    }

    /// What a message with a key finds, and marks it as overtaken where the message overtakes.
    mutating func claim(_ key: String, _ priority: Priority) -> Claim {
        guard let holder = self.holders[key] else { return .free }
        guard let waiting = holder.waiting, waiting < priority, !holder.isOvertaken else { return .held }
        self.holders[key]?.isOvertaken = true
        // It waits no more.
        self.holders[key]?.expected = max(0, holder.expected - 1)
        return .overtakes
    }

    /// Holds a free key for a message that is handed over.
    mutating func hold(_ key: String) {
        self.holders[key] = Holder()
    }

    /// Parks the first entry of a buffer behind its key.
    mutating func park(firstOf buffer: EntryBuffer, _ key: String) {
        // What comes from a history was not expected: nobody has asked whether there is room for it.
        let isOffered = buffer.first.pointee.rare?.log == nil
        self.count += 1
        self.bytes += Int(buffer.first.pointee.size)
        self.holders[key]?.parked.append(firstOf: buffer)
        if isOffered, let expected = self.holders[key]?.expected, expected > 0 {
            self.holders[key]?.expected = expected - 1
        }
    }

    /// When the oldest message that is parked was accepted; O(keys).
    var oldest: Timestamp? {
        self.holders.values.lazy.flatMap { holder in
            [holder.parked.oldest, holder.blocked.flatMap { $0.message.acceptedAt }]
        }.compactMap { $0 }.min()
    }

    // MARK: Settling

    /// Notes that an entry waits for its retry, and holds its key from now on if it has not before.
    ///
    /// - Returns: an entry that may overtake it, to be handed over next.
    mutating func wait(_ key: String, _ hold: KeyHold, _ priority: Priority) -> EntryBuffer? {
        // One that overtakes and fails goes on overtaking: the owner waits for it too.
        guard hold != .overtaker else { return nil }
        self.holders[key, default: Holder()].waiting = priority
        return self.nextToOvertake(key)
    }

    /// Notes that the retry of an entry is due; returns whether it may go on now.
    mutating func isDue(_ entry: HeldEntry, _ key: String) -> Bool {
        guard entry.hold == .owner, let holder = self.holders[key] else { return true }
        guard holder.isOvertaken else {
            self.holders[key]?.waiting = nil
            return true
        }
        self.holders[key]?.blocked = entry
        self.count += 1
        self.bytes += entry.message.payload.estimatedSize
        return false
    }

    /// Lets go of a key whose message was settled for good.
    ///
    /// - Returns: the entry that comes next, holding the key; nil where there is none.
    mutating func release(_ key: String, _ hold: KeyHold) -> EntryBuffer? {
        switch hold {
        case .none:
            return nil
        case .owner:
            guard let next = self.takeParked(behind: key, above: nil) else {
                self.holders[key] = nil
                return nil
            }
            next.first.pointee.flags.insert(.ownsKey)
            return Mutation.isActive(.loseParked) ? nil : next
        case .overtaker:
            self.holders[key]?.isOvertaken = false
            guard let owner = self.holders[key]?.blocked else { return self.nextToOvertake(key) }
            self.holders[key]?.blocked = nil
            self.holders[key]?.waiting = nil
            self.count -= 1
            self.bytes -= owner.message.payload.estimatedSize
            let buffer = EntryBuffer(layout: self.layout)
            buffer.append(boxed: owner.header)
            return buffer
        }
    }

    private mutating func nextToOvertake(_ key: String) -> EntryBuffer? {
        guard let holder = self.holders[key], let waiting = holder.waiting, !holder.isOvertaken,
            let next = self.takeParked(behind: key, above: waiting)
        else { return nil }
        self.holders[key]?.isOvertaken = true
        next.first.pointee.flags.insert(.overtakes)
        return next
    }

    private mutating func takeParked(behind key: String, above priority: Priority?) -> EntryBuffer? {
        guard let next = self.holders[key]?.parked.takeFirst(above: priority) else { return nil }
        self.count -= 1
        self.bytes -= next.bytes
        return next
    }

    /// Whether anything that was offered is parked behind a key; what was read in a history does not count. O(parked).
    func hasOffered(behind key: String) -> Bool { self.holders[key]?.parked.hasOffered ?? false }

    /// Parks those entries of a buffer that wait behind a key.
    mutating func park(from buffer: EntryBuffer, behind key: String) {
        let all = EntryBuffer(layout: self.layout)
        buffer.move(upTo: buffer.count, to: all)
        while !all.isEmpty {
            if !all.first.pointee.flags.holdsKey, all.firstKey == key {
                self.park(firstOf: all, key)
            } else {
                all.move(upTo: 1, to: buffer)
            }
        }
    }

    /// Takes out the oldest entry that was offered and is parked behind a key, to make room. O(parked).
    mutating func dropOldest(behind key: String) -> EntryBuffer? {
        guard let oldest = self.holders[key]?.parked.takeLeast() else { return nil }
        self.count -= 1
        self.bytes -= oldest.bytes
        return oldest
    }

    /// Notes that entries were dropped before they could be parked.
    mutating func forget(_ dropped: EntryBuffer) {
        guard !self.isEmpty else { return }
        for index in 0..<dropped.count {
            guard let key = dropped.key(at: index), let expected = self.holders[key]?.expected, expected > 0 else {
                continue
            }
            self.holders[key]?.expected = expected - 1
        }
    }

    /// The entries of a priority that are parked behind a key.
    func parked(behind key: String, _ priority: Priority) -> EntryBuffer? {
        self.holders[key]?.parked.buffer(of: priority)
    }

    /// The entries that are parked, of all keys and priorities.
    var parked: [EntryBuffer] { self.holders.values.flatMap(\.parked.all) }

    /// Notes that a parked message was replaced by one of another size.
    mutating func grew(by bytes: Int) {
        self.bytes += bytes
    }

    /// Takes out the parked entries for which a condition holds.
    mutating func removeParked(to buffer: EntryBuffer, where holds: (borrowing EntryHeader) -> Bool) {
        for key in self.holders.keys.sorted() {
            let (count, bytes) = (buffer.count, buffer.bytes)
            self.holders[key]?.parked.move(to: buffer, where: holds)
            self.count -= buffer.count - count
            self.bytes -= buffer.bytes - bytes
        }
    }

    /// Empties the table; returns what was parked.
    mutating func removeAll() -> [EntryBuffer] {
        var buffers: [EntryBuffer] = []
        for key in self.holders.keys.sorted() {
            guard var holder = self.holders[key] else { continue }
            while let next = holder.parked.takeFirst(above: nil) { buffers.append(next) }
            if let blocked = holder.blocked {
                let buffer = EntryBuffer(layout: self.layout)
                buffer.append(boxed: blocked.header)
                buffers.append(buffer)
            }
        }
        self = KeyTable(layout: self.layout)
        return buffers
    }
}

/// Entries behind one key: the most urgent first, after eight of them one of those that had to wait, and those of one
/// priority in the order in which they came.
struct ParkedEntries: Sendable {
    /// One buffer for each priority below critical, made when it is needed.
    private var buffers: (low: EntryBuffer?, normal: EntryBuffer?, high: EntryBuffer?)
    private(set) var count = 0
    /// How many of higher priorities have gone by while some of these waited.
    private var passed = (low: 0, normal: 0)

    /// When the first of each priority was accepted, the oldest of them.
    var oldest: Timestamp? {
        [self.buffers.low, self.buffers.normal, self.buffers.high].compactMap { $0?.acceptedAt(0) }.min()
    }

    mutating func append(firstOf buffer: EntryBuffer) {
        self.count += 1
        let target: EntryBuffer
        switch buffer.first.pointee.flags.priority {
        case .low: target = Self.make(&self.buffers.low, buffer.layout)
        case .normal: target = Self.make(&self.buffers.normal, buffer.layout)
        case .high, .critical: target = Self.make(&self.buffers.high, buffer.layout)
        }
        buffer.move(upTo: 1, to: target)
    }

    private static func make(_ buffer: inout EntryBuffer?, _ layout: PayloadLayout) -> EntryBuffer {
        if let buffer { return buffer }
        let made = EntryBuffer(layout: layout)
        buffer = made
        return made
    }

    /// The entries of a priority; nil where there has been none.
    func buffer(of priority: Priority) -> EntryBuffer? {
        switch priority {
        case .low: self.buffers.low
        case .normal: self.buffers.normal
        case .high, .critical: self.buffers.high
        }
    }

    /// All buffers, the least urgent first.
    var all: [EntryBuffer] { [self.buffers.low, self.buffers.normal, self.buffers.high].compactMap { $0 } }

    /// Takes the next entry, in a buffer of its own; above a priority, the first of the most urgent ones.
    mutating func takeFirst(above priority: Priority?) -> EntryBuffer? {
        if let priority {
            if priority < .high, let next = self.take(self.buffers.high) { return next }
            return priority < .normal ? self.take(self.buffers.normal) : nil
        }
        // Who was passed over often enough goes first, once.
        if self.passed.low >= LaneMachine.largestPass, let next = self.takeLow() { return next }
        if self.passed.normal >= LaneMachine.largestPass, let next = self.takeNormal() { return next }
        if let next = self.take(self.buffers.high) {
            self.countPass(ofNormal: true)
            return next
        }
        return self.takeNormal() ?? self.takeLow()
    }

    private mutating func takeNormal() -> EntryBuffer? {
        guard let next = self.take(self.buffers.normal) else { return nil }
        self.passed.normal = 0
        self.countPass(ofNormal: false)
        return next
    }

    private mutating func takeLow() -> EntryBuffer? {
        guard let next = self.take(self.buffers.low) else { return nil }
        self.passed.low = 0
        return next
    }

    /// Counts an entry that went before those of lower priorities.
    private mutating func countPass(ofNormal: Bool) {
        if self.buffers.low?.isEmpty == false { self.passed.low += 1 }
        if ofNormal, self.buffers.normal?.isEmpty == false { self.passed.normal += 1 }
    }

    /// Whether any of them was offered, rather than read in a history.
    var hasOffered: Bool { self.all.contains { $0.count { Self.isOffered($0) } > 0 } }

    /// Takes the oldest of the least urgent entries that were offered: whoever reads a history misses nothing of it.
    mutating func takeLeast() -> EntryBuffer? {
        for buffer in self.all {
            guard let taken = buffer.takeFirst(where: { Self.isOffered($0) }) else { continue }
            self.count -= 1
            return taken
        }
        return nil
    }

    private static func isOffered(_ header: borrowing EntryHeader) -> Bool { header.rare?.log == nil }

    /// Moves the entries for which a condition holds to a buffer.
    mutating func move(to other: EntryBuffer, where holds: (borrowing EntryHeader) -> Bool) {
        let before = other.count
        for buffer in self.all { buffer.move(to: other, where: holds) }
        self.count -= other.count - before
    }

    private mutating func take(_ buffer: EntryBuffer?) -> EntryBuffer? {
        guard let buffer, !buffer.isEmpty else { return nil }
        self.count -= 1
        let first = EntryBuffer(layout: buffer.layout)
        buffer.move(upTo: 1, to: first)
        return first
    }
}
