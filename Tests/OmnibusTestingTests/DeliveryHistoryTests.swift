// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

/// Each test breaks one promise in a history that is right otherwise.
@Suite("DeliveryHistory")
struct DeliveryHistoryTests {
    typealias Entry = DeliveryHistory.Entry

    /// What a history says that begins with a group of one worker and two published messages of one key.
    private func findings(
        rules: DeliveryHistory.Rules = .init(keepsOrder: true, keysAreExclusive: true, maximumAttempts: 2),
        isComplete: Bool = true,
        _ entries: [(milliseconds: Int, entry: Entry)]
    ) -> [HistoryFinding] {
        var history = DeliveryHistory()
        history.record(.began(group: "g", pattern: "job.*", rules: rules))
        for name in ["a1", "a2"] {
            history.record(.published(name, by: "a", topic: "job.step", key: "k"))
            history.record(.accepted(name, matched: 1))
        }
        for (milliseconds, entry) in entries { history.record(entry, at: .milliseconds(milliseconds)) }
        return history.findings(isComplete: isComplete)
    }

    private func findings(_ entries: Entry...) -> [HistoryFinding] { self.findings(entries.map { (0, $0) }) }

    private func handed(_ name: String, _ attempt: Int? = nil, lease: Duration? = nil) -> Entry {
        .handed(name, to: "g", member: "m", attempt: attempt, lease: lease)
    }

    private func settled(_ name: String, _ outcome: DeliveryHistory.Outcome, _ delivery: Int? = nil) -> Entry {
        .settled(name, by: "g", outcome, delivery: delivery)
    }

    private var a1: [Entry] { [self.handed("a1"), self.settled("a1", .acknowledged)] }
    private var a2: [Entry] { [self.handed("a2"), self.settled("a2", .acknowledged)] }

    private func kinds(_ entries: [Entry]) -> [HistoryFinding.Kind] {
        self.findings(entries.map { (0, $0) }).map(\.kind)
    }

    @Test("a history in which every promise is kept has no findings")
    func nothingWrong() {
        #expect(self.kinds(self.a1 + self.a2) == [])
        let retried = [self.handed("a1", 1), self.settled("a1", .failed), self.handed("a1", 2)]
        #expect(self.kinds(retried + [self.settled("a1", .acknowledged)] + self.a2) == [])
        let released = [self.handed("a1", 1), self.settled("a1", .released), self.handed("a1", 1)]
        #expect(self.kinds(released + [self.settled("a1", .acknowledged)] + self.a2) == [])
    }

    @Test("a message that is neither handled nor given up on is lost")
    func loss() {
        #expect(self.kinds(self.a1) == [.loss])
        #expect(self.kinds([self.handed("a1"), self.settled("a1", .failed)] + self.a2).contains(.loss))
        #expect(self.findings(isComplete: false, []).isEmpty)
        #expect(self.kinds([.ending(group: "g")]) == [])
        let mayDrop = DeliveryHistory.Rules(mayDrop: true)
        #expect(self.findings(rules: mayDrop, []).isEmpty)
    }

    @Test("a message that comes again after its acknowledgement is a duplicate")
    func duplicate() {
        #expect(self.kinds(self.a1 + self.a2 + [self.handed("a2")]).first == .duplicate)
    }

    @Test("what nobody published, or what was published elsewhere, is a phantom")
    func phantom() {
        let all = self.a1 + self.a2
        #expect(self.kinds(all + [self.handed("b1"), self.settled("b1", .acknowledged)]).first == .phantom)
        let elsewhere = Entry.published("b1", by: "b", topic: "other", key: nil)
        #expect(self.kinds(all + [elsewhere, self.handed("b1")]) == [.phantom])
        let refused = [Entry.published("b1", by: "b", topic: "job.step", key: nil), .refused("b1")]
        #expect(self.kinds(all + refused) == [])
        #expect(self.kinds(all + refused + [self.handed("b1")]) == [.phantom])
        #expect(self.kinds([.stopped(member: "m", of: "g")] + self.a1 + self.a2) == [.phantom, .phantom])
    }

    @Test("first attempts in another order than the publisher's are found")
    func order() {
        #expect(self.kinds(self.a2 + self.a1) == [.order])
    }

    @Test("two messages of one key at once, or one between the attempts of another, are found")
    func keys() {
        let overlap = [self.handed("a1"), self.handed("a2"), self.settled("a1", .acknowledged)]
        #expect(self.kinds(overlap + [self.settled("a2", .acknowledged)]) == [.keyExclusivity])
        let between = [self.handed("a1"), self.settled("a1", .failed)] + self.a2
        #expect(self.kinds(between + self.a1).first == .keyExclusivity)
    }

    @Test("attempts that skip a number, overlap or exceed the limit are found")
    func attempts() {
        #expect(self.kinds([self.handed("a1", 2), self.settled("a1", .acknowledged)] + self.a2) == [.attempts])
        #expect(self.kinds([self.handed("a1")] + self.a1 + self.a2) == [.attempts])
        let failed = [self.handed("a1"), self.settled("a1", .failed)]
        #expect(self.kinds(failed + failed + failed + self.a2).contains(.attempts))
        let stale = [self.handed("a1", 1, lease: .milliseconds(5)), self.handed("a1", 2)]
        let settlements = [self.settled("a1", .acknowledged, 1), self.settled("a1", .acknowledged, 2)]
        let found = self.findings(
            stale.enumerated().map { (10 * $0.offset, $0.element) } + (settlements + self.a2).map { (20, $0) }
        )
        #expect(found.map(\.kind) == [.attempts])
    }

    @Test("a delivery may come again when its lease is over, and not before")
    func leases() {
        func come(after milliseconds: Int) -> [HistoryFinding.Kind] {
            let first = [(0, self.handed("a1", 1, lease: .milliseconds(5)))]
            let second = [self.handed("a1", 2), self.settled("a1", .lost, 1), self.settled("a1", .acknowledged, 2)]
            return self.findings(first + (second + self.a2).map { (milliseconds, $0) }).map(\.kind)
        }
        #expect(come(after: 5) == [])
        #expect(come(after: 4) == [.attempts])
    }

    @Test("what was given up on has to be a dead letter, and nothing else")
    func deadLetters() {
        let rejected = [self.handed("a1"), self.settled("a1", .rejected)] + self.a2
        func letter(_ name: String, _ reason: String) -> Entry { .deadLetter(name, of: "g", reason: reason) }
        #expect(self.kinds(rejected) == [.deadLetter])
        #expect(self.kinds(rejected + [letter("a1", "rejected")]) == [])
        #expect(self.kinds(rejected + [letter("a1", "expired")]) == [.deadLetter])
        #expect(self.kinds(rejected + [letter("a1", "rejected"), letter("a1", "rejected")]) == [.deadLetter])
        #expect(self.kinds(rejected + [letter("a1", "rejected"), letter("a2", "rejected")]) == [.deadLetter])
        let redriven = [letter("a1", "rejected"), .redriven("a1", to: "g")]
        #expect(self.kinds(rejected + redriven + self.a1) == [])
        let kept: [Entry] = [.redriven("a1", to: "g"), .kept("a1", of: "g"), letter("a1", "rejected")]
        #expect(self.kinds(rejected + kept) == [])
    }
}
