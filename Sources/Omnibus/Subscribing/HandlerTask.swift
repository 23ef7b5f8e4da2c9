// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A task that runs the handlers of a subscription; that of a queue begins when there is a message for it.
///
/// Until then it is this object alone: a task that sleeps holds five kilobytes, and starting one takes longer than the
/// rest of subscribing.
final class HandlerTask: Sendable {
    private enum State {
        /// It has not begun.
        case waiting
        case running(Task<Void, Never>)
        case cancelled
    }

    private let id: SubscriptionID
    // It keeps the bus alive: a program may well use its bus for the last time before the handlers are done.
    private let bus: EventBus
    /// Where it waits for its first message; nil where it asks for messages from the start.
    private let queue: Lane?
    /// The place where it waits there, in which others may handle what they have asked for.
    private let place: UInt64
    private let work: @Sendable () async -> Void
    private let remaining: Countdown
    private let state = Mutex(State.waiting)
    /// Resolved when the work has ended, or will never begin.
    let ended = Pending<Bool>()

    /// - Parameters:
    ///   - remaining: counts the tasks of the subscription that have not ended.
    ///   - work: works until the subscription has ended.
    init(
        for id: SubscriptionID,
        on bus: EventBus,
        _ queue: Lane?,
        remaining: Countdown,
        _ work: @escaping @Sendable () async -> Void
    ) {
        self.id = id
        self.bus = bus
        self.queue = queue
        self.place = queue?.newPlace() ?? 0
        self.work = work
        self.remaining = remaining
    }

    /// Begins, or waits for the queue to have something.
    func start() {
        guard let queue = self.queue else { return self.begin() }
        queue.add(WaitingWorker { hasWork in hasWork ? self.begin() : self.end() }, place: self.place, for: self.id)
    }

    /// Cancels the handler that runs; one that waits never begins, or is cancelled from the start.
    func cancel() {
        let (task, isWaiting) = self.state.withLock { state -> (Task<Void, Never>?, Bool) in
            defer { state = .cancelled }
            switch state {
            case .waiting: return (nil, true)
            case .running(let task): return (task, false)
            case .cancelled: return (nil, false)
            }
        }
        task?.cancel()
        if isWaiting { self.queue?.cancel(place: self.place) }
    }

    private func begin() {
        // Detached, so that handlers inherit no actor, no priority and no task-local value of whoever publishes.
        let task = self.bus.environment.detach { () async -> Void in
            self.queue?.workerBegan()
            await self.work()
            self.end()
        }
        let isCancelled = self.state.withLock { state in
            if case .cancelled = state { return true }
            state = .running(task)
            return false
        }
        if isCancelled { task.cancel() }
    }

    private func end() {
        if self.remaining.isLast { self.bus.subscriptions.workEnded(self.id) }
        self.ended.resolve(true)
    }
}
