// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension LaneMachine {
    /// How an offer was made, which decides what a full queue means for it.
    package enum OfferMode: Sendable {
        /// By a publisher that can wait.
        case outside
        /// By a handler, which must never wait and has an allowance instead.
        case handler
        /// By the bus itself: what was accepted before is never refused.
        case returned
    }

    /// What becomes of a message that is offered.
    enum OfferDecision: Sendable {
        /// Store the entry among those of the queue's own priority.
        case store
        /// Store the entry among those of its priority.
        case storeRanked
        /// The same, and these had to make room.
        case storeAfter(dropping: [EntryBuffer])
        /// Do not store it; the publisher has to wait.
        case full
        /// Do not store it; the publisher gets an error.
        case refused
        /// Do not store it; it is counted as dropped.
        case dropped
        /// The queue has ended.
        case closed

        /// Whether the queue has the message.
        var isStored: Bool {
            switch self {
            case .store, .storeRanked, .storeAfter: true
            case .full, .refused, .dropped, .closed: false
            }
        }
    }

    /// Something that is to be said once the locks are released.
    struct Remarks: OptionSet, Sendable {
        let rawValue: UInt8
        static let slow = Remarks(rawValue: 1)
        static let dropping = Remarks(rawValue: 2)
        /// A handler has pushed the queue over its bound.
        static let overBound = Remarks(rawValue: 4)
    }

    /// Decides about a message that is offered.
    ///
    /// - Parameter key: the message's key; it is asked for where a key is held.
    @inline(__always)
    mutating func offer(
        size: Int,
        priority: Priority,
        key: @autoclosure () -> String?,
        mode: OfferMode,
        _ remarks: inout Remarks
    ) -> OfferDecision {
        if self.offersSimply(size: size, priority: priority) { return .store }
        if self.isClosed { return .closed }
        self.metrics.offered += 1
        return self.offerSlowly(size: size, priority: priority, key: key(), mode: mode, &remarks)
    }

    /// Takes a message on the shortest way, where nothing unusual is going on and there is room; elsewhere it returns
    /// false, and nothing has happened.
    ///
    /// - Parameter before: what is about to be stored and is not counted as ready yet.
    @inline(__always)
    mutating func offersSimply(
        size: Int,
        priority: Priority,
        before: (count: Int, bytes: Int) = (0, 0)
    ) -> Bool {
        guard !self.isClosed, self.isUsual, priority == self.layout.priority,
            self.own.ready.count + self.held + before.count < self.fastLimit,
            self.own.ready.bytes + self.heldBytes + before.bytes + size <= self.settings.bounds.bytes
        else { return false }
        self.metrics.offered += 1
        return true
    }

    /// Whether nothing but what is ready, of the queue's own priority, counts for an offer.
    private var isUsual: Bool {
        self.suspended.isEmpty && self.own.front.isEmpty && self.delayed.isEmpty
            && self.keys.isEmpty && self.others == nil
    }

    private mutating func offerSlowly(
        size: Int,
        priority: Priority,
        key: String?,
        mode: OfferMode,
        _ remarks: inout Remarks
    ) -> OfferDecision {
        let store: OfferDecision = priority == self.layout.priority ? .store : .storeRanked
        if mode == .returned { return store }

        let bounds = self.settings.bounds
        if priority == .critical {
            let isNext = !self.suspended.contains { $0.isUrgent }
            return isNext && self.hasUrgentRoom(for: size)
                ? store : self.overflow(size, priority, mode, &remarks, store)
        }
        let heldKey = key.flatMap { self.settings.ordering == .key && self.keys.isHeld($0) ? $0 : nil }
        if let heldKey, !self.hasRoom(behind: heldKey, for: size) {
            self.noteCrowded(heldKey, &remarks)
            return self.overflow(behind: heldKey, size, priority, mode, &remarks, store)
        }
        let waiting = self.boundedCount
        // A message larger than the bound in bytes is taken by an empty queue, or it could never be sent.
        let most = Mutation.isActive(.exceedBound) ? bounds.count + 1 : bounds.count
        let bytes = self.boundedBytes
        let fits = waiting < most && (waiting == 0 || bytes + size <= bounds.bytes)
        self.noteFilling(waiting + 1, bytes + size, &remarks)
        // Nobody goes before those who wait for room in the queue, or behind the very same key.
        let isNext = !self.suspended.contains { !$0.isUrgent && ($0.key == nil || $0.key == key) }
        let decision = fits && isNext ? store : self.overflow(size, priority, mode, &remarks, store)
        if let heldKey, decision.isStored { self.keys.expect(heldKey) }
        return decision
    }

    /// Whether the control lane has room; it has the same bounds for itself, so that a backlog never shuts it.
    func hasUrgentRoom(for size: Int) -> Bool {
        let count = self.others?.control.count ?? 0
        let bytes = self.others?.control.bytes ?? 0
        return count < self.settings.bounds.count && (count == 0 || bytes + size <= self.settings.bounds.bytes)
    }

    /// Remembers that the queue has become slow, and says so once: three quarters of a bound are used, or all of a very
    /// small one.
    private mutating func noteFilling(_ count: Int, _ bytes: Int, _ remarks: inout Remarks) {
        let bounds = self.settings.bounds
        let isLong = bounds.count < 4 ? count > bounds.count : count >= Self.slowMark(bounds)
        // One large message says nothing about the handlers.
        guard !self.isSlow, isLong || count > 1 && bytes > bounds.bytes - bounds.bytes / 4 else { return }
        self.isSlow = true
        self.fastLimit = bounds.count
        remarks.insert(.slow)
    }

    /// The same where too much waits behind one key.
    private mutating func noteCrowded(_ key: String, _ remarks: inout Remarks) {
        guard !self.isSlow else { return }
        self.isSlow = true
        self.slowKey = key
        remarks.insert(.slow)
    }

    /// Notes that the queue has recovered.
    mutating func noteDraining() {
        guard self.isSlow || self.isDropping, self.boundedCount <= self.settings.bounds.count / 4,
            self.boundedBytes <= self.settings.bounds.bytes / 4
        else { return }
        if let key = self.slowKey, self.keys.isHeld(key),
            self.keys.waitingCount(behind: key) > self.settings.bounds.parkedPerKey / 4
        {
            return
        }
        self.slowKey = nil
        self.isSlow = false
        self.isDropping = false
        self.fastLimit = Self.slowMark(self.settings.bounds)
    }

    // MARK: Overflowing

    private mutating func overflow(
        _ size: Int,
        _ priority: Priority,
        _ mode: OfferMode,
        _ remarks: inout Remarks,
        _ store: OfferDecision
    ) -> OfferDecision {
        let bounds = self.settings.bounds
        let waiting = priority == .critical ? self.others?.control.count ?? 0 : self.boundedCount
        let bytes =
            size + (priority == .critical ? self.others?.control.bytes ?? 0 : self.boundedBytes)
        switch self.settings.overflow {
        case .suspend, .reject, .coalescing:
            if mode == .handler, waiting < bounds.count + bounds.cascade, waiting == 0 || bytes <= bounds.cascadeBytes {
                if priority != .critical {
                    self.isOverBound = true
                    remarks.insert(.overBound)
                }
                return store
            }
            return self.refuse(mode)
        case .dropNewest:
            return self.drop(&remarks)
        case .dropOldest:
            guard let dropped = self.makeRoom(for: size, priority) else {
                // What is in the way waits for its retry, or is in a worker's hand: the new message has to go.
                return self.drop(&remarks)
            }
            let count = dropped.reduce(0) { $0 + $1.count }
            self.noteDropping(Mutation.isActive(.miscountDropped) ? 0 : count, &remarks)
            return .storeAfter(dropping: dropped)
        }
    }

    /// Applies the policy to one key alone, behind which too many wait.
    private mutating func overflow(
        behind key: String,
        _ size: Int,
        _ priority: Priority,
        _ mode: OfferMode,
        _ remarks: inout Remarks,
        _ store: OfferDecision
    ) -> OfferDecision {
        let bounds = self.settings.bounds
        switch self.settings.overflow {
        case .suspend, .reject, .coalescing:
            if mode == .handler, self.keys.waitingCount(behind: key) < bounds.parkedPerKey + bounds.cascade,
                self.boundedCount < bounds.count + bounds.cascade,
                max(self.keys.bytes, self.boundedBytes) + size <= bounds.cascadeBytes
            {
                self.keys.expect(key)
                self.isOverBound = true
                self.crowdedKey = key
                remarks.insert(.overBound)
                return store
            }
            return self.refuse(mode)
        case .dropNewest:
            return self.drop(&remarks)
        case .dropOldest:
            if !self.keys.hasOffered(behind: key) { self.park(behind: key) }
            // What is in the way is in a worker's hand, or comes from a history, where none could be parked: the new
            // message has to go.
            guard self.keys.hasOffered(behind: key) else { return self.drop(&remarks) }
            var dropped: [EntryBuffer] = []
            if self.boundedCount >= bounds.count || self.boundedBytes + size > bounds.bytes {
                guard let room = self.makeRoom(for: size, priority) else { return self.drop(&remarks) }
                dropped = room
            }
            if let oldest = self.keys.dropOldest(behind: key) { dropped.append(oldest) }
            self.keys.expect(key)
            self.noteDropping(dropped.reduce(0) { $0 + $1.count }, &remarks)
            return .storeAfter(dropping: dropped)
        }
    }

    /// Has a publisher outside wait where the policy says so, and refuses everybody else.
    private mutating func refuse(_ mode: OfferMode) -> OfferDecision {
        if mode == .outside, case .suspend = self.settings.overflow {
            // Counted when it is stored, once there is room.
            self.metrics.offered -= 1
            return .full
        }
        self.metrics.refused += 1
        return .refused
    }

    private mutating func drop(_ remarks: inout Remarks) -> OfferDecision {
        self.noteDropping(1, &remarks)
        return .dropped
    }

    private mutating func noteDropping(_ count: Int, _ remarks: inout Remarks) {
        self.metrics.dropped += count
        guard !self.isDropping else { return }
        self.isDropping = true
        remarks.insert(.dropping)
    }

    /// Drops the oldest ready entries, the least urgent first, until a new one fits; drops none and returns nil where
    /// not even all of them would do.
    private mutating func makeRoom(for size: Int, _ priority: Priority) -> [EntryBuffer]? {
        let bounds = self.settings.bounds
        let sources: [EntryBuffer]
        var count: Int
        var bytes: Int
        if priority == .critical {
            sources = self.others.map { [$0.control.ready] } ?? []
            count = self.others?.control.count ?? 0
            bytes = self.others?.control.bytes ?? 0
        } else {
            // Entries that are more urgent than the new one do not make room for it.
            sources = Priority.allCases.filter { $0 <= priority }.compactMap { self.readyBuffer(of: $0) }
            count = self.boundedCount
            bytes = self.boundedBytes
        }
        func fits() -> Bool { count < bounds.count && (count == 0 || bytes + size <= bounds.bytes) }
        var plan: [(buffer: EntryBuffer, count: Int)] = []
        for buffer in sources {
            var taken = 0
            for dropped in buffer.sizes {
                if fits() { break }
                taken += 1
                count -= 1
                bytes -= dropped
            }
            if taken > 0 { plan.append((buffer, taken)) }
        }
        guard fits() else { return nil }
        return plan.map { step in
            let dropped = EntryBuffer(layout: step.buffer.layout)
            step.buffer.move(upTo: step.count, to: dropped)
            self.keys.forget(dropped)
            return dropped
        }
    }

    /// Where entries of a priority are stored; nil where there has been none.
    func readyBuffer(of priority: Priority) -> EntryBuffer? {
        priority == self.layout.priority ? self.own.ready : self.others?[priority].ready
    }

    /// Where entries of a priority are stored, made where there has been none.
    mutating func makeReadyBuffer(of priority: Priority) -> EntryBuffer {
        if priority == self.layout.priority { return self.own.ready }
        if let others = self.others { return others[priority].ready }
        let others = OtherClasses(layout: self.layout)
        self.others = others
        return others[priority].ready
    }

    // MARK: Keys

    /// Parks what waits behind a key already, so that the oldest of it can be told apart; O(what is ready).
    private mutating func park(behind key: String) {
        for priority in [Priority.low, .normal, .high] {
            let entries = priority == self.layout.priority ? self.own : self.others?[priority]
            for buffer in entries?.all ?? [] { self.keys.park(from: buffer, behind: key) }
        }
    }

    /// Whether a message may wait behind a key that is held.
    func hasRoom(behind key: String, for size: Int = 0) -> Bool {
        let bounds = self.settings.bounds
        return self.keys.waitingCount(behind: key) < bounds.parkedPerKey && self.keys.count < bounds.parked
            && (self.keys.count == 0 || self.keys.bytes + size <= bounds.bytes)
    }
}
