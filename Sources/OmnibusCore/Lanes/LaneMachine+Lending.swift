// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// Whoever asks and waits for the answer has a thread that nobody needs meanwhile. Where a worker sleeps and nothing is
// queued, the requester takes the worker's place and has the request handled there: two wake-ups less. The queue counts
// it like any other entry, and at no time handles more than it has workers.

extension LaneMachine {
    /// The place of a worker that sleeps, while a requester has it.
    struct LentPlace: Sendable {
        /// Another one each time that the place is lent.
        let id: UInt64
        var sleeper: Sleeper
        /// Whether the worker's task was cancelled meanwhile, so that it has to go on when it gets its place back.
        var isRecalled = false
        /// What handles the request, once it has had to wait for something.
        var task: Task<Void, Never>?
    }

    /// A place that was lent, and what to answer with.
    package struct Loan: Sendable {
        package let id: UInt64
        package let responder: Responder
    }

    /// Lends the place of a worker that answers such requests, and counts an entry that is offered and begun at once.
    ///
    /// Nil where something waits, or something unusual decides who gets what.
    mutating func lend(for kind: Responder.Kind) -> Loan? {
        guard !self.isClosed, self.readyCount == 0, self.delayed.isEmpty, self.reading == nil, !self.isOrderly,
            self.heldBackBy == 0, self.held == 0, self.suspended.isEmpty
        else { return nil }
        guard let sleeper = self.idleWorkers.last, sleeper.id != 0,
            let responder = self.responder(of: sleeper.member), responder.kind == kind, !responder.isSlow
        else { return nil }
        self.idleWorkers.removeLast()
        let id = self.nextSleeperID()
        self.lent.append(LentPlace(id: id, sleeper: sleeper))
        self.metrics.offered += 1
        self.inFlight += 1
        return Loan(id: id, responder: responder)
    }

    /// What a member that is not paused answers with.
    private func responder(of member: SubscriptionID?) -> Responder? {
        for index in self.members.indices where self.members[index].id == member {
            return self.members[index].isPaused ? nil : self.members[index].responder
        }
        return nil
    }

    /// Acknowledges what was handled in a place, which the worker has again; returns the worker if it has to go on.
    mutating func takeBack(place id: UInt64) -> Sleeper? {
        self.complete(1)
        guard let index = self.lent.firstIndex(where: { $0.id == id }) else { return nil }
        let place = self.lent.remove(at: index)
        let member = place.sleeper.member
        let mustGoOn =
            self.isClosed || place.isRecalled || !self.hasMember(member)
            || self.hasWork && !self.isPaused(member)
        if mustGoOn { return place.sleeper }
        self.idleWorkers.append(place.sleeper)
        return nil
    }

    /// Notes what handles a request in a place; returns false where it is to be cancelled.
    mutating func note(_ task: Task<Void, Never>, inPlace id: UInt64) -> Bool {
        guard let index = self.lent.firstIndex(where: { $0.id == id }) else { return true }
        self.lent[index].task = task
        return !self.lent[index].isRecalled
    }

    /// Notes that the worker was cancelled that has lent its place; returns what to cancel in its stead.
    mutating func recall(placeOf id: UInt64) -> Task<Void, Never>? {
        guard let index = self.lent.firstIndex(where: { $0.sleeper.id == id }) else { return nil }
        self.lent[index].isRecalled = true
        return self.lent[index].task
    }
}
