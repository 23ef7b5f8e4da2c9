// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting

/// What became of publish calls, as those who made them know it.
struct CallAccount: Sendable {
    var made = 0
    var refused = 0
    var cancelled = 0
    var duplicate = 0
    /// Calls that were told that somebody listens, and that nobody does.
    var routed = 0
    var unrouted = 0
    /// Calls that ended in a way that does not tell whether, or as what, they are counted.
    var vague = 0

    /// Notes a call that has returned.
    mutating func note(_ receipt: PublishReceipt?) {
        self.made += 1
        if receipt?.isDuplicate == true { return self.duplicate += 1 }
        guard let matched = receipt?.matched else { return }
        if matched > 0 { self.routed += 1 } else { self.unrouted += 1 }
    }

    /// Notes a call that has thrown.
    mutating func note(_ error: OmnibusError.Code?) {
        switch error {
        case .overflow?:
            self.made += 1
            self.refused += 1
        case .cancelled?:
            self.made += 1
            self.cancelled += 1
        case .partiallyAccepted?:
            self.made += 1
            self.routed += 1
        default:
            self.vague += 1
        }
    }

    /// Compares with what the broker has counted.
    ///
    /// - Parameter isOver: whether every call and every message came to its end before the bus was shut down.
    func findings(_ metrics: BusMetrics, isOver: Bool) -> [HistoryFinding] {
        var findings: [HistoryFinding] = []
        func compare(_ what: String, _ count: Int, _ expected: ClosedRange<Int>) {
            guard !expected.contains(count) else { return }
            findings.append(
                HistoryFinding(
                    .accounting,
                    "the bus counts \(count) \(what) calls, and publishers \(expected): \(metrics)"
                )
            )
        }
        compare("published", metrics.published, self.made...self.made + self.vague)
        compare("duplicate", metrics.duplicate, self.duplicate...self.duplicate + self.vague)
        compare("waiting", metrics.scheduled, 0...0)
        compare("routed", metrics.routed, 0...metrics.published)
        // A shutdown gives up on calls and on messages that wait for their time.
        guard isOver else { return findings }
        compare("refused", metrics.refused, self.refused...self.refused + self.vague)
        compare("cancelled", metrics.cancelled, self.cancelled...self.cancelled + self.vague)
        let known = self.refused + self.cancelled + self.duplicate
        let rest = self.made + self.vague - known
        compare("routed", metrics.routed, self.routed...max(self.routed, rest - self.unrouted))
        compare("unrouted", metrics.unrouted, self.unrouted...max(self.unrouted, rest - self.routed))
        return findings
    }
}
