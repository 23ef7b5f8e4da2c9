// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension LaneMachine {
    /// How many messages are read ahead.
    static let windowSize = 256

    /// Whether there is something to read, and room for it.
    package var canRead: Bool {
        self.reading?.canRead == true && !self.isClosed
    }

    /// Begins to read a history; returns what was left by the group's last queue.
    package mutating func attach(_ reading: LaneReading, now: Duration) -> LaneReading.Taken {
        guard !self.isClosed else {
            reading.source.park(reading.cursor)
            return LaneReading.Taken()
        }
        self.reading = reading
        self.reading?.begin()
        self.window = OtherClasses(layout: self.layout)
        // They count whose turn it is, whatever the priority is.
        if self.others == nil { self.others = OtherClasses(layout: self.layout) }
        guard let taken = self.reading?.resume(now: now) else { return LaneReading.Taken() }
        self.store(taken)
        self.metrics.offered += taken.delayed.count
        for (waiting, due) in taken.delayed {
            var entry = waiting
            if let key = self.orderKey(of: entry) {
                // It held its key when the group's last queue ended, and does so on.
                entry.hold = .owner
                _ = self.keys.wait(key, .none, entry.message.priority)
            }
            self.delayed.add(entry, due: due)
        }
        return taken
    }

    /// Reads ahead where little is left of what was read; nil where there is nothing to do.
    @inline(__always)
    package mutating func refill() -> LaneReading.Taken? {
        if self.reading == nil { return nil }
        return self.refillSlowly()
    }

    private mutating func refillSlowly() -> LaneReading.Taken? {
        let size = min(Self.windowSize, self.settings.bounds.count)
        let count = self.window?.total ?? 0
        guard self.canRead, !self.isShut, !self.isBlocked, count <= size / 2 else { return nil }
        // One message is always read, however large it is.
        let bytes = max(self.settings.bounds.bytes - (self.window?.bytes ?? 0), 0)
        guard bytes > 0 || count == 0 else { return nil }
        let room = size - count
        guard let taken = self.reading?.read(upTo: room, bytes: bytes) else { return nil }
        self.store(taken)
        return taken
    }

    private mutating func store(_ taken: LaneReading.Taken) {
        self.metrics.offered += taken.entries.count + taken.missed
        self.metrics.missed += taken.missed
        for entry in taken.entries { self.window?[entry.message.priority].ready.append(boxed: entry.header) }
    }

    /// Goes on reading elsewhere; returns what is dropped, to be released when no lock is held.
    package mutating func seek(to start: StartPosition) -> (dropped: EntryBuffer?, removed: [LogRecord]) {
        guard !self.isClosed, let removed = self.reading?.seek(to: start) else { return (nil, []) }
        let dropped = EntryBuffer(layout: self.layout)
        // What has failed before was begun, and so was what has got a key that it waited for.
        self.window?.move(to: dropped) { $0.attempts == 0 && !$0.flags.holdsKey }
        self.keys.removeParked(to: dropped) { $0.rare?.log != nil && $0.attempts == 0 }
        self.isJammed = false
        // They will be offered when they are read again, if they are.
        self.metrics.offered -= dropped.count
        return (dropped, removed)
    }

    /// Notes that an entry needs nothing more.
    mutating func noteSettled(_ entry: HeldEntry) {
        guard let place = entry.log else { return }
        if !self.isClosed {
            self.reading?.settled(place)
        } else if let reading = self.reading, !reading.isStale(place) {
            reading.source.settleParked(place.sequence)
        }
    }

    /// Notes that an entry has failed and comes again.
    mutating func notePostponed(_ entry: HeldEntry, due: Duration) {
        guard entry.log != nil else { return }
        self.reading?.postponed(entry, due: due)
    }

    /// Whether the next queue of the group begins with an entry that this one, having ended, does not keep.
    func isKeptByLog(_ place: LogPlace?) -> Bool {
        guard let place, let reading = self.reading else { return false }
        return reading.isNamed && !reading.isStale(place)
    }

    /// Ends the reading; returns how much of what is abandoned the group's next queue reads again.
    mutating func park(_ ending: Ending) -> Int {
        guard let reading = self.reading else { return 0 }
        self.window = nil
        reading.source.park(reading.cursor)
        guard reading.isNamed else { return 0 }
        let waiting = ending.buffers.reduce(0) { sum, buffer in sum + buffer.count { $0.rare?.log != nil } }
        return waiting + ending.delayed.count { $0.log != nil }
    }
}
