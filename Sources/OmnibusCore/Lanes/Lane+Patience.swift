// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

// One timer for all publishers that wait in a queue: it is set by the first of them, and cancelled by the last.

extension Lane {
    /// Cancels the timer where nobody waits any more.
    func endPatience() {
        let timer = self.state.withLock { state -> TimerID? in
            guard state.patience != nil, state.machine.suspended.isEmpty else { return nil }
            defer { state.patience = nil }
            return state.patience?.id
        }
        if let timer { self.clock.cancel(timer) }
    }

    /// Sets a timer that has been noted.
    func setPatience(_ number: UInt64, _ due: Duration) {
        let timer = self.clock.schedule(at: due) { [weak self] in self?.losePatience(number) }
        let isCurrent = self.state.withLock { state -> Bool in
            guard state.patience?.number == number else { return false }
            state.patience?.id = timer
            return true
        }
        // It is over, or has been over and begun anew, since the number was made.
        if !isCurrent { self.clock.cancel(timer) }
    }

    /// Gives out what room there is where somebody has waited too long, and has workers say how far they have got.
    private func losePatience(_ number: UInt64) {
        let now = self.clock.uptime()
        var given: [LaneMachine.Sleeper] = []
        var isImpatient = false
        let next = self.state.withLock { state -> (number: UInt64, due: Duration)? in
            guard state.patience?.number == number else { return nil }
            state.patience = nil
            guard let due = state.machine.losePatience(now: now) else { return nil }
            isImpatient = state.machine.isImpatient
            given = self.giveRoom(&state)
            return state.machine.suspended.isEmpty ? nil : (state.nextPatience(), due)
        }
        for sleeper in given { sleeper.waker.resume(returning: true) }
        guard let next else { return }
        if isImpatient { self.callAttention() }
        self.setPatience(next.number, next.due)
    }
}

extension Lane.State {
    /// Notes a timer that is about to be set; returns its number.
    mutating func nextPatience() -> UInt64 {
        self.lastTimer += 1
        self.patience = (self.lastTimer, nil)
        return self.lastTimer
    }
}
