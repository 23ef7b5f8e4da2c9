// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Decides everything about one group's queue: what is stored, who takes it, what becomes of it.
///
/// A plain value with no lock, task or clock: time comes in as an argument, and what is to be done goes out as a
/// result. ``Lane`` protects it and performs. Entries are in one of five places: the control queue (critical messages),
/// the front (given back by a worker), the ready queue, the delayed heap (waiting for their retry), or in flight; an
/// entry in flight that somebody holds a handle to has a slot, the others are only counted.
package struct LaneMachine: Sendable {
    /// How an offer was made, which decides what a full queue means for it.
    package enum OfferMode: Sendable {
        /// By a publisher that can wait.
        case outside
        /// By a handler, which must never wait and has an allowance instead.
        case handler
        /// By a publisher that waited and was promised room.
        case reserved
        /// By the bus itself: what was accepted before is never refused.
        case returned
    }

    package enum OfferDecision: Sendable, Equatable {
        /// Store the entry in the ready queue.
        case store
        /// Store the entry in the control queue.
        case storeUrgent
        /// Drop so many of the oldest entries, then store this one.
        case replaceOldest(Int)
        /// Do not store it; the publisher has to wait.
        case full
        /// Do not store it; the publisher gets an error.
        case refused
        /// Do not store it; it is counted as dropped.
        case dropped
        /// The queue has ended.
        case closed
    }

    /// One subscription of the group.
    package struct Member: Sendable {
        package let id: SubscriptionID
        package var isPaused = false
    }

    /// Something asleep until the machine lets it go on.
    package struct Sleeper: Sendable {
        package let id: UInt64
        /// The member that a worker works for; unused for publishers.
        package let member: SubscriptionID?
        package let continuation: UnsafeContinuation<Bool, Never>
    }

    package let settings: SubscriptionSettings
    package let control: EntryBuffer
    package let ready: EntryBuffer
    package var front: [EntryBuffer] = []
    package var delayed = DelayedEntries()
    package var slots = DeliverySlots()

    package var members: [Member] = []
    package var isClosed = false
    /// Workers that found nothing to do; the last one to fall asleep is woken first, its memory being warm.
    package var idleWorkers: [Sleeper] = []
    /// Publishers that wait for room, first come first served.
    package var suspended: [Sleeper] = []
    /// Room that was promised to publishers that have not come back yet.
    package var reserved = 0
    /// Who waits for the queue to have nothing left to do.
    package var idleWaiters: [Sleeper] = []
    package var lastSleeper: UInt64 = 0

    /// Entries, and their bytes, that a worker alone has taken in one go and not begun: they count against the bounds.
    package var held = 0
    package var heldBytes = 0
    /// Entries that a worker has taken and not settled, those with a slot included.
    package var inFlight = 0
    /// Settlements whose consequences, a dead letter or a timer, have not come about yet.
    package var unfinished = 0
    package var metrics = QueueMetrics()

    package init(settings: SubscriptionSettings, layout: PayloadLayout) {
        self.settings = settings
        self.control = EntryBuffer(layout: layout)
        self.ready = EntryBuffer(layout: layout)
    }

    // MARK: Counting

    /// Entries that could be handed to a worker now.
    package var readyCount: Int {
        var count = self.ready.count + self.control.count
        if !self.front.isEmpty { count += self.front.reduce(0) { $0 + $1.count } }
        return count
    }

    /// Entries that wait, for a worker or for their time.
    package var waitingCount: Int { self.readyCount + self.delayed.count }

    /// What all that waits counts against the bound in bytes.
    package var waitingBytes: Int {
        var bytes = self.ready.bytes + self.heldBytes + self.control.bytes + self.delayed.bytes
        if !self.front.isEmpty { bytes += self.front.reduce(0) { $0 + $1.bytes } }
        return bytes
    }

    /// Whether there is nothing to do now; what waits for its time does not count.
    package var isSettled: Bool {
        self.inFlight == 0 && self.unfinished == 0
            && (self.isClosed || self.readyCount == 0 && self.suspended.isEmpty && self.reserved == 0)
    }

    package var currentMetrics: QueueMetrics {
        var metrics = self.metrics
        metrics.inFlight = self.inFlight
        metrics.pending = self.waitingCount + self.inFlight
        return metrics
    }

    // MARK: Offering

    /// Decides about a message that is offered.
    @inline(__always)
    package mutating func offer(size: Int, isUrgent: Bool, mode: OfferMode) -> OfferDecision {
        if self.isClosed {
            if mode == .reserved { self.reserved -= 1 }
            return .closed
        }
        self.metrics.offered += 1
        // The shortest way: nothing unusual is going on and there is room.
        let bounds = self.settings.bounds
        if !isUrgent, self.suspended.isEmpty, self.reserved == 0, self.front.isEmpty, self.delayed.isEmpty {
            if self.ready.count + self.held < bounds.count,
                self.ready.bytes + self.heldBytes + size <= bounds.bytes
            {
                return .store
            }
        }
        return self.offerSlowly(size: size, isUrgent: isUrgent, mode: mode)
    }

    private mutating func offerSlowly(size: Int, isUrgent: Bool, mode: OfferMode) -> OfferDecision {
        let bounds = self.settings.bounds
        switch mode {
        case .returned:
            return isUrgent ? .storeUrgent : .store
        case .reserved:
            self.reserved -= 1
            return isUrgent ? .storeUrgent : .store
        case .outside, .handler:
            break
        }
        // The control lane has the same bound for itself, so that a backlog never shuts it.
        if isUrgent, self.control.count < bounds.count { return .storeUrgent }

        let waiting = self.waitingCount + self.held + self.reserved
        // A message larger than the bound in bytes is taken by an empty queue, or it could never be sent.
        let fits = waiting < bounds.count && (waiting == 0 || self.waitingBytes + size <= bounds.bytes)
        if fits, self.suspended.isEmpty { return .store }

        switch self.settings.overflow {
        case .suspend, .reject:
            if mode == .handler, waiting < bounds.count + bounds.cascade { return .store }
            if mode == .outside, case .suspend = self.settings.overflow {
                // Counted when it comes back with its promise.
                self.metrics.offered -= 1
                return .full
            }
            self.metrics.refused += 1
            return .refused
        case .dropNewest:
            self.metrics.dropped += 1
            return .dropped
        case .dropOldest:
            guard let count = self.countToDrop(for: size, waiting: waiting) else {
                // What is in the way waits for its retry, or is in a worker's hand: the new message has to go.
                self.metrics.dropped += 1
                return .dropped
            }
            self.metrics.dropped += count
            return .replaceOldest(count)
        }
    }

    /// How many of the oldest ready entries have to go to make room; nil where not even all of them would do.
    private func countToDrop(for size: Int, waiting: Int) -> Int? {
        let bounds = self.settings.bounds
        var count = 0
        var bytes = self.waitingBytes
        for dropped in self.ready.sizes {
            if waiting - count < bounds.count, waiting == count || bytes + size <= bounds.bytes { break }
            count += 1
            bytes -= dropped
        }
        let fits = waiting - count < bounds.count && (waiting == count || bytes + size <= bounds.bytes)
        return fits ? count : nil
    }

    /// Takes out an idle worker when there is something for it to do.
    @inline(__always)
    package mutating func workerToWake() -> Sleeper? {
        if self.idleWorkers.isEmpty { return nil }
        return self.takeIdleWorker()
    }

    private mutating func takeIdleWorker() -> Sleeper? {
        guard let index = self.idleWorkers.lastIndex(where: { !self.isPaused($0.member) }) else { return nil }
        return self.idleWorkers.remove(at: index)
    }

    package func isPaused(_ member: SubscriptionID?) -> Bool {
        self.members.first { $0.id == member }?.isPaused ?? false
    }

    package func hasMember(_ id: SubscriptionID) -> Bool {
        self.members.contains { $0.id == id }
    }

    // MARK: Taking

    package enum TakeDecision: Sendable {
        /// The worker has entries; these publishers may go on.
        case taken
        /// There is nothing for this worker now.
        case nothing
        /// The worker's subscription has ended.
        case ended
    }

    /// Hands up to a number of entries to a worker.
    ///
    /// - Parameter isAlone: whether the worker is the only one, reports its progress, and may take everything.
    package mutating func take(
        upTo count: Int,
        into buffer: EntryBuffer,
        for member: SubscriptionID,
        isAlone: Bool = false
    ) -> TakeDecision {
        guard !self.isClosed, self.hasMember(member) else { return .ended }
        guard !self.isPaused(member) else { return .nothing }
        if !self.control.isEmpty {
            self.control.move(upTo: count, to: buffer)
        } else if let first = self.front.first {
            first.move(upTo: count, to: buffer)
            if first.isEmpty { self.front.removeFirst() }
        } else if !self.ready.isEmpty {
            self.ready.move(upTo: count, to: buffer)
        } else {
            return .nothing
        }
        self.inFlight += buffer.count
        if isAlone { self.report(remaining: buffer.count - 1, bytes: buffer.bytes) }
        return .taken
    }

    /// Notes how much of what a worker alone has taken it has not begun.
    @inline(__always)
    package mutating func report(remaining: Int, bytes: Int) {
        self.held = remaining
        self.heldBytes = remaining == 0 ? 0 : bytes
    }

    /// Lets suspended publishers go on for which there is room now.
    ///
    /// With large queues, it waits until a quarter is free: a wake-up costs as much as many messages.
    package mutating func publishersToResume() -> [Sleeper] {
        guard !self.suspended.isEmpty else { return [] }
        let bound = self.settings.bounds.count
        var room = bound - self.waitingCount - self.held - self.reserved
        guard room > 0 else { return [] }
        // Where nothing is left that a worker could make room of, what there is has to do.
        guard bound < 16 || room >= bound / 4 || self.readyCount + self.held == 0 else { return [] }
        guard self.waitingBytes < self.settings.bounds.bytes else { return [] }
        var resumed: [Sleeper] = []
        while room > 0, !self.suspended.isEmpty {
            resumed.append(self.suspended.removeFirst())
            self.reserved += 1
            room -= 1
        }
        return resumed
    }

    /// Takes out those who wait for the queue to be idle, when it is.
    package mutating func settledWaiters() -> [Sleeper] {
        guard !self.idleWaiters.isEmpty, self.isSettled else { return [] }
        defer { self.idleWaiters = [] }
        return self.idleWaiters
    }

    /// Makes a name for somebody who falls asleep.
    package mutating func nextSleeperID() -> UInt64 {
        self.lastSleeper += 1
        return self.lastSleeper
    }
}
