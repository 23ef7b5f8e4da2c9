// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    /// Lets the queue read a history too.
    ///
    /// No worker is woken: there is nothing to read yet, or no worker yet. The caller may hold the table's lock, and
    /// hands what is returned to ``finish(_:)`` when it holds none.
    ///
    /// - Parameter cursor: what the group's last queue has left.
    package func attach(_ source: any LaneSource, resuming cursor: LogCursor) -> LaneReading.Taken {
        let reading = LaneReading(
            source,
            isNamed: self.group != nil,
            resuming: cursor,
            limit: self.settings.bounds.count
        )
        let now = self.clock.uptime()
        return self.state.withLock { $0.machine.attach(reading, now: now) }
    }

    /// Notes that the history has more than the queue has read; call it with no lock held.
    package func logHasGrown(to sequence: Int64) {
        let worker = self.state.withLock { state -> LaneMachine.Sleeper? in
            state.machine.reading?.grown(to: sequence)
            return state.machine.workerForWork()
        }
        worker?.waker.resume(returning: true)
    }

    /// Goes on reading elsewhere: what was read ahead is dropped, what was begun goes on to its end.
    package func seek(to start: StartPosition) {
        let (dropped, worker, waiters) = self.state.withLock { state in
            let dropped = state.machine.seek(to: start)
            let worker = state.machine.workerForWork()
            return (dropped, worker, state.machine.settledWaiters())
        }
        worker?.waker.resume(returning: true)
        for sleeper in waiters { sleeper.waker.resume(returning: true) }
        // Payloads may have code of their own, and end here, where no lock is held.
        withExtendedLifetime(dropped) {}
    }

    /// Takes out of what a worker has taken what the subscription's predicate does not want of a history.
    ///
    /// What is offered passed the predicate before; what is read meets it here, where no lock is held.
    func filter(_ buffer: EntryBuffer) {
        guard let predicate = self.settings.predicate else { return }
        let taken = EntryBuffer(layout: buffer.layout)
        buffer.move(upTo: buffer.count, to: taken)
        taken.epoch = buffer.epoch
        while !taken.isEmpty {
            // What has been tried was wanted.
            let rare = taken.first.pointee.attempts == 0 ? taken.first.pointee.rare : nil
            if rare?.log != nil, let message = rare?.box, !predicate.matches(message) {
                let entry = taken.takeFirst(self.defaults)
                _ = self.decide { $0.filterOut(entry) }
            } else {
                taken.move(upTo: 1, to: buffer)
            }
        }
    }

    /// Does what follows from reading, when no lock is held: sets the timer for what waits, and says what was missed.
    package func finish(_ taken: LaneReading.Taken) {
        if let due = taken.delayed.map(\.due).min() { self.arm(due) }
        guard taken.missed > 0 else { return }
        self.signals.send {
            BusSignal(
                .gap,
                queue: self.identity,
                // What a wildcard has missed may have been of many topics.
                topic: self.pattern.literalTopic,
                count: taken.missed,
                message: """
                    \(self.name) has missed \(taken.missed) messages, which retention removed before they were read; \
                    handle faster, or keep more.
                    """
            )
        }
    }
}
