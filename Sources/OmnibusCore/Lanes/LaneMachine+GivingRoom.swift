// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension LaneMachine {
    /// Whoever is to be woken because room was given out.
    struct GivenRoom: Sendable {
        /// Publishers whose messages have been stored, in their order, and a worker for those.
        var sleepers: [Sleeper] = []
        /// Whether workers have to give back what they have not begun, because something stored goes before it.
        var isUrgent = false
    }

    /// Queues of so many or more give room out a quarter at a time.
    static let largeCount = 16

    /// Stores the messages of suspended publishers for which there is room now, in the order in which they wait.
    ///
    /// With large queues, it waits until a quarter is free, or somebody has lost patience. A quarter is given to all who
    /// wait: were they let go one by one, each would find somebody waiting when it comes with its next message, and
    /// would have to wait behind, so that every message of several publishers were one that waited.
    ///
    /// Design note: the publishers only learn of it. Were they to store what they wait with themselves, they would come
    /// in the order in which their threads happen to run.
    mutating func giveRoom() -> GivenRoom {
        var given = GivenRoom()
        guard !self.suspended.isEmpty, !Mutation.isActive(.forgetSuspendedPublishers) else { return given }
        while let index = self.nextUrgentPublisher() { self.store(publisher: index, &given) }
        while let index = self.nextPublisher() { self.store(publisher: index, &given) }
        if self.suspended.isEmpty { self.isImpatient = false }
        if !given.sleepers.isEmpty, let worker = self.workerForOffer() { given.sleepers.append(worker) }
        return given
    }

    /// How long a publisher waits for much room before it takes any.
    static let patience = Duration.milliseconds(5)
    /// How long room that has come free is kept from one that has waited for long.
    static let longestPatience = Duration.milliseconds(80)

    /// Looks for a publisher that has waited too long for much room, so that any is given out; returns when to look
    /// again, nil where nobody waits.
    ///
    /// Workers report what they have done from time to time only, and once more when it is found that somebody has lost
    /// patience. That is asked of them again as long as anybody waits: how long a publisher has waited is how long it
    /// takes until it is asked again, up to a limit.
    mutating func losePatience(now: Duration) -> Duration? {
        guard let oldest = self.firstToWaitForRoom() else {
            return self.suspended.isEmpty ? nil : now + Self.longestPatience
        }
        let since = self.suspended[oldest].waiting?.since ?? now
        self.isImpatient = now >= since + Self.patience
        return self.isImpatient ? now + min(now - since, Self.longestPatience) : since + Self.patience
    }

    /// The first one that waits for room in the control lane, if there is some.
    private func nextUrgentPublisher() -> Int? {
        guard let index = self.suspended.firstIndex(where: \.isUrgent),
            self.hasUrgentRoom(for: self.suspended[index].size)
        else { return nil }
        return index
    }

    private mutating func nextPublisher() -> Int? {
        let bounds = self.settings.bounds
        let room = bounds.count - self.boundedCount
        if room <= 0 || room >= bounds.count / 4 { self.isGiving = room > 0 }
        // Where nothing is left that a worker could make room of, what there is has to do.
        let isIdle = self.own.count + (self.others?.count ?? 0) + self.held == 0
        guard room > 0, bounds.count < Self.largeCount || self.isGiving || self.isImpatient || isIdle,
            let index = self.firstToWaitForRoom()
        else { return nil }
        // A worker that has taken an entry, and is told of one that goes before it, brings it back.
        if self.inFlight > 0, room == 1,
            self.suspended[index].waiting.map({ self.goesFirst($0.entry.message.priority) }) == true
        {
            return nil
        }
        // Those behind a large message wait with it, or it would never get room.
        guard self.boundedCount == 0 || self.boundedBytes + self.suspended[index].size <= bounds.bytes else {
            return nil
        }
        return index
    }

    /// The first publisher that nothing but room in the queue keeps waiting.
    ///
    /// A loop rather than a closure, which would have the whole machine copied, under the lock.
    private func firstToWaitForRoom() -> Int? {
        for index in self.suspended.indices where self.mayWaitBehindItsKey(self.suspended[index]) { return index }
        return nil
    }

    /// Whether nothing but room in the queue keeps a publisher waiting.
    private func mayWaitBehindItsKey(_ sleeper: Sleeper) -> Bool {
        if sleeper.isUrgent { return false }
        guard let key = sleeper.key, self.keys.isHeld(key) else { return true }
        return self.hasRoom(behind: key, for: sleeper.size)
    }

    private mutating func store(publisher index: Int, _ given: inout GivenRoom) {
        var publisher = self.suspended.remove(at: index)
        if let entry = publisher.waiting?.entry {
            let priority = entry.message.priority
            self.metrics.offered += 1
            if let key = entry.message.routingKey, priority != .critical, self.settings.ordering == .key {
                // Nothing happens where the key is not held.
                self.keys.expect(key)
            }
            self.makeReadyBuffer(of: priority).append(entry, size: UInt32(clamping: publisher.size))
            if self.goesFirst(priority) { given.isUrgent = true }
        }
        // Whoever published it has it too: it does not end here.
        publisher.waiting = nil
        given.sleepers.append(publisher)
    }

    /// Whether an entry of a priority goes before what workers have taken ahead.
    func goesFirst(_ priority: Priority) -> Bool {
        priority == .critical || self.held > 0 && priority > self.layout.priority
    }

    /// Has a publisher wait: behind its message's key where there is no room, otherwise for the queue.
    mutating func suspend(_ sleeper: Sleeper, for key: String?) {
        var sleeper = sleeper
        if let key, !sleeper.isUrgent, self.settings.ordering == .key, self.keys.isHeld(key),
            !self.hasRoom(behind: key, for: sleeper.size)
        {
            sleeper.key = key
        }
        self.suspended.append(sleeper)
    }
}

extension EntryBuffer {
    /// Adds a message of any kind: among the payloads where the buffer has messages there, otherwise boxed.
    func append(_ entry: HeldEntry, size: UInt32) {
        guard self.layout.typeID == ObjectIdentifier(Message.self), entry.attempts == 0, entry.position == nil,
            entry.claim == nil, entry.log == nil
        else { return self.append(boxed: entry.header) }
        let message = entry.message
        withUnsafePointer(to: message) { place in
            let flags = EntryHeader.Flags(message.priority).union(message.timeToLive == nil ? [] : .expires)
            self.append(
                copying: place,
                EntryHeader(idHigh: 0, idLow: 0, origin: 0, size: size, flags: flags)
            )
        }
    }
}
