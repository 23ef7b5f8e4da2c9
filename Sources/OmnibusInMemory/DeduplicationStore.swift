// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Synchronization

/// The deduplication window of a topic, or of all topics that have none of their own.
///
/// Nothing is resumed or released under its lock, and no other lock is taken.
final class DeduplicationStore: Sendable {
    /// What had become of a message that is published again.
    enum Outcome: Sendable {
        case accepted(PublishReceipt)
        /// Some queues had no room; who publishes the message again goes on for them.
        case partial(PartialAcceptance)
    }

    enum Answer: Sendable {
        case mine(Reservation)
        case known(Outcome)
        /// Somebody publishes the message; look again when that is over, or when its publisher begins to wait.
        case inProgress(Pending<Bool>, isWaiting: Bool)
    }

    /// The right to publish a message, which ends with its outcome, at the latest when nobody has it any more.
    final class Reservation: Sendable {
        let store: DeduplicationStore
        let key: DeduplicationKey
        private let number: UInt64
        private let isOpen = Atomic<Bool>(true)

        fileprivate init(_ store: DeduplicationStore, _ key: DeduplicationKey, _ number: UInt64) {
            self.store = store
            self.key = key
            self.number = number
        }

        deinit { self.giveUp() }

        /// Remembers the message.
        func accept(_ outcome: Outcome) {
            guard self.isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
            self.store.change(self.key) { $0.accept(self.key, self.number, outcome, now: $1, &$2) }
        }

        /// Remembers the message if some have it, and lets others publish it if nobody has.
        func end(with error: OmnibusError) {
            if let details = error.details as? PartialAcceptance {
                self.accept(.partial(details))
            } else {
                self.giveUp()
            }
        }

        /// Lets others publish the message.
        func giveUp() {
            guard self.isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
            self.store.change(self.key) { machine, _, _ in machine.giveUp(self.key, self.number) }
        }

        /// Says that the publisher waits for room.
        func wait() {
            self.store.change(self.key) { machine, _, _ in machine.wait(self.key, self.number) }
        }
    }

    private struct State {
        var machine: DeduplicationMachine<Outcome>
        var waiters: [DeduplicationKey: [Pending<Bool>]] = [:]
    }

    private let clock: any BusClock
    private let state: Mutex<State>

    init(window: DeduplicationWindow, clock: any BusClock) {
        self.clock = clock
        self.state = Mutex(State(machine: DeduplicationMachine(window: window)))
    }

    /// Asks about a message whose publish starts.
    func begin(_ message: Message) -> Answer {
        let key = DeduplicationKey(message)
        let now = self.clock.uptime()
        let pending = Pending<Bool>()
        let (decision, _) = self.state.withLock { state in
            var forgotten: [Outcome] = []
            let decision = state.machine.begin(key, now: now, &forgotten)
            if case .inProgress = decision { state.waiters[key, default: []].append(pending) }
            return (decision, forgotten)
        }
        switch decision {
        case .reserved(let number): return .mine(Reservation(self, key, number))
        case .known(let outcome): return .known(outcome)
        case .inProgress(let isWaiting): return .inProgress(pending, isWaiting: isWaiting)
        }
    }

    /// Forgets a message: it can be published again.
    func forget(_ key: DeduplicationKey) {
        self.change(key) { machine, _, forgotten in machine.forget(key, &forgotten) }
    }

    /// Remembers that all have a message now which some had no room for.
    func complete(_ message: Message, _ receipt: PublishReceipt) {
        let key = DeduplicationKey(message)
        self.change(key) { machine, _, forgotten in machine.replace(key, by: .accepted(receipt), &forgotten) }
    }

    /// Changes how much is remembered.
    func remember(within window: DeduplicationWindow) {
        self.state.withLock { $0.machine.window = window }
    }

    /// Changes what is known of a message, and has those look again who wait for it.
    private func change(
        _ key: DeduplicationKey,
        _ body: (inout DeduplicationMachine<Outcome>, Duration, inout [Outcome]) -> Void
    ) {
        let now = self.clock.uptime()
        let (waiters, _) = self.state.withLock { state in
            var forgotten: [Outcome] = []
            body(&state.machine, now, &forgotten)
            return (state.waiters.removeValue(forKey: key) ?? [], forgotten)
        }
        for waiter in waiters { waiter.resolve(true) }
    }
}
