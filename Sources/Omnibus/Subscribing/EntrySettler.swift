// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Settles what a worker has taken out of an in-memory queue.
struct EntrySettler: Sendable {
    let lane: Lane
    let subscription: Subscription
    let policy: FailurePolicy
    let random: any BusRandom
    let activities: ActivityRecorder

    func settle(_ entry: HeldEntry, _ action: Settlement.Action) {
        self.lane.settle(entry, action)
        self.activities.settled(action, entry.message, attempt: entry.attempts + 1, of: self.subscription)
    }

    /// Gives up on an entry whose event cannot be made of its message.
    func refuse(_ entry: HeldEntry, _ error: OmnibusError) {
        self.settle(entry, .deadLetter(DeadLetter.Reason(error), self.attempt(entry, error)))
    }

    func failed(_ entry: HeldEntry, _ error: any Error) {
        if error is HandlerNotCalled { return self.settle(entry, .release) }
        let decision = self.policy.decision(
            for: error,
            attempt: entry.attempts + 1,
            maximumRetries: entry.message.headers.maxRetries,
            fraction: self.random.fraction()
        )
        let failure = self.attempt(entry, error)
        switch decision {
        case .retry(let delay): self.settle(entry, .nack(after: delay, failure))
        case .deadLetter(let reason): self.settle(entry, .deadLetter(reason, failure))
        }
    }

    private func attempt(_ entry: HeldEntry, _ error: any Error) -> FailedAttempt {
        FailedAttempt(
            attempt: entry.attempts + 1,
            time: HandlerTimeout.timeOfFailure(error, now: self.lane.clock.now),
            error: error
        )
    }
}
