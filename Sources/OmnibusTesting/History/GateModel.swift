// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What a group's throttle and circuit breaker may let through, as plainly as it can be said.
struct GateModel {
    /// An attempt that was handed over.
    struct Attempt: Hashable {
        var name: String
        var delivery: Int
    }

    private var throttle: ThrottleModel?
    private var breaker: BreakerModel?

    init(_ rules: DeliveryHistory.Rules) {
        self.throttle = rules.throttle.map { ThrottleModel(throttle: $0) }
        self.breaker = rules.circuitBreaker.map { BreakerModel(settings: $0) }
    }

    /// Notes that an attempt begins; returns what is wrong with that.
    mutating func handed(_ attempt: Attempt, at uptime: Duration) -> [(HistoryFinding.Kind, String)] {
        var findings: [(HistoryFinding.Kind, String)] = []
        if let text = self.throttle?.handed(attempt, at: uptime) { findings.append((.throttle, text)) }
        if let text = self.breaker?.handed(attempt, at: uptime) { findings.append((.circuitBreaker, text)) }
        return findings
    }

    mutating func settled(_ attempt: Attempt, _ outcome: DeliveryHistory.Outcome, at uptime: Duration) {
        if outcome == .released { self.throttle?.gaveBack(attempt) }
        self.breaker?.settled(attempt, outcome, at: uptime)
    }

    /// Notes that an attempt may be taken back, without anybody being told.
    mutating func mayBeTakenBack(_ attempt: Attempt) {
        self.throttle?.gaveBack(attempt)
        self.breaker?.isUncertain = true
    }
}

/// In no span of time, wherever it begins, is more handed over than the burst and what the span has brought.
private struct ThrottleModel {
    let throttle: Throttle
    private var handed: [(attempt: GateModel.Attempt, uptime: Duration)] = []

    init(throttle: Throttle) {
        self.throttle = throttle
    }

    mutating func handed(_ attempt: GateModel.Attempt, at uptime: Duration) -> String? {
        self.handed.append((attempt, uptime))
        let period = self.throttle.period.attoseconds
        for (index, first) in self.handed.enumerated() {
            let count = self.handed.count - index
            let elapsed = (uptime - first.uptime).attoseconds
            guard Int128(count - self.throttle.burst) * period > elapsed * Int128(self.throttle.count) else { continue }
            return "is number \(count) in \(uptime - first.uptime), with \(self.throttle)"
        }
        return nil
    }

    mutating func gaveBack(_ attempt: GateModel.Attempt) {
        self.handed.removeAll { $0.attempt == attempt }
    }
}

/// What is handed over at the very time of a change may have been taken before it, and is judged mildly.
private struct BreakerModel {
    enum State {
        case closed
        case open(until: Duration)
        case halfOpen
    }

    let settings: CircuitBreaker
    /// Whether something has happened that nobody but the bus can judge.
    var isUncertain = false
    private var state = State.closed
    private var changed: Duration?
    private var epoch = 0
    private var epochs: [GateModel.Attempt: Int] = [:]
    private var failures: [Duration] = []
    private var trials = 0

    init(settings: CircuitBreaker) {
        self.settings = settings
    }

    mutating func handed(_ attempt: GateModel.Attempt, at uptime: Duration) -> String? {
        guard !self.isUncertain else { return nil }
        if case .open(let end) = self.state {
            guard uptime >= end else {
                if uptime == self.changed {
                    // Taken before it opened: its result counts for nothing. But a further trial may have succeeded
                    // before the first one failed, whose handler was merely done earlier: the bus alone knows.
                    if self.settings.trials > 1 { self.isUncertain = true }
                    return nil
                }
                return "was handed over while the circuit breaker is open, until \(end)"
            }
            self.change(to: .halfOpen, at: uptime)
        }
        self.epochs[attempt] = self.epoch
        switch self.state {
        case .halfOpen:
            self.trials += 1
            if self.trials > self.settings.trials {
                return "is trial \(self.trials) of a circuit breaker that allows \(self.settings.trials)"
            }
        case .closed:
            // A further trial, or the first one after: the bus alone knows.
            if uptime == self.changed, self.settings.trials > 1 { self.isUncertain = true }
        case .open:
            break
        }
        return nil
    }

    mutating func settled(_ attempt: GateModel.Attempt, _ outcome: DeliveryHistory.Outcome, at uptime: Duration) {
        guard self.epochs.removeValue(forKey: attempt) == self.epoch else { return }
        switch (outcome, self.state) {
        case (.lost, _), (.unclear, _):
            self.isUncertain = true
        case (.acknowledged, .halfOpen):
            self.change(to: .closed, at: uptime)
        case (.failed, .halfOpen), (.timedOut, .halfOpen):
            self.change(to: .open(until: uptime + self.settings.cooldown), at: uptime)
        case (.failed, .closed), (.timedOut, .closed):
            self.failures.append(uptime)
            let latest = self.failures.suffix(self.settings.failures)
            guard latest.count == self.settings.failures, let first = latest.first,
                uptime - first <= self.settings.window
            else { return }
            self.change(to: .open(until: uptime + self.settings.cooldown), at: uptime)
        case (.rejected, .halfOpen), (.released, .halfOpen):
            self.trials -= 1
        default:
            break
        }
    }

    private mutating func change(to state: State, at uptime: Duration) {
        self.state = state
        self.changed = uptime
        self.epoch += 1
        self.failures = []
        self.trials = 0
    }
}
