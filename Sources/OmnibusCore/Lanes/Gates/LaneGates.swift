// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Whether a group is handed messages now.
package enum GateDecision: Sendable, Equatable {
    /// So many may be handed out; never zero.
    case allowed(Int)
    /// None before this uptime.
    case until(Duration)
    /// None before an attempt that is under way has ended; no time is known.
    case afterResult
}

/// The throttle and the circuit breaker of one group, as one thing to ask.
///
/// Whoever takes asks ``mayTake(upTo:now:)``, notes what was taken with ``took(_:)``, keeps the ``epoch`` with it, and
/// reports what became of each. One message at a time is right for a group with gates: what a worker has taken along
/// would be handed to handlers after a circuit breaker has opened, and at another time than its permit was for.
package struct LaneGates: Sendable {
    private var throttle: ThrottleMachine?
    private var breaker: CircuitBreakerMachine?

    /// Creates the gates that settings ask for; nil where they ask for none.
    package init?(throttle: Throttle?, breaker: CircuitBreaker?) {
        if throttle == nil, breaker == nil { return nil }
        self.throttle = throttle.map { ThrottleMachine($0) }
        self.breaker = breaker.map { CircuitBreakerMachine($0) }
    }

    /// What a message taken now has to be reported with.
    package var epoch: UInt64 { self.breaker?.epoch ?? 0 }

    /// The circuit breaker's state, where there is one.
    package var breakerState: CircuitBreaker.State? { self.breaker?.state }

    /// How many messages may be handed out now.
    package mutating func mayTake(upTo count: Int = 1, now: Duration) -> GateDecision {
        var count = max(count, 1)
        if self.breaker != nil {
            // Asked first: what an open circuit breaker holds back needs no permit.
            switch self.breaker?.mayTake(now: now) {
            case .allowed(let limit): count = min(count, limit)
            case .some(let decision): return decision
            case nil: break
            }
        }
        guard let allowance = self.throttle?.allowance(now: now) else { return .allowed(count) }
        if allowance == 0, let next = self.throttle?.nextAllowed(now: now) { return .until(next) }
        return .allowed(min(count, allowance))
    }

    /// Notes that messages were handed out, no more than ``mayTake(upTo:now:)`` said.
    package mutating func took(_ count: Int) {
        self.throttle?.took(count)
        self.breaker?.took(count)
    }

    /// Notes that messages came back unhandled.
    package mutating func gaveBack(_ count: Int = 1, epoch: UInt64) {
        self.throttle?.giveBack(count)
        self.breaker?.gaveBack(count, epoch: epoch)
    }

    /// Notes that an attempt succeeded, or ended in a way that says nothing against the handler.
    @discardableResult
    package mutating func attemptSucceeded(epoch: UInt64) -> CircuitBreakerMachine.Change? {
        self.breaker?.attemptSucceeded(epoch: epoch)
    }

    /// Notes that an attempt ended in a way that says something about the message alone, so that another one may be the
    /// trial.
    package mutating func attemptRejected(epoch: UInt64) {
        self.breaker?.gaveBack(epoch: epoch)
    }

    /// Notes that the handler threw.
    @discardableResult
    package mutating func attemptFailed(epoch: UInt64, now: Duration) -> CircuitBreakerMachine.Change? {
        self.breaker?.attemptFailed(epoch: epoch, now: now)
    }
}
