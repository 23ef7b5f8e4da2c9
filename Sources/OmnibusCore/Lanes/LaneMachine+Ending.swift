// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension LaneMachine {
    /// What is left to do once a queue has ended.
    package struct Ending: Sendable {
        /// Everybody who is asleep.
        package var sleepers: [Sleeper] = []
        /// What was abandoned, to be released when no lock is held: payloads may have code of their own.
        package var buffers: [EntryBuffer] = []
        package var delayed = DelayedEntries()
    }

    /// Ends the queue: what waits in it is abandoned; what is in flight may still be settled.
    package mutating func close() -> Ending {
        guard !self.isClosed else { return Ending() }
        self.isClosed = true
        let waiting = self.readyCount + self.delayed.count + self.keys.count
        var ending = Ending(buffers: self.own.removeAll(), delayed: self.delayed)
        self.own.ready.freeMemory()
        ending.buffers += self.others?.removeAll() ?? []
        ending.buffers += self.window?.removeAll() ?? []
        ending.buffers += self.keys.removeAll()
        let kept = self.park(ending)
        self.metrics.offered -= kept
        if !Mutation.isActive(.miscountAbandoned) { self.metrics.abandoned += waiting - kept }
        self.others = nil
        self.delayed = DelayedEntries()
        self.members = []
        self.isOverBound = false
        ending.sleepers = self.idleWorkers + self.suspended + self.settledWaiters()
        self.idleWorkers = []
        self.suspended = []
        return ending
    }
}
