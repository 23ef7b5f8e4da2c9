// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    /// Says what a member answers requests with.
    package func setResponder(_ responder: Responder, for member: SubscriptionID) {
        self.state.withLock { state in
            guard let index = state.machine.members.firstIndex(where: { $0.id == member }) else { return }
            state.machine.members[index].responder = responder
        }
    }

    /// Lends the place of a worker that sleeps; see ``LaneMachine/lend(for:)``. It has to be given back.
    package func lend(for kind: Responder.Kind) -> LaneMachine.Loan? {
        self.state.withLock { $0.machine.lend(for: kind) }
    }

    /// Gives a place back once what was handled in it has ended.
    package func giveBack(place id: UInt64) {
        let effects = self.state.withLock { state -> Effects in
            var effects = Effects()
            effects.worker = state.machine.takeBack(place: id)
            if !state.machine.idleWaiters.isEmpty { effects.waiters = state.machine.settledWaiters() }
            return effects
        }
        self.perform(effects)
    }

    /// Says what handles a request in a place, so that it is cancelled when the place's worker is.
    package func note(_ task: Task<Void, Never>, inPlace id: UInt64) {
        let goesOn = self.state.withLock { $0.machine.note(task, inPlace: id) }
        if !goesOn { task.cancel() }
    }
}
