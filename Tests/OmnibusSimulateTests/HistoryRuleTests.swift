// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

/// Each test breaks one promise in a history that is right otherwise.
@Suite("What the simulation judges by")
struct HistoryRuleTests {
    typealias Entry = DeliveryHistory.Entry

    /// What is found where messages were published to a group before what the entries say.
    private func kinds(
        _ rules: DeliveryHistory.Rules,
        published: [String] = ["a1"],
        _ entries: [(Int, Entry)]
    ) -> [HistoryFinding.Kind] {
        var history = DeliveryHistory()
        history.record(.began(group: "g", pattern: "job.*", rules: rules))
        for name in published {
            history.record(.published(name, by: "a", topic: "job.step", key: nil))
            history.record(.accepted(name, matched: 1))
        }
        for (milliseconds, entry) in entries { history.record(entry, at: .milliseconds(milliseconds)) }
        return history.findings().map(\.kind)
    }

    private func handed(_ name: String, _ attempt: Int? = nil) -> Entry {
        .handed(name, to: "g", member: "m", attempt: attempt)
    }

    private func settled(_ name: String, _ outcome: DeliveryHistory.Outcome = .acknowledged) -> Entry {
        .settled(name, by: "g", outcome)
    }

    @Test("an attempt that runs longer than its timeout has failed, and is cancelled at its time")
    func timeout() {
        let rules = DeliveryHistory.Rules(maximumAttempts: 2, timeout: .milliseconds(50))
        let again = [(90, self.handed("a1", 2)), (95, self.settled("a1"))]
        #expect(self.kinds(rules, [(0, self.handed("a1", 1)), (50, self.settled("a1", .timedOut))] + again) == [])
        // Cancelled late by a handler that ignores it, which is nobody's fault.
        #expect(self.kinds(rules, [(0, self.handed("a1", 1)), (80, self.settled("a1", .timedOut))] + again) == [])
        #expect(self.kinds(rules, [(0, self.handed("a1")), (51, self.settled("a1"))]) == [.timeout])
        #expect(
            self.kinds(rules, [(0, self.handed("a1", 1)), (60, self.settled("a1", .failed))] + again) == [.timeout]
        )
        #expect(
            self.kinds(rules, [(0, self.handed("a1", 1)), (49, self.settled("a1", .timedOut))] + again) == [.timeout]
        )
        // It counts as handled for somebody.
        #expect(self.kinds(rules, [(0, self.handed("a1")), (50, self.settled("a1", .timedOut))]) == [.loss])
    }

    @Test("no more attempts begin in any span of time than the throttle allows")
    func throttle() {
        let rules = DeliveryHistory.Rules(throttle: Throttle(1, per: .milliseconds(10), burst: 2))
        let names = ["a1", "a2", "a3", "a4"]
        func kinds(_ times: [Int]) -> [HistoryFinding.Kind] {
            self.kinds(
                rules,
                published: names,
                zip(times, names).flatMap { time, name in [(time, self.handed(name)), (time, self.settled(name))] }
            )
        }
        #expect(kinds([0, 0, 10, 20]) == [])
        #expect(kinds([0, 100, 100, 110]) == [])
        #expect(kinds([0, 0, 9, 20]) == [.throttle])
        #expect(kinds([0, 10, 20, 20]) == [])
        #expect(kinds([0, 10, 10, 10]) == [.throttle])
        // A permit that was given back is there for another one.
        let released = [(0, self.handed("a1", 1)), (0, self.settled("a1", .released))]
        let rest = [
            (0, self.handed("a1", 1)), (0, self.settled("a1")), (0, self.handed("a2")), (0, self.settled("a2")),
        ]
        #expect(self.kinds(rules, published: ["a1", "a2"], released + rest) == [])
    }

    @Test("nothing is handed over while the circuit breaker is open, and then no more than it tries")
    func circuitBreaker() {
        let breaker = CircuitBreaker(failures: 2, within: .milliseconds(100), cooldown: .milliseconds(50))
        let rules = DeliveryHistory.Rules(circuitBreaker: breaker)
        func kinds(_ later: (Int, Entry)...) -> [HistoryFinding.Kind] {
            let opening: [(Int, Entry)] = [
                (0, self.handed("a1", 1)), (10, self.settled("a1", .failed)),
                (20, self.handed("a1", 2)), (30, self.settled("a1", .failed)),
            ]
            return self.kinds(rules, published: ["a1", "a2"], opening + later)
        }
        let a2 = [(80, self.handed("a2")), (80, self.settled("a2"))]
        #expect(kinds((80, self.handed("a1", 3)), (80, self.settled("a1")), a2[0], a2[1]) == [])
        #expect(kinds((79, self.handed("a1", 3)), (80, self.settled("a1")), a2[0], a2[1]) == [.circuitBreaker])
        // Two at once, and it tries one.
        #expect(kinds((80, self.handed("a1", 3)), a2[0], a2[1], (90, self.settled("a1"))) == [.circuitBreaker])
        // The trial fails: it is open again.
        #expect(
            kinds(
                (80, self.handed("a1", 3)),
                (85, self.settled("a1", .failed)),
                (134, self.handed("a2")),
                (134, self.settled("a2")),
                (140, self.handed("a1", 4)),
                (140, self.settled("a1"))
            ) == [.circuitBreaker]
        )
    }
}
