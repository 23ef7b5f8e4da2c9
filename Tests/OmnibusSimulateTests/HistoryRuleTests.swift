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

    @Test("a message that waits for its time comes then, and not at all once it is cancelled")
    func delayed() {
        let rules = DeliveryHistory.Rules(keepsOrder: true)
        let due: [(Int, Entry)] = [(0, .scheduled("a1", due: .milliseconds(50)))]
        let a1 = [(50, self.handed("a1")), (50, self.settled("a1"))]
        #expect(self.kinds(rules, due + a1) == [])
        #expect(self.kinds(rules, due + [(49, self.handed("a1")), (50, self.settled("a1"))]) == [.early])
        #expect(self.kinds(rules, due) == [.loss])
        #expect(self.kinds(rules, due + [(10, .cancelled("a1"))]) == [])
        #expect(self.kinds(rules, due + [(10, .cancelled("a1"))] + a1) == [.phantom])
        // It has left its place in the order to others.
        let a2 = [(0, self.handed("a2")), (0, self.settled("a2"))]
        #expect(self.kinds(rules, published: ["a1", "a2"], due + a2 + a1) == [])
    }

    /// What is found where one message was accepted at once and the same one, under another name, later.
    private func repetition(
        of count: Int = 1,
        at milliseconds: Int,
        _ outcome: (String) -> Entry,
        handed: Bool = false
    ) -> [HistoryFinding.Kind] {
        let window = DeduplicationWindow(time: .milliseconds(100), count: 2)
        var entries: [(Int, Entry)] = [(0, .remembers("other.step", window))]
        func publish(_ name: String, id: String, at time: Int, _ end: Entry) {
            entries.append((time, .published(name, by: "b", topic: "other.step", key: nil)))
            entries.append((time, .identified(name, id: id)))
            entries.append((time, end))
        }
        for number in 0..<count { publish("b\(number)", id: "\(number)", at: 0, .accepted("b\(number)", matched: 0)) }
        publish("again", id: "0", at: milliseconds, outcome("again"))
        if handed { entries += [(milliseconds, self.handed("again")), (milliseconds, self.settled("again"))] }
        return self.kinds(DeliveryHistory.Rules(), published: [], entries)
    }

    @Test("a repetition is noticed within the window of time and count, and nothing else is taken for one")
    func repetitions() {
        #expect(self.repetition(at: 99, { .duplicate($0) }) == [])
        #expect(self.repetition(at: 99, { .accepted($0, matched: 0) }) == [.duplicate])
        #expect(self.repetition(at: 100, { .accepted($0, matched: 0) }) == [])
        #expect(self.repetition(at: 100, { .duplicate($0) }) == [.loss])
        #expect(self.repetition(of: 2, at: 10, { .accepted($0, matched: 0) }) == [.duplicate])
        #expect(self.repetition(of: 3, at: 10, { .accepted($0, matched: 0) }) == [])
        #expect(self.repetition(of: 0, at: 10, { .duplicate($0) }) == [.loss])
        #expect(self.repetition(at: 10, { .duplicate($0) }, handed: true).contains(.duplicate))
    }

    @Test("a message that the predicate does not want is not handed over, and not missing either")
    func predicate() {
        let rules = DeliveryHistory.Rules(wantedKeys: ["k1"])
        #expect(self.kinds(rules, []) == [])
        #expect(self.kinds(rules, [(0, self.handed("a1")), (0, self.settled("a1"))]) == [.phantom])
        let wanted: [(Int, Entry)] = [
            (0, .published("b1", by: "b", topic: "job.step", key: "k1")), (0, .accepted("b1", matched: 1)),
        ]
        #expect(self.kinds(rules, wanted) == [.loss])
        #expect(self.kinds(rules, wanted + [(0, self.handed("b1")), (0, self.settled("b1"))]) == [])
    }

    @Test("each of the messages that were merged is handed over once, by itself or in another one")
    func coalescing() {
        let rules = DeliveryHistory.Rules()
        func kinds(_ names: [String], then later: [Entry] = []) -> [HistoryFinding.Kind] {
            let entries = [self.handed("a3"), .coalesced(names, into: "a3", at: "g"), self.settled("a3")] + later
            return self.kinds(rules, published: ["a1", "a2", "a3"], entries.map { (0, $0) })
        }
        #expect(kinds(["a1", "a2"]) == [])
        #expect(kinds(["a2"]) == [.loss])
        #expect(kinds(["a2", "a1"]) == [.order])
        #expect(kinds(["a2"], then: [self.handed("a1"), self.settled("a1")]) == [])
        #expect(kinds(["a1", "a2"], then: [self.handed("a1"), self.settled("a1")]) == [.duplicate])
        #expect(kinds(["a1", "a2", "b"]) == [.phantom])
    }

    /// What is found where a history has had five messages, of which a reader has read some from an offset on.
    private func reading(
        from start: ClosedRange<Int64> = 0...0,
        keepsOrder: Bool = true,
        _ read: [(offset: Int, missed: Int)]
    ) -> [HistoryFinding.Kind] {
        var entries: [(Int, Entry)] = [(0, .keeps("job.log"))]
        for number in 0..<5 {
            entries.append((0, .published("l\(number)", by: "b", topic: "job.log", key: nil)))
            entries.append((0, .accepted("l\(number)", matched: 1)))
        }
        entries.append((0, .began(group: "r", pattern: "job.log", rules: .init(keepsOrder: keepsOrder))))
        entries.append((0, .reading(group: "r", "job.log", from: start)))
        for (offset, missed) in read {
            let name = "l\(offset)"
            entries.append((0, .handed(name, to: "r", member: "m")))
            entries.append((0, .read(name, at: "r", offset: Int64(offset), missed: missed)))
            entries.append((0, .settled(name, by: "r", .acknowledged)))
        }
        return self.kinds(DeliveryHistory.Rules(), published: [], entries)
    }

    @Test("a reader has read everything from where it began, or was told how much it has missed")
    func gap() {
        let all = (0..<5).map { (offset: $0, missed: 0) }
        #expect(self.reading(all) == [])
        #expect(self.reading(from: 2...2, Array(all[2...])) == [])
        #expect(self.reading(from: 1...3, Array(all[2...])) == [])
        #expect(self.reading([(0, 0), (3, 2), (4, 0)]) == [])
        #expect(self.reading([(2, 2), (3, 0), (4, 0)]) == [])
        // Missed, and not told; or told of more than it has missed.
        #expect(self.reading(keepsOrder: false, [(0, 0), (3, 0), (4, 0)]) == [.gap])
        #expect(self.reading([(0, 0), (3, 0), (4, 0)]).contains(.gap))
        #expect(self.reading(keepsOrder: false, all.map { ($0.offset, $0.offset == 1 ? 1 : 0) }) == [.gap])
        #expect(self.reading(Array(all[..<4])) == [.gap])
        #expect(self.reading(from: 0...0, Array(all[2...])) == [.gap])
        #expect(self.reading(from: 3...4, Array(all[2...])) == [.gap])
    }

    @Test("an offset is that of the same message for every reader")
    func offset() {
        let entries: [(Int, Entry)] = [
            (0, .keeps("job.step")),
            (0, .published("l0", by: "b", topic: "job.step", key: nil)), (0, .accepted("l0", matched: 1)),
            (0, .published("l1", by: "b", topic: "job.step", key: nil)), (0, .accepted("l1", matched: 1)),
            (0, self.handed("l0")), (0, .read("l0", at: "g", offset: 0, missed: 0)), (0, self.settled("l0")),
            (0, self.handed("l1")), (0, .read("l1", at: "g", offset: 0, missed: 0)), (0, self.settled("l1")),
        ]
        #expect(self.kinds(DeliveryHistory.Rules(), published: [], entries) == [.gap])
    }
}
