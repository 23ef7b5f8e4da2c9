// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    /// What became of a publisher that waited for room.
    package enum RoomOutcome: Sendable {
        /// There was room, and the queue has the message.
        case stored
        case closed
        case cancelled
        case timedOut
    }

    /// Waits for room and has the message stored there, first come first served; with any other outcome than `stored` it
    /// was not, and will not be.
    ///
    /// Room is mostly given out a quarter of the queue at a time, because a wake-up costs as much as many messages; who
    /// has waited for a while gets any.
    package func waitForRoom(for entry: HeldEntry, atMost limit: Duration) async -> RoomOutcome {
        let message = entry.message
        let waiting = LaneMachine.WaitingEntry(entry, since: self.clock.uptime())
        let id = self.state.withLock { $0.machine.nextSleeperID() }
        let flag = SharedFlag()
        let timers = Timers(self.clock)
        let now = self.clock.now
        self.times.withLock { $0.publishers[id] = now }
        defer { self.times.withLock { $0.publishers[id] = nil } }
        let isStored = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let size = message.payload.estimatedSize
                let sleeper = LaneMachine.Sleeper(
                    id: id,
                    member: nil,
                    size: size,
                    isUrgent: message.priority == .critical,
                    waiting: waiting,
                    waker: .task(continuation)
                )
                let (isWaiting, patience) = self.state.withLock { state -> (Bool, UInt64?) in
                    guard !state.machine.isClosed, !Task.isCancelled, !flag.isRaised else { return (false, nil) }
                    state.machine.suspend(sleeper, for: message.routingKey)
                    let isFirst = state.patience == nil && self.settings.bounds.count >= LaneMachine.largeCount
                    return (true, isFirst ? state.nextPatience() : nil)
                }
                if !isWaiting { sleeper.waker.resume(returning: false) }
                // Not before the publisher has its place in the order.
                timers.add(
                    self.clock.schedule(at: self.clock.deadline(after: limit)) {
                        flag.raise()
                        self.wakePublisher(id)
                    }
                )
                if let patience { self.setPatience(patience, self.clock.deadline(after: LaneMachine.patience)) }
                // The queue may have been drained between the offer and now.
                self.giveRoom()
            }
        } onCancel: {
            self.wakePublisher(id)
        }
        timers.cancel()
        self.endPatience()
        if isStored { return .stored }
        if self.state.withLock({ $0.machine.isClosed }) { return .closed }
        return flag.isRaised ? .timedOut : .cancelled
    }

    private func wakePublisher(_ id: UInt64) {
        let sleeper = self.state.withLock { state -> LaneMachine.Sleeper? in
            guard let index = state.machine.suspended.firstIndex(where: { $0.id == id }) else { return nil }
            return state.machine.suspended.remove(at: index)
        }
        guard let sleeper else { return }
        sleeper.waker.resume(returning: false)
        // It may have been in the way of smaller messages.
        self.giveRoom()
    }

    private func giveRoom() {
        let given = self.state.withLock { self.giveRoom(&$0) }
        for sleeper in given { sleeper.waker.resume(returning: true) }
    }

    /// Stores what publishers wait with for whom there is room; returns who is to be woken once the lock is released.
    @inline(__always)
    func giveRoom(_ state: inout State) -> [LaneMachine.Sleeper] {
        if state.machine.suspended.isEmpty { return [] }
        let given = state.machine.giveRoom()
        if given.isUrgent { self.callAttention() }
        return given.sleepers
    }
}

/// A flag that one side raises and another side reads.
private final class SharedFlag: Sendable {
    private let value = Atomic<Bool>(false)
    var isRaised: Bool { self.value.load(ordering: .acquiring) }
    func raise() { self.value.store(true, ordering: .releasing) }
}

/// The timers of one wait, which may be over before they are set.
private final class Timers: Sendable {
    private let clock: any BusClock
    private let state = Mutex((timers: [TimerID](), isOver: false))

    init(_ clock: any BusClock) {
        self.clock = clock
    }

    func add(_ timer: TimerID) {
        let isLate = self.state.withLock { state in
            if !state.isOver { state.timers.append(timer) }
            return state.isOver
        }
        if isLate { self.clock.cancel(timer) }
    }

    func cancel() {
        let timers = self.state.withLock { state in
            state.isOver = true
            return state.timers
        }
        for timer in timers { self.clock.cancel(timer) }
    }
}
