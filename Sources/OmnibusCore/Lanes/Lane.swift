// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import Synchronization

/// The queue of one group: protects a ``LaneMachine`` and does what it decides.
///
/// Nothing foreign runs under the lock: continuations are resumed, dead letters handed over and timers set after it.
package final class Lane: Sendable {
    struct State: Sendable {
        var machine: LaneMachine
        /// The timer for what waits in the queue, and when it is due; it has no id while it is being set.
        var timer: (number: UInt64, id: TimerID?, due: Duration)?
        var lastTimer: UInt64 = 0
        /// The timer by which publishers that wait for much room are given any; no id while it is being set.
        var patience: (number: UInt64, id: TimerID?)?
        /// What workers have taken ahead, where several take.
        var workQueues: [WorkQueue] = []

        /// Has the machine know what those workers have done and not reported; O(workers).
        mutating func catchUp() {
            for queue in self.workQueues { self.machine.note(queue.takeProgress()) }
        }
    }

    /// Raised to have workers give back what they have not handled: something more urgent has come, or a member ends.
    ///
    /// Workers read it for every message, and publishers write to `state`: it stands as far from that as it can, so that
    /// the two are not in one cache line.
    package let attention = Atomic<Int>(0)
    /// The queue's number, unique for its broker.
    package let id: UInt64
    package let pattern: TopicPattern
    package let group: String?
    package let layout: PayloadLayout
    @usableFromInline package let shared: SharedSettings
    package let defaults: MessageDefaults
    package let clock: any BusClock

    let signals: SignalHub
    /// Which queues are held back because their handlers have filled others.
    let pressure: BackPressure
    let giveUp: @Sendable (Lane, HeldEntry, DeadLetter.Reason) -> Void
    let state: Mutex<State>
    /// Since when something is wrong with the queue, for reports.
    let times = Mutex(LaneTimes())

    /// Creates a queue.
    ///
    /// - Parameters:
    ///   - signals: where it is said that the queue is slow, or drops messages.
    ///   - pressure: what the queues of one host have in common, so that one can hold back another.
    ///   - giveUp: keeps a message that was given up on; it is called with no lock held.
    package init(
        id: UInt64,
        pattern: TopicPattern,
        settings: SubscriptionSettings,
        layout: PayloadLayout,
        defaults: MessageDefaults,
        clock: any BusClock,
        signals: SignalHub,
        pressure: BackPressure,
        giveUp: @escaping @Sendable (Lane, HeldEntry, DeadLetter.Reason) -> Void
    ) {
        self.id = id
        self.pattern = pattern
        self.group = settings.group
        self.layout = layout
        self.shared = SharedSettings(settings)
        self.defaults = defaults
        self.clock = clock
        self.signals = signals
        self.pressure = pressure
        self.giveUp = giveUp
        self.state = Mutex(State(machine: LaneMachine(self.shared, layout: layout)))
    }

    /// Inlined where it is asked for one of them, so that nobody copies them all.
    @inlinable package var settings: SubscriptionSettings { self.shared.settings }

    /// Whether offers need a whole message, because a function of the user's looks at it.
    package var looksAtMessages: Bool { self.settings.overflow.coalescing != nil }

    /// The queue's name in errors and reports.
    package var name: String { self.identity.description }

    /// Which queue this is, for reports.
    package var identity: QueueIdentity {
        QueueIdentity(pattern: self.pattern, group: self.group, callSite: self.settings.callSite)
    }

    package var metrics: QueueMetrics {
        self.state.withLock { state in
            state.catchUp()
            return state.machine.currentMetrics
        }
    }

    /// How many messages have been offered so far, and whether there is nothing to do now.
    package var activity: (offered: Int, isSettled: Bool) {
        self.state.withLock { ($0.machine.metrics.offered, $0.machine.isSettled) }
    }

    // MARK: Offering

    package enum OfferOutcome: Sendable, Equatable {
        /// The queue has the message, or has dropped it by its overflow policy.
        case accepted
        /// The queue is full; ``waitForRoom(for:atMost:)`` stores the message as soon as there is room.
        case full
        /// The queue is full and its policy, or the caller, does not wait.
        case refused
        /// The queue has ended.
        case closed
    }

    /// What is left to do when the caller holds no lock any more.
    package struct AfterOffer: Sendable {
        var worker: Waker?
        /// What had to make room; it may hold values of types with code of their own.
        var dropped: [EntryBuffer] = []
        var remarks: LaneMachine.Remarks = []
        /// The queue that the remarks are about.
        var lane: Lane?

        package init() {}

        /// Whether there is anything to do.
        package var isNeeded: Bool { self.worker != nil || self.lane != nil }

        /// Wakes a worker, and says what there is to say.
        @inline(__always)
        package func perform() {
            self.worker?.resume(returning: true)
            if let lane = self.lane { lane.perform(self.remarks) }
        }
    }

    /// Offers an event of the queue's own type, which is copied.
    ///
    /// The caller may hold a lock of its own; it performs what is handed back when it holds none.
    package func offer(copying event: OfferedEvent, key: String?, _ after: inout AfterOffer) -> OfferOutcome {
        self.offer(size: Int(event.size), priority: event.priority, key: key, mode: event.mode, &after) { queue in
            _ = queue.append(copying: event, key: key)
        }
    }

    /// Offers values of the queue's own type that lie one behind the other, until one does not go the shortest way.
    ///
    /// - Parameters:
    ///   - facts: what is to be known of each value.
    ///   - makeID: makes the id of the next one that is taken.
    ///   - workers: who is to be woken once the caller holds no lock any more.
    /// - Returns: how many the queue has taken; nothing has happened to the others.
    package func offer(
        run values: UnsafeRawPointer,
        _ facts: UnsafeBufferPointer<ValueFacts>,
        rare: RareEntry?,
        origin: UInt16,
        priority: Priority,
        workers: inout [Waker],
        makeID: () -> (high: UInt64, low: UInt64)
    ) -> Int {
        self.state.withLock { state in
            var count = 0
            var bytes = 0
            while count < facts.count,
                state.machine.offersSimply(
                    size: Int(facts[count].size),
                    priority: priority,
                    before: (count, bytes)
                )
            {
                bytes += Int(facts[count].size)
                count += 1
            }
            let flags = EntryHeader.Flags(priority)
            let isStored =
                count > 0
                && state.machine.own.ready.append(copying: values, facts[..<count], bytes: bytes) { fact in
                    let id = makeID()
                    return EntryHeader(
                        idHigh: id.high,
                        idLow: id.low,
                        origin: origin,
                        size: fact.size,
                        rare: rare,
                        flags: flags
                    )
                }
            guard isStored else { return 0 }
            if let worker = state.machine.workerForOffer() { workers.append(worker.waker) }
            return count
        }
    }

    /// Offers a message of any kind.
    package func offer(_ entry: HeldEntry, mode: LaneMachine.OfferMode) -> OfferOutcome {
        var after = AfterOffer()
        let outcome = self.offer(entry, mode: mode, &after)
        after.perform()
        return outcome
    }

    /// Offers a message that is offered to other queues too; the caller performs what is handed back after that, so that
    /// nothing that the message causes comes to another queue before it.
    package func offer(_ entry: HeldEntry, mode: LaneMachine.OfferMode, _ after: inout AfterOffer) -> OfferOutcome {
        if let coalescing = self.settings.overflow.coalescing {
            return self.offer(entry, mode: mode, coalescing: coalescing, &after)
        }
        let message = entry.message
        let size = message.payload.estimatedSize
        return self.offer(size: size, priority: message.priority, key: message.routingKey, mode: mode, &after) {
            queue in
            queue.append(entry, size: UInt32(clamping: size))
        }
    }

    @inline(__always)
    private func offer(
        size: Int,
        priority: Priority,
        key: @autoclosure () -> String?,
        mode: LaneMachine.OfferMode,
        _ after: inout AfterOffer,
        _ append: (EntryBuffer) -> Void
    ) -> OfferOutcome {
        self.state.withLock { state -> OfferOutcome in
            self.offer(size: size, priority: priority, key: key(), mode: mode, &state, &after, append)
        }
    }

    /// Offers a message, boxed, with the lock held.
    func offer(
        _ entry: HeldEntry,
        mode: LaneMachine.OfferMode,
        _ state: inout State,
        _ after: inout AfterOffer
    ) -> OfferOutcome {
        let message = entry.message
        return self.offer(
            size: message.payload.estimatedSize,
            priority: message.priority,
            key: message.routingKey,
            mode: mode,
            &state,
            &after
        ) { queue in
            queue.append(boxed: entry.header)
        }
    }

    @inline(__always)
    private func offer(
        size: Int,
        priority: Priority,
        key: @autoclosure () -> String?,
        mode: LaneMachine.OfferMode,
        _ state: inout State,
        _ after: inout AfterOffer,
        _ append: (EntryBuffer) -> Void
    ) -> OfferOutcome {
        let decision = state.machine.offer(size: size, priority: priority, key: key(), mode: mode, &after.remarks)
        if !after.remarks.isEmpty { after.lane = self }
        switch decision {
        case .store:
            append(state.machine.own.ready)
        case .storeRanked:
            self.append(append, priority, &state.machine)
        case .storeAfter(let dropped):
            after.dropped = dropped
            append(state.machine.makeReadyBuffer(of: priority))
        case .full:
            return .full
        case .refused:
            return .refused
        case .dropped:
            return .accepted
        case .closed:
            return .closed
        }
        after.worker = state.machine.workerForOffer()?.waker
        return .accepted
    }

    /// Stores an entry of another priority than the queue's own one.
    private func append(_ append: (EntryBuffer) -> Void, _ priority: Priority, _ machine: inout LaneMachine) {
        append(machine.makeReadyBuffer(of: priority))
        if machine.goesFirst(priority) { self.callAttention() }
    }

    /// Counts a message that the subscription's predicate did not want.
    package func countFiltered() {
        self.state.withLock { state in
            state.machine.metrics.offered += 1
            state.machine.metrics.filtered += 1
        }
    }

    /// Counts messages that were gone before they could be fetched.
    package func countMissed(_ count: Int) {
        self.state.withLock { state in
            state.machine.metrics.offered += count
            state.machine.metrics.missed += count
        }
    }

    package func callAttention() {
        self.attention.wrappingAdd(1, ordering: .releasing)
    }
}
