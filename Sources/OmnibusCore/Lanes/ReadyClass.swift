// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

/// The entries of one priority that could be handed over now.
struct ReadyClass: Sendable {
    /// What came back, the first buffer first; it goes before everything else.
    var front: [EntryBuffer] = []
    /// What was offered, in order.
    let ready: EntryBuffer
    /// How many entries of higher priorities have gone by while some of this one waited.
    var passed = 0

    init(layout: PayloadLayout) {
        self.ready = EntryBuffer(layout: layout)
    }

    var isEmpty: Bool { self.ready.isEmpty && self.front.isEmpty }

    var count: Int {
        self.front.isEmpty ? self.ready.count : self.ready.count + self.front.reduce(0) { $0 + $1.count }
    }

    /// Whether there is anything that came back.
    var hasReturned: Bool { self.front.contains { !$0.isEmpty } }

    var bytes: Int {
        self.front.isEmpty ? self.ready.bytes : self.ready.bytes + self.front.reduce(0) { $0 + $1.bytes }
    }

    /// All buffers, the one whose entries come first first.
    var all: [EntryBuffer] { self.front + [self.ready] }

    /// When the first entry of each buffer was accepted, the oldest of them.
    var oldest: Timestamp? { self.all.compactMap { $0.acceptedAt(0) }.min() }

    /// The buffer that the next entry comes from.
    mutating func source() -> EntryBuffer? {
        if Mutation.isActive(.skipFront), !self.ready.isEmpty { return self.ready }
        while let first = self.front.first {
            if !first.isEmpty { return first }
            self.front.removeFirst()
        }
        return self.ready.isEmpty ? nil : self.ready
    }

    /// Puts entries that a worker has not begun before all others, but behind those that hold their key.
    mutating func giveBack(_ buffer: EntryBuffer) {
        let returned = EntryBuffer(layout: buffer.layout)
        buffer.move(upTo: buffer.count, to: returned)
        if Mutation.isActive(.giveBackBehind) { return returned.move(upTo: returned.count, to: self.ready) }
        let index = self.front.firstIndex { !$0.isEmpty && !$0.first.pointee.flags.holdsKey }
        self.front.insert(returned, at: index ?? self.front.count)
    }

    /// Puts an entry that holds its key before all others: what waits for the key could be in its way for ever.
    mutating func prepend(holder buffer: EntryBuffer) {
        let first = EntryBuffer(layout: self.ready.layout)
        buffer.move(upTo: buffer.count, to: first)
        self.front.insert(first, at: 0)
    }

    /// Puts an entry that came back behind those that came back earlier, and before those that were only offered; one
    /// that holds its key goes before all others.
    mutating func add(returned entry: HeldEntry) {
        if entry.hold != .none {
            self.front.insert(EntryBuffer(layout: self.ready.layout), at: 0)
            return self.front[0].append(boxed: entry.header)
        }
        if self.front.isEmpty { self.front.append(EntryBuffer(layout: self.ready.layout)) }
        self.front[self.front.count - 1].append(boxed: entry.header)
    }

    /// Moves the entries for which a condition holds to a buffer.
    func move(to buffer: EntryBuffer, where holds: (borrowing EntryHeader) -> Bool) {
        for entries in self.all { entries.move(to: buffer, where: holds) }
    }

    /// Takes everything out.
    mutating func removeAll() -> [EntryBuffer] {
        let rest = EntryBuffer(layout: self.ready.layout)
        self.ready.move(upTo: self.ready.count, to: rest)
        defer { self.front = [] }
        return self.front + [rest]
    }
}

/// The entries of all priorities but the queue's own one, which nearly all queues do without.
struct OtherClasses: Sendable {
    private var classes: [ReadyClass]

    init(layout: PayloadLayout) {
        self.classes = Priority.allCases.map { _ in ReadyClass(layout: layout) }
    }

    subscript(priority: Priority) -> ReadyClass {
        get { self.classes[Int(priority.rawValue)] }
        set { self.classes[Int(priority.rawValue)] = newValue }
    }

    /// The control lane: critical messages.
    var control: ReadyClass { self.classes[Int(Priority.critical.rawValue)] }

    /// What is there of the priorities that share the queue's bounds: all but critical.
    var count: Int { self.classes.dropLast().reduce(0) { $0 + $1.count } }
    var bytes: Int { self.classes.dropLast().reduce(0) { $0 + $1.bytes } }
    /// When the oldest entry of all priorities was accepted.
    var oldest: Timestamp? { self.classes.compactMap(\.oldest).min() }
    /// What is there of all priorities.
    var total: Int { self.classes.reduce(0) { $0 + $1.count } }

    /// Moves the entries for which a condition holds to a buffer.
    func move(to buffer: EntryBuffer, where holds: (borrowing EntryHeader) -> Bool) {
        for entries in self.classes { entries.move(to: buffer, where: holds) }
    }

    mutating func removeAll() -> [EntryBuffer] {
        self.classes.indices.flatMap { self.classes[$0].removeAll() }
    }
}
