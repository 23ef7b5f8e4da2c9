// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

extension Curve {
    /// One message among many subscriptions.
    ///
    /// - of a topic that returns, which none of them matches: the handler is called in the publisher's thread.
    /// - of topics that are all different, each of which one of them matches: its task is woken for it.
    static let subscriptions = Curve(name: "subscriptions", points: Self.decades(to: 1_000_000)) { others in
        let count = 200_000
        let bus = EventBus()
        let heard = Atomic(0)
        let topics = try (0..<others).map { try Topic(validating: "room\($0 % 100).desk\($0)") }
        for topic in topics {
            try await bus.subscribe(to: TopicPattern(topic)) { _ in heard.wrappingAdd(1, ordering: .relaxed) }
        }
        let tally = Tally(expected: .max)
        try bus.observe(Tick.self) { tally.add($0.n) }

        let returning = try await Self.least(for: count) {
            for n in 0..<count { try bus.publishNow(Tick(n: n, name: "tick")) }
        }

        var next = 0
        var published = 0
        let different = try await Self.least(of: 3, for: count / 4) {
            for _ in 0..<count / 4 {
                // A step that has no divisor in common with any power of ten: all topics, in no order.
                next = (next + 618_033) % others
                try await bus.publish(Message(topic: topics[next], payload: .empty))
            }
            published += count / 4
            while heard.load(ordering: .relaxed) < published { await Task.yield() }
        }
        return [
            Height(line: "no subscription matches", y: returning),
            Height(line: "one subscription matches, another each time", y: different),
        ]
    }

    /// One topic with many subscribers, each with its own queue and task; a delivery counts.
    static let subscribers = Curve(name: "subscribers", points: Self.halfDecades(to: 1_000)) { subscribers in
        try await [Height(line: "subscribers", y: Self.delivery(to: subscribers) { _ in nil })]
    }

    /// The same with a group for each subscriber.
    static let groups = Curve(name: "groups", points: Self.halfDecades(to: 10_000)) { groups in
        try await [Height(line: "groups of one subscriber", y: Self.delivery(to: groups) { "group\($0)" })]
    }

    private static func halfDecades(to last: Int) -> [Int] {
        Self.decades(to: last).flatMap { $0 < last ? [$0, $0 * 3] : [$0] }
    }

    private static func delivery(to subscribers: Int, _ group: (Int) -> String?) async throws -> Double {
        let published = max(400_000 / subscribers, 20)
        let bus = EventBus()
        let tallies = (0..<subscribers).map { _ in Tally(expected: .max) }
        for (n, tally) in tallies.enumerated() {
            try await bus.subscribe(to: Tick.self, group: group(n)) { tally.add($0.n) }
        }
        let least = try await Self.least(for: published * subscribers) {
            for n in 0..<published { try await bus.publish(Tick(n: n, name: "tick")) }
            await bus.settled()
        }
        try await bus.shutdown(deadline: .seconds(5))
        return least
    }

    /// Many publishers in tasks of their own, one handler.
    static let publishers = Curve(name: "publishers", points: [1, 2, 4, 8, 16, 32, 64]) { publishers in
        let each = 512_000 / publishers
        let bus = EventBus()
        let heard = Tally(expected: .max)
        try await bus.subscribe(to: Tick.self) { heard.add($0.n) }
        let least = try await Self.least(for: each * publishers) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<publishers {
                    group.addTask {
                        for n in 0..<each { try await bus.publish(Tick(n: n, name: "tick")) }
                    }
                }
                try await group.waitForAll()
            }
            await bus.settled()
        }
        try await bus.shutdown(deadline: .seconds(5))
        return [Height(line: "publishers", y: least)]
    }
}
