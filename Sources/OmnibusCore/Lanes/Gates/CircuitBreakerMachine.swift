// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Decides whether a group with a circuit breaker is handed messages.
///
/// Each change of state begins an epoch. An attempt carries the epoch in which it was taken, and a result that comes
/// from another one is ignored: it says nothing about how things are now.
package struct CircuitBreakerMachine: Sendable {
    /// What a result has brought about.
    package enum Change: Sendable, Equatable {
        case opened(until: Duration)
        case closed
    }

    private let settings: CircuitBreaker
    /// The epoch that attempts taken now belong to.
    package private(set) var epoch: UInt64 = 0
    package private(set) var state = CircuitBreaker.State.closed
    /// When the latest attempts failed, in attoseconds of uptime: a ring once there are as many as open it.
    private var failures: [Int128] = []
    /// Where the oldest failure is in the ring.
    private var oldest = 0
    /// Trials that are out, while half open.
    private var trials = 0

    package init(_ settings: CircuitBreaker) {
        var settings = settings
        settings.failures = min(max(settings.failures, 1), CircuitBreaker.largestCount)
        settings.trials = min(max(settings.trials, 1), CircuitBreaker.largestCount)
        settings.window = min(max(settings.window, .zero), CircuitBreaker.longestTime)
        settings.cooldown = min(max(settings.cooldown, Duration(attoseconds: 1)), CircuitBreaker.longestTime)
        self.settings = settings
    }

    /// How many messages may be handed out now; once the cooldown is over, it half-opens.
    package mutating func mayTake(now: Duration) -> GateDecision {
        if case .open(let end) = self.state, now >= end {
            self.enter(.halfOpen)
            self.trials = 0
        }
        switch self.state {
        case .closed: return .allowed(.max)
        case .open(let end): return Mutation.isActive(.ignoreOpenBreaker) ? .allowed(.max) : .until(end)
        case .halfOpen:
            let left = self.settings.trials - self.trials
            return left > 0 ? .allowed(left) : .afterResult
        }
    }

    /// Notes that messages were handed out, no more than ``mayTake(now:)`` said.
    package mutating func took(_ count: Int) {
        guard self.state == .halfOpen else { return }
        self.trials = min(self.settings.trials, self.trials + min(max(count, 0), self.settings.trials))
    }

    /// Notes that a message of an epoch came back unhandled, so that another one may be the trial.
    package mutating func gaveBack(_ count: Int = 1, epoch: UInt64) {
        guard epoch == self.epoch, self.state == .halfOpen else { return }
        self.trials = max(0, self.trials - max(count, 0))
    }

    /// Notes that an attempt of an epoch succeeded.
    @discardableResult
    package mutating func attemptSucceeded(epoch: UInt64) -> Change? {
        guard epoch == self.epoch, self.state == .halfOpen else { return nil }
        self.enter(.closed)
        return .closed
    }

    /// Notes that an attempt of an epoch failed.
    @discardableResult
    package mutating func attemptFailed(epoch: UInt64, now: Duration) -> Change? {
        guard epoch == self.epoch else { return nil }
        switch self.state {
        case .open: return nil
        case .halfOpen: return self.open(now)
        case .closed: return self.noteFailure(now.boundedAttoseconds) ? self.open(now) : nil
        }
    }

    /// Notes a failure; returns whether it is one too many.
    private mutating func noteFailure(_ now: Int128) -> Bool {
        if self.failures.count < self.settings.failures {
            self.failures.append(now)
        } else {
            self.failures[self.oldest] = now
            self.oldest = (self.oldest + 1) % self.failures.count
        }
        guard self.failures.count == self.settings.failures else { return false }
        return now - self.failures[self.oldest] <= self.settings.window.attoseconds
    }

    private mutating func open(_ now: Duration) -> Change {
        let end = Duration(attoseconds: now.boundedAttoseconds) + self.settings.cooldown
        self.enter(.open(until: end))
        return .opened(until: end)
    }

    private mutating func enter(_ state: CircuitBreaker.State) {
        self.state = state
        self.epoch += 1
        self.failures.removeAll(keepingCapacity: true)
        self.oldest = 0
    }
}
