// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension LaneMachine {
    enum TakeDecision: Sendable {
        /// The worker has entries.
        case taken
        /// There is nothing for this worker now.
        case nothing
        /// There is nothing before a time.
        case wait(until: Duration)
        /// The worker's subscription has ended.
        case ended
    }

    /// How many entries of higher priorities go by before one of a lower priority has its turn.
    static let largestPass = 8
    /// How many critical entries go by before one of the others has its turn.
    static let largestUrgentRun = 64

    /// Hands up to a number of entries to a worker.
    ///
    /// - Parameters:
    ///   - isAlone: whether the worker is the only one, handles what it has taken in order, and reports its progress.
    ///     Keys need not be held for it, and it may take much.
    ///   - now: the uptime; it is asked for where gates want it.
    mutating func take(
        upTo count: Int,
        into buffer: EntryBuffer,
        for member: SubscriptionID,
        isAlone: Bool = false,
        now: () -> Duration
    ) -> TakeDecision {
        guard !self.isClosed, self.hasMember(member) else { return .ended }
        let ignoresPause = Mutation.isActive(.ignorePause) && !self.own.front.isEmpty
        guard !self.isPaused(member) || ignoresPause else { return .nothing }
        var count = count
        if self.gates != nil {
            guard self.readyCount > 0 else { return .nothing }
            switch self.askGates(count, now()) {
            case .allowed(let allowed): count = min(count, allowed)
            case .until(let time): return .wait(until: time)
            case .afterResult: return .nothing
            }
        }
        self.fill(buffer, upTo: count, isAlone: isAlone)
        guard !buffer.isEmpty else { return .nothing }
        self.inFlight += buffer.count
        if isAlone {
            self.report(remaining: buffer.count - 1, bytes: buffer.bytes)
            self.heldSince = buffer.acceptedAt(1)
        }
        if self.gates != nil {
            self.gates?.took(buffer.count)
            buffer.epoch = self.gates?.epoch ?? 0
        }
        self.noteDraining()
        return .taken
    }

    private mutating func askGates(_ count: Int, _ now: Duration) -> GateDecision {
        guard let decision = self.gates?.mayTake(upTo: count, now: now) else { return .allowed(count) }
        self.shutUntil = nil
        self.waitsForResult = false
        switch decision {
        case .allowed: break
        case .until(let time): self.shutUntil = time
        case .afterResult: self.waitsForResult = true
        }
        return decision
    }

    private mutating func fill(_ buffer: EntryBuffer, upTo count: Int, isAlone: Bool) {
        // The control lane ignores keys, order and whatever holds the rest back.
        if let control = self.others?[.critical].source() ?? self.window?[.critical].source() {
            let isTurnOfRest = self.urgentRun >= Self.largestUrgentRun
            if isTurnOfRest { self.fillFromRest(buffer, upTo: 1, isAlone: isAlone) }
            self.urgentRun = isTurnOfRest ? 0 : self.urgentRun
            guard buffer.isEmpty else { return }
            control.move(upTo: min(count, Self.largestUrgentRun), to: buffer)
            self.urgentRun += buffer.count
            return
        }
        self.urgentRun = 0
        self.fillFromRest(buffer, upTo: count, isAlone: isAlone)
    }

    private mutating func fillFromRest(_ buffer: EntryBuffer, upTo count: Int, isAlone: Bool) {
        guard !self.isHeldUp else { return }
        self.isJammed = false
        // A worker alone takes no more of a history than it handles: it may have to be read elsewhere.
        let count = self.settings.ordering == .strict || isAlone && self.window != nil ? 1 : count
        self.isWindowFirst.toggle()
        guard self.others != nil else { return self.fill(buffer, upTo: count, from: self.layout.priority, isAlone) }
        if self.settings.ordering == .strict, let returned = self.returned {
            // Whatever the priorities: nothing comes between the attempts of one message.
            return self.fill(buffer, upTo: count, from: returned, isAlone)
        }
        var isJammed = false
        for priority in self.turns {
            // Where one priority stops for want of room to park, what it waits for may be in another one.
            self.isJammed = false
            self.fill(buffer, upTo: min(count, Self.largestPass), from: priority, isAlone)
            guard buffer.isEmpty else { return self.countPass(buffer.count, of: priority) }
            isJammed = isJammed || self.isJammed
        }
        self.isJammed = isJammed
    }

    /// The priorities in the order in which they are asked now.
    private var turns: [Priority] {
        let descending: [Priority] = [.high, .normal, .low]
        // Who was passed over often enough goes first, once.
        guard let due = descending.last(where: { self.passed($0) >= Self.largestPass && !self.isEmpty($0) }) else {
            return descending
        }
        return [due] + descending.filter { $0 != due }
    }

    /// The priority of what came back, if anything but critical has.
    private var returned: Priority? {
        [Priority.high, .normal, .low].first { priority in
            self.hasReturned(priority) || self.window?[priority].hasReturned ?? false
        }
    }

    /// Whether anything of a priority that was offered came back.
    private func hasReturned(_ priority: Priority) -> Bool {
        priority == self.layout.priority ? self.own.hasReturned : self.others?[priority].hasReturned ?? false
    }

    private func passed(_ priority: Priority) -> Int {
        priority == self.layout.priority ? self.own.passed : self.others?[priority].passed ?? 0
    }

    private func isEmpty(_ priority: Priority) -> Bool {
        if let window = self.window, !window[priority].isEmpty { return false }
        return priority == self.layout.priority ? self.own.isEmpty : self.others?[priority].isEmpty ?? true
    }

    /// Counts entries that went before those of lower priorities.
    private mutating func countPass(_ count: Int, of taken: Priority) {
        for priority in [Priority.low, .normal, .high] {
            let passed = priority < taken && !self.isEmpty(priority) ? self.passed(priority) + count : nil
            guard let passed = priority == taken ? 0 : passed else { continue }
            if priority == self.layout.priority {
                self.own.passed = passed
            } else {
                self.others?[priority].passed = passed
            }
        }
    }

    /// Moves entries of one priority to a worker, parking those whose key is held.
    private mutating func fill(_ buffer: EntryBuffer, upTo count: Int, from priority: Priority, _ isAlone: Bool) {
        let marks = !isAlone && self.settings.ordering == .key
        if self.keys.isEmpty, !marks, self.settings.overflow.coalescing == nil {
            self.source(of: priority)?.move(upTo: count, to: buffer)
            return
        }
        while buffer.count < count, !self.isJammed, let source = self.source(of: priority) {
            self.takeFirst(of: source, to: buffer, marks: marks)
        }
    }

    private mutating func source(of priority: Priority) -> EntryBuffer? {
        guard self.window != nil else { return self.offered(priority) }
        // Both have their turn, and neither waits for the other; but in strict order, what came back goes first.
        var isWindowFirst = self.isWindowFirst
        if self.settings.ordering == .strict {
            if self.hasReturned(priority) { isWindowFirst = false }
            if self.window?[priority].hasReturned == true { isWindowFirst = true }
        }
        if isWindowFirst, let read = self.window?[priority].source() { return read }
        return self.offered(priority) ?? self.window?[priority].source()
    }

    private mutating func offered(_ priority: Priority) -> EntryBuffer? {
        priority == self.layout.priority ? self.own.source() : self.others?[priority].source()
    }

    /// Moves the first entry to a worker, or behind its key.
    private mutating func takeFirst(of source: EntryBuffer, to buffer: EntryBuffer, marks: Bool) {
        // Whoever merges it lets the queue go on.
        guard !source.first.pointee.flags.contains(.isBusy) else { return self.isJammed = true }
        guard self.settings.ordering == .key, !source.first.pointee.flags.holdsKey, let key = source.firstKey else {
            source.move(upTo: 1, to: buffer)
            return
        }
        switch self.keys.claim(key, source.first.pointee.flags.priority) {
        case .free:
            if marks {
                self.keys.hold(key)
                source.first.pointee.flags.insert(.ownsKey)
            }
            source.move(upTo: 1, to: buffer)
        case .overtakes:
            source.first.pointee.flags.insert(.overtakes)
            source.move(upTo: 1, to: buffer)
        case .held:
            // What was accepted before its key was held may exceed what may be parked, by the bound of the queue. But
            // memory has a limit: then the queue stops here until something that is parked has gone.
            let bounds = self.settings.bounds
            guard self.keys.count < bounds.parked + bounds.count, self.keys.bytes < bounds.doubledBytes else {
                return self.isJammed = true
            }
            self.keys.park(firstOf: source, key)
        }
    }

    /// How many entries a worker takes ahead at most where others take too.
    static let largestShare = 64

    /// Hands a worker that has got an entry some more, within reach of the others; returns how many.
    ///
    /// They are none but those that nothing is to be known of: no key, no retry, no other priority anywhere. And there are
    /// none while a member does not steal: it would have nothing to do while they wait behind one handler.
    mutating func takeAhead(into queue: WorkQueue, sharers: Int) -> Int {
        for index in self.members.indices where !self.members[index].isSharing { return 0 }
        guard self.others == nil, self.window == nil, self.reading == nil, self.own.front.isEmpty, !self.isHeldUp else {
            return 0
        }
        let ready = self.own.ready
        let share = min(Self.largestShare, self.settings.bounds.count / 16, ready.count / max(sharers, 1))
        let bytes = ready.bytes
        let count = ready.bareCount(upTo: share)
        guard count > 0 else { return 0 }
        queue.add(upTo: count, from: ready)
        self.inFlight += count
        self.held += count
        self.heldBytes += bytes - ready.bytes
        return count
    }

    /// Notes how many of the entries that were taken ahead have been begun, or given up.
    mutating func noteBegun(_ count: Int, bytes: Int) {
        self.held -= count
        self.heldBytes -= bytes
    }

    /// Notes how much of what a worker alone has taken it has not begun.
    @inline(__always)
    package mutating func report(remaining: Int, bytes: Int) {
        self.held = remaining
        self.heldBytes = remaining == 0 ? 0 : bytes
    }
}
