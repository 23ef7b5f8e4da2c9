// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@testable import OmnibusSimulate

@Suite("Publish calls, as those who made them know them")
struct CallAccountTests {
    /// One call of each kind.
    private var account: CallAccount {
        var account = CallAccount()
        account.note(PublishReceipt(messageID: "1", matched: 2))
        account.note(PublishReceipt(messageID: "2", matched: 0))
        account.note(PublishReceipt(messageID: "1", matched: 2, isDuplicate: true))
        account.note(.overflow)
        account.note(.cancelled)
        return account
    }

    private var metrics: BusMetrics {
        var metrics = BusMetrics()
        metrics.published = 5
        metrics.routed = 1
        metrics.unrouted = 1
        metrics.duplicate = 1
        metrics.refused = 1
        metrics.cancelled = 1
        return metrics
    }

    @Test("are what the bus has counted")
    func same() {
        #expect(self.account.findings(self.metrics, isOver: true).isEmpty)
    }

    @Test("differ where the bus has counted one too many of any kind")
    func other() {
        let counts: [WritableKeyPath<BusMetrics, Int>] = [
            \.published, \.routed, \.unrouted, \.duplicate, \.refused, \.cancelled, \.scheduled,
        ]
        for count in counts {
            var metrics = self.metrics
            metrics[keyPath: count] += 1
            #expect(self.account.findings(metrics, isOver: true).map(\.kind).contains(.accounting), "\(count)")
        }
    }

    @Test("say nothing exact of calls that have ended without an answer")
    func vague() {
        var account = self.account
        account.note(.busClosed)
        var metrics = self.metrics
        #expect(account.findings(metrics, isOver: true).isEmpty)
        metrics.published += 1
        metrics.refused += 1
        #expect(account.findings(metrics, isOver: true).isEmpty)
        metrics.published += 1
        #expect(!account.findings(metrics, isOver: true).isEmpty)
    }
}
