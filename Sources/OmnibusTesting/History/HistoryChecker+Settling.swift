// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What becomes of deliveries.
extension HistoryChecker {
    mutating func settled(
        _ name: String,
        by groupName: String,
        _ outcome: DeliveryHistory.Outcome,
        _ delivery: Int?,
        at uptime: Duration
    ) {
        guard var group = self.groups[groupName], var progress = group.progress[name] else {
            return self.report(.phantom, groupName, "'\(name)' was settled and never handed over")
        }
        let isCurrent = delivery.map { $0 == progress.deliveries } ?? true
        if outcome == .lost {
            // Taken back: it waits, unless it was handed over again already.
            if isCurrent, case .open = progress.phase {
                if !self.isTakenBack(&progress, group, at: uptime) {
                    self.report(.attempts, groupName, "'\(name)' could not be settled in attempt \(progress.attempt)")
                }
                progress.phase = progress.counting == .counts ? self.afterFailure(progress, group.rules) : .waiting
            }
        } else if outcome == .unclear {
            if isCurrent, case .open = progress.phase { progress.phase = .unclear }
        } else {
            guard isCurrent, case .open = progress.phase else {
                return self.report(
                    .attempts,
                    groupName,
                    "'\(name)' was settled by delivery \(delivery ?? progress.deliveries), which had been settled or taken back"
                )
            }
            self.checkTime(of: name, progress, outcome, group, at: uptime)
            group.gates.settled(GateModel.Attempt(name: name, delivery: progress.deliveries), outcome, at: uptime)
            switch outcome {
            case .acknowledged: progress.phase = .acknowledged
            case .failed, .timedOut: progress.phase = self.afterFailure(progress, group.rules)
            case .rejected: progress.phase = .givenUp(reason: "rejected")
            case .released:
                progress.phase = .waiting
                progress.counting = .doesNot
            case .lost, .unclear: break
            }
        }
        group.progress[name] = progress
        self.groups[groupName] = group
    }

    /// Checks that a handler was cancelled when its time was over, and not before.
    mutating func checkTime(
        of name: String,
        _ progress: Progress,
        _ outcome: DeliveryHistory.Outcome,
        _ group: Group,
        at uptime: Duration
    ) {
        guard let limit = group.rules.timeout else { return }
        let time = uptime - progress.begun
        if outcome == .timedOut, time < limit {
            self.report(.timeout, group.name, "'\(name)' was cancelled after \(time) of the \(limit) that it has")
        }
        if outcome != .timedOut, time > limit {
            self.report(.timeout, group.name, "'\(name)' was not cancelled in \(time), and has \(limit)")
        }
    }

    func afterFailure(_ progress: Progress, _ rules: DeliveryHistory.Rules) -> Progress.Phase {
        if let limit = rules.maximumAttempts, progress.attempt >= limit { return .givenUp(reason: "retriesExhausted") }
        return .waiting
    }

    mutating func foundDeadLetter(_ name: String, of groupName: String, _ reason: String) {
        guard let publication = self.publications[name], var group = self.groups[groupName] else {
            return self.report(.deadLetter, groupName, "there is a dead letter of '\(name)', which was never published")
        }
        group.deadLetters[name, default: 0] += 1
        if group.deadLetters[name] ?? 0 > 1 {
            self.report(.deadLetter, groupName, "there are several dead letters of '\(name)'")
        }
        switch group.progress[name]?.phase {
        case .givenUp(let expected):
            if expected != reason {
                self.report(.deadLetter, groupName, "'\(name)' is a dead letter for \(reason) instead of \(expected)")
            }
        case .acknowledged:
            self.report(.deadLetter, groupName, "'\(name)' was acknowledged, and is a dead letter for \(reason)")
        case .open:
            // Its last attempt was taken back, which nobody but the bus has seen.
            let isPossible = reason == "retriesExhausted" || reason == "expired" && publication.expires
            if !isPossible || group.progress[name]?.lease == nil {
                self.report(.deadLetter, groupName, "'\(name)' is a dead letter for \(reason) while it is handled")
            }
        case .unclear:
            break
        case .coalesced(let other):
            self.report(.deadLetter, groupName, "'\(name)' is a dead letter, and was merged into '\(other)'")
        case .waiting, nil:
            let isTakenBack = reason == "retriesExhausted" && group.progress[name]?.counting == .uncertain
            if !isTakenBack, reason != "expired" || !publication.expires {
                self.report(.deadLetter, groupName, "'\(name)' is a dead letter for \(reason), and was not given up on")
            }
        }
        self.groups[groupName] = group
    }
}
