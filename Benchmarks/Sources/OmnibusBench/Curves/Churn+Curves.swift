// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

extension Curve {
    /// One subscription made and cancelled beside many that stay: alone, and while somebody publishes all the time.
    static let churn = Curve(name: "churn", points: Self.decades(to: 1_000_000)) { standing in
        let bus = EventBus()
        let rule = MatchRule(count: standing)
        var trie = PatternTrie()
        for n in 0..<standing {
            let pattern = try rule.pattern(n)
            trie.insert(pattern, UInt32(n))
            try await bus.subscribe(to: pattern) { _ in }
        }
        // Of the same shape as those that stay, and beyond them.
        let others = try (0..<10_000).map { try TopicPattern(validating: "tenant\($0 % 10).agent\($0 / 10).task.step") }

        let inTrie = await Self.least(for: others.count) {
            for (n, pattern) in others.enumerated() { trie.insert(pattern, UInt32(standing + n)) }
            for (n, pattern) in others.enumerated() { trie.remove(pattern, UInt32(standing + n)) }
        }
        let alone = try await Self.least(of: 3, for: others.count) { try await Self.comeAndGo(bus, others) }

        let heard = Tally(expected: .max)
        try bus.observe(Tick.self) { heard.add($0.n) }
        let isOver = Atomic(false)
        async let published = Self.publish(on: bus, until: isOver)
        let underLoad = try await Self.least(of: 3, for: others.count) { try await Self.comeAndGo(bus, others) }
        isOver.store(true, ordering: .relaxed)
        return [
            Height(line: "inserted into the trie and removed", y: inTrie),
            Height(line: "subscribed and cancelled", y: alone),
            Height(line: "the same while another task publishes", y: underLoad),
            Height(line: "a message that is published meanwhile", y: try await published),
        ]
    }

    private static func comeAndGo(_ bus: EventBus, _ patterns: [TopicPattern]) async throws {
        for pattern in patterns { await (try bus.subscribe(to: pattern) { _ in }).cancel() }
    }

    /// Publishes until it is over; returns the nanoseconds that a message has taken.
    @concurrent
    private static func publish(on bus: EventBus, until isOver: borrowing Atomic<Bool>) async throws -> Double {
        var count = 0
        let start = Monotonic.nanoseconds
        while !isOver.load(ordering: .relaxed) {
            try bus.publishNow(Tick(n: 0, name: "tick"))
            count += 1
        }
        return Double(Monotonic.nanoseconds - start) / Double(count)
    }

    /// What a subscription holds while it waits, and what is still held of it once all are cancelled.
    static let memory = Curve(name: "memory", points: [100, 1_000, 10_000, 100_000, 1_000_000]) { count in
        let rule = MatchRule(count: count)
        let figures = try await Contestant.weighSubscriptions(count) { bus, n in
            try await bus.subscribe(to: rule.pattern(n)) { _ in }
        }
        return zip(["while it waits", "when it has been cancelled"], figures).map { Height(line: $0, y: $1.value) }
    }
}
