// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

/// Decides everything about one group's queue: what is stored, who takes it, what becomes of it.
///
/// A plain value with no lock, task or clock: time comes in as an argument, and what is to be done goes out as a
/// result. ``Lane`` protects it and performs. Entries are in one of four places: ready (one class for each priority,
/// what came back before what was only offered), parked behind a key that is held, delayed (waiting for their retry),
/// or in flight; an entry in flight that somebody holds a handle to has a slot, the others are only counted.
package struct LaneMachine: Sendable {
    /// One subscription of the group.
    package struct Member: Sendable {
        package let id: SubscriptionID
        package var isPaused = false
        /// Whether each worker of it steals what others have taken ahead.
        package var isSharing = false
        /// What answers requests, where they may be handled in the requester's place.
        package var responder: Responder?
    }

    /// Something asleep until the machine lets it go on.
    package struct Sleeper: Sendable {
        package let id: UInt64
        /// The member that a worker works for; unused for publishers.
        package let member: SubscriptionID?
        /// The held key that a publisher waits for room behind; nil where it waits for room in the queue.
        package var key: String?
        /// What a publisher's message counts in bytes.
        package var size = 0
        /// Whether a publisher waits for room in the control lane.
        package var isUrgent = false
        /// What a publisher waits with; it is stored when there is room, whoever makes that.
        package var waiting: WaitingEntry?
        package let waker: Waker
    }

    /// What a publisher waits with; by reference, so that places in the order are small.
    package final class WaitingEntry: Sendable {
        package let entry: HeldEntry
        /// Since when, as uptime.
        package let since: Duration

        package init(_ entry: HeldEntry, since: Duration = .zero) {
            self.entry = entry
            self.since = since
        }
    }

    // What nearly every offer reads stands first and together: each line of the processor's cache that an offer touches
    // has to come from the worker's processor, and goes back there.

    private let shared: SharedSettings
    /// The entries of the priority that the queue's own values have.
    var own: ReadyClass
    /// The entries of other priorities, once there has been one.
    var others: OtherClasses?
    /// Entries, and their bytes, that workers have taken ahead and not begun: they count against the bounds.
    package var held = 0
    package var heldBytes = 0
    /// How many entries may wait before an offer looks closer: fewer than the bound until the queue is known to be
    /// slow.
    var fastLimit: Int
    /// Workers that found nothing to do; the last one to fall asleep is woken first, its memory being warm.
    package var idleWorkers: [Sleeper] = []
    /// Publishers that wait for room, first come first served.
    package var suspended: [Sleeper] = []
    package var isClosed = false
    /// Whether a worker that an offer has woken is on its way; it sees to it that another one is woken where it cannot
    /// do everything.
    var isWaking = false
    package var delayed = DelayedEntries()
    var keys: KeyTable
    /// Entries that a worker has taken and not settled, those with a slot included.
    package var inFlight = 0
    package var metrics = QueueMetrics()

    var merges = MergeTable()
    /// What was read ahead of a history, by priority; it is in nobody's way, hence in no bound but its own.
    var window: OtherClasses?
    /// How the history is read; nil where there is none.
    var reading: LaneReading?
    /// Whether what was read ahead comes before what was offered this time.
    var isWindowFirst = false
    package var slots = DeliverySlots()
    /// What limits how fast entries are handed over, where anything does.
    var gates: LaneGates?
    /// Until when the gates let nothing through.
    var shutUntil: Duration?
    /// Whether the gates wait for what becomes of an attempt that is under way.
    var waitsForResult = false
    /// What the circuit breaker has done, to be said once the lock is released.
    var breakerChanges: [CircuitBreakerMachine.Change] = []

    package var members: [Member] = []
    /// Places of workers that were idle, in which requesters have their requests handled.
    var lent: [LentPlace] = []
    /// How many critical entries were handed over in a row while others waited.
    var urgentRun = 0
    /// Whether there has been much room, which is given out until there is none.
    var isGiving = false
    /// Whether a publisher has waited for so long that any room at all is given out.
    package var isImpatient = false
    /// Who waits for the queue to have nothing left to do.
    package var idleWaiters: [Sleeper] = []
    package var lastSleeper: UInt64 = 0

    /// When the oldest of the entries was accepted that workers have taken ahead.
    var heldSince: Timestamp?
    /// Settlements whose consequences, a dead letter or a timer, have not come about yet.
    package var unfinished = 0

    /// Whether it was said that the queue is slow, and it has not recovered since.
    var isSlow = false
    /// The key behind which so much waits that the queue is slow.
    var slowKey: String?
    /// Whether it was said that messages are dropped, and the queue has not recovered since.
    var isDropping = false
    /// Whether handlers have published above the bound, so that their own queues are held back.
    var isOverBound = false
    /// The key behind which handlers have published more than may wait there.
    var crowdedKey: String?
    /// How many queues this one's handlers have pushed over their bounds; it hands nothing over meanwhile.
    var heldBackBy = 0
    /// Whether what is ready could not be parked, because too much is parked already.
    var isJammed = false

    package init(_ shared: SharedSettings, layout: PayloadLayout) {
        let settings = shared.settings
        self.shared = shared
        self.own = ReadyClass(layout: layout)
        self.keys = KeyTable(layout: layout)
        self.fastLimit = Self.slowMark(settings.bounds)
        self.gates = LaneGates(throttle: settings.throttle, breaker: settings.circuitBreaker)
    }

    /// How many entries make a queue slow: three quarters of the bound.
    static func slowMark(_ bounds: QueueBounds) -> Int { max(1, bounds.count - bounds.count / 4) }

    package var settings: SubscriptionSettings { self.shared.settings }

    package var layout: PayloadLayout { self.own.ready.layout }

    // MARK: Counting

    /// Entries that could be handed to a worker, as far as keys are known.
    package var readyCount: Int {
        guard let others = self.others else { return self.own.count }
        return self.own.count + others.count + others.control.count + (self.window?.total ?? 0)
    }

    /// Entries that wait in the queue's bounds: ready or delayed, critical and parked ones apart.
    var boundedCount: Int {
        self.own.count + (self.others?.count ?? 0) + self.delayed.count + self.held
    }

    /// What they count in bytes.
    var boundedBytes: Int {
        self.own.bytes + (self.others?.bytes ?? 0) + self.delayed.bytes + self.heldBytes
    }

    /// Whether a worker would find something to take now.
    var hasWork: Bool {
        guard self.readyCount > 0 || self.canRead, !self.isShut else { return false }
        if let others = self.others, !others.control.isEmpty { return true }
        if let window = self.window, !window.control.isEmpty { return true }
        return !self.isBlocked
    }

    /// Whether a gate lets nothing through now.
    var isShut: Bool { self.shutUntil != nil || self.waitsForResult }

    /// Whether nothing but critical entries is handed over now.
    var isBlocked: Bool { self.isJammed || self.isHeldUp }

    /// Whether another queue, or the one entry that strict order allows, has to go on first.
    var isHeldUp: Bool {
        self.heldBackBy > 0
            || self.settings.ordering == .strict
                && (self.inFlight > 0 || !self.delayed.isEmpty && !Mutation.isActive(.ignoreStrictOrder))
    }

    /// Whether something unusual decides who gets what, so that one worker's end may be another one's start.
    var isOrderly: Bool { !self.keys.isEmpty || self.gates != nil || self.settings.ordering == .strict }

    /// When something that waits for its time has it.
    package var nextDue: Duration? {
        let shut = self.readyCount > 0 ? self.shutUntil : nil
        return [self.delayed.earliest, shut].compactMap { $0 }.min()
    }

    /// Whether there is nothing to do now; what waits for its time, or for a key that does, does not count.
    package var isSettled: Bool {
        guard self.inFlight == 0, self.unfinished == 0 else { return false }
        return self.isClosed || !self.hasWork
    }

    package var currentMetrics: QueueMetrics {
        var metrics = self.metrics
        // A worker alone reports what it has handled and what it has begun together, so that the difference is right.
        metrics.inFlight = self.inFlight - min(self.held, self.inFlight)
        metrics.pending = self.readyCount + self.delayed.count + self.keys.count + self.inFlight
        return metrics
    }

    // Both go through the members where they are: a closure over them would have the whole machine copied, under the lock.

    package func isPaused(_ member: SubscriptionID?) -> Bool {
        for index in self.members.indices where self.members[index].id == member { return self.members[index].isPaused }
        return false
    }

    package func hasMember(_ id: SubscriptionID?) -> Bool {
        for index in self.members.indices where self.members[index].id == id { return true }
        return false
    }

    /// Makes a name for somebody who falls asleep.
    package mutating func nextSleeperID() -> UInt64 {
        self.lastSleeper += 1
        return self.lastSleeper
    }

    // MARK: Waking

    /// Takes out an idle worker for what was offered, unless one is on its way already: a burst wakes one, not all.
    @inline(__always)
    package mutating func workerForOffer() -> Sleeper? {
        if self.idleWorkers.isEmpty || self.isWaking { return nil }
        return self.takeWorkerForOffer()
    }

    private mutating func takeWorkerForOffer() -> Sleeper? {
        let worker = self.takeIdleWorker()
        self.isWaking = worker != nil
        return worker
    }

    private mutating func takeIdleWorker() -> Sleeper? {
        guard let index = self.idleWorkers.lastIndex(where: { !self.isPaused($0.member) }) else { return nil }
        return self.idleWorkers.remove(at: index)
    }

    /// Takes out an idle worker where there is something for it to do.
    mutating func workerForWork() -> Sleeper? {
        self.idleWorkers.isEmpty || !self.hasWork ? nil : self.takeIdleWorker()
    }

    /// Takes out as many idle workers as there are entries for.
    mutating func workersForWork() -> [Sleeper] {
        var workers: [Sleeper] = []
        guard self.hasWork else { return [] }
        // Where nothing is ready and a history can be read, one reads, and wakes the next.
        while workers.count < max(self.readyCount, 1), !self.idleWorkers.isEmpty, let worker = self.takeIdleWorker() {
            workers.append(worker)
        }
        return workers
    }

    /// Notes that the queue is below its bound again after handlers had pushed it over; returns whether it has just
    /// become so.
    mutating func recovers() -> Bool {
        guard self.isOverBound, self.boundedCount < self.settings.bounds.count,
            self.boundedBytes <= self.settings.bounds.bytes
        else { return false }
        if let key = self.crowdedKey, self.keys.isHeld(key), !self.hasRoom(behind: key) { return false }
        self.crowdedKey = nil
        self.isOverBound = false
        // Until those that it held back have been let go, there is something left to do.
        self.unfinished += 1
        return true
    }

    /// Takes out those who wait for the queue to be idle, when it is.
    package mutating func settledWaiters() -> [Sleeper] {
        guard !self.idleWaiters.isEmpty, self.isSettled else { return [] }
        defer { self.idleWaiters = [] }
        return self.idleWaiters
    }
}
