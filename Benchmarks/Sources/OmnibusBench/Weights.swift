// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// How much memory does it take, and is it given back? Bytes that are resident, for each of so many.
extension Contestant {
    static let weights = [
        Self.idleSubscription, Self.workedSubscription, Self.subscriptionAfterBurst, Self.idleSubscriptionOfDeliveries,
        Self.millionPatterns,
    ]

    /// The same when each has handled one: from then on it has a task.
    private static let workedSubscription = Contestant.weighing(name: "idle-subscription/omnibus-worked") { count in
        try await Contestant.weighSubscriptions(count) { bus, _ in
            try await bus.subscribe(to: Tick.self) { _ in }
        } working: { bus in
            try await bus.publish(Tick(n: 1, name: "tick"))
            await bus.settled()
        }
    }

    /// The same when each has handled more at once than its queue is to hold.
    private static let subscriptionAfterBurst = Contestant.weighing(name: "idle-subscription/omnibus-burst") { count in
        try await Contestant.weighSubscriptions(count) { bus, _ in
            try await bus.subscribe(to: Tick.self) { _ in }
        } working: { bus in
            for n in 0..<8_192 { try await bus.publish(Tick(n: n, name: "tick")) }
            await bus.settled()
        }
    }

    /// Handlers of one type of event that wait for their first one, for which their tasks are made.
    private static let idleSubscription = Contestant.weighing(name: "idle-subscription/omnibus") { count in
        try await Contestant.weighSubscriptions(count) { bus, _ in try await bus.subscribe(to: Tick.self) { _ in } }
    }

    /// Handlers of deliveries, each of a pattern of its own.
    private static let idleSubscriptionOfDeliveries = Contestant.weighing(
        name: "idle-subscription/omnibus-patterns"
    ) { count in
        let patterns = try MatchRule(count: count).patterns()
        return try await Contestant.weighSubscriptions(count) { bus, n in
            try await bus.subscribe(to: patterns[n]) { _ in }
        }
    }

    /// Patterns in a trie, by themselves.
    private static let millionPatterns = Contestant.weighing(name: "patterns-1000000/omnibus") { count in
        let patterns = try MatchRule(count: count).patterns()
        var trie = PatternTrie()
        let before = try ResidentMemory.settled()
        for n in 0..<count { trie.insert(patterns[n], UInt32(n)) }
        let bytes = try ResidentMemory.settled() - before
        guard trie.count == count else { throw BenchmarkError("The trie has not taken every pattern.") }
        for n in 0..<count { trie.remove(patterns[n], UInt32(n)) }
        let kept = try ResidentMemory.settled() - before
        guard trie.count == 0 else { throw BenchmarkError("The trie has not given every pattern back.") }
        return [
            Figure(name: "bytes", value: Double(bytes)), Figure(name: "kept", value: Double(max(kept, 0))),
        ]
    }

    /// Subscribes so many times, and cancels it all.
    ///
    /// - Parameter working: what happens before they are weighed.
    /// - Returns: the bytes of each while it waits, and what is still held of them once all are gone.
    static func weighSubscriptions(
        _ count: Int,
        _ subscribe: (EventBus, Int) async throws -> Subscription,
        working: (EventBus) async throws -> Void = { _ in }
    ) async throws -> [Figure] {
        let bus = EventBus()
        var subscriptions: [Subscription] = []
        // The handles are the program's to keep or to drop; the array that holds them here is not to be weighed.
        subscriptions.reserveCapacity(count)
        // What the first one brings into being is not theirs.
        await (try subscribe(bus, 0)).cancel()
        let before = try ResidentMemory.settled()

        for n in 0..<count { subscriptions.append(try await subscribe(bus, n)) }
        try await working(bus)
        try await Self.letTasksRun()
        let bytes = try ResidentMemory.settled() - before

        for subscription in subscriptions { await subscription.cancel() }
        subscriptions.removeAll(keepingCapacity: true)
        await bus.settled()
        try await Self.letTasksRun()
        let kept = try ResidentMemory.settled() - before

        try await bus.shutdown(deadline: .seconds(30))
        return [
            Figure(name: "bytes", value: Double(bytes) / Double(count)),
            Figure(name: "kept", value: Double(max(kept, 0)) / Double(count)),
        ]
    }

    /// Lets every task begin, and end, that is ready: until no memory comes into use, or goes.
    private static func letTasksRun() async throws {
        var before: Int?
        for _ in 0..<100 {
            let now = ResidentMemory.bytes
            if now == before { return }
            before = now
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
