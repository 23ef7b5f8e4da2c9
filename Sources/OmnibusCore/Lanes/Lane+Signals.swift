// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    /// Says what an offer has brought about; no lock is held.
    func perform(_ remarks: LaneMachine.Remarks) {
        if remarks.contains(.overBound) { self.pressure.pushed(by: DeliveryScope.active?.lane, over: self) }
        if remarks.contains(.slow) {
            let count = self.metrics.pending
            let now = self.clock.now
            self.times.withLock { $0.slow = now }
            self.signals.send {
                BusSignal(
                    .slow,
                    queue: self.identity,
                    count: count,
                    message: """
                        \(count) messages wait, and there is room for few more, in all, in bytes or behind one key \
                        (\(self.settings.bounds.count), \(self.settings.bounds.bytes) and \
                        \(self.settings.bounds.parkedPerKey) at most): its handlers are slower than \
                        its publishers. Handle faster, raise 'concurrency', or add members to the group.
                        """
                )
            }
        }
        if remarks.contains(.dropping) {
            let count = self.metrics.dropped
            self.signals.send {
                BusSignal(
                    .dropping,
                    queue: self.identity,
                    count: count,
                    message: """
                        The queue is full and has begun to drop messages, \(count) so far. \
                        Handle faster, raise 'bounds', or choose another overflow policy.
                        """
                )
            }
        }
    }

    /// Says what the circuit breaker has done; no lock is held.
    func perform(_ changes: [CircuitBreakerMachine.Change]) {
        for change in changes {
            switch change {
            case .opened(let end):
                let cooldown = end - self.clock.uptime()
                let now = self.clock.now
                self.times.withLock { $0.breaker = $0.breaker ?? now }
                self.signals.send {
                    BusSignal(
                        .breakerOpened,
                        queue: self.identity,
                        count: 0,
                        message: "Handling keeps failing; nothing is handed over for \(cooldown). Messages wait."
                    )
                }
            case .closed:
                self.times.withLock { $0.breaker = nil }
                self.signals.send {
                    BusSignal(.breakerClosed, queue: self.identity, count: 0, message: "Handling succeeds again.")
                }
            }
        }
    }

    // MARK: Back pressure

    /// Whether handlers have published above the bound, and it is still exceeded.
    var isOverBound: Bool { self.state.withLock { $0.machine.isOverBound } }

    /// Hands nothing over until ``letGo()``, critical messages excepted.
    func holdBack() {
        self.state.withLock { $0.machine.heldBackBy += 1 }
        self.callAttention()
    }

    func letGo() {
        if Mutation.isActive(.neverLetGo) { return }
        let workers = self.state.withLock { state -> [LaneMachine.Sleeper] in
            state.machine.heldBackBy -= 1
            return state.machine.workersForWork()
        }
        for worker in workers { worker.waker.resume(returning: true) }
    }
}
