// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

/// One subscriber that has stalled, and what that costs the others.
struct StallCheck {
    /// What the others may take longer at the 99th percentile.
    static let limit = 2.0
    /// Rounds of each measurement; the middle one counts, because the machine has other things to do too.
    static let rounds = 5
    static let messages = 4_000

    /// How the stalled subscriber listens.
    enum Stall {
        case none
        case queue(OverflowPolicy)
        case log
    }

    func run(_ findings: inout Findings) async throws {
        say("\nA stalled subscriber, and the time until three others have a message, from when publish was called.")
        var cases: [(name: String, stall: Stall, pause: Duration)] = BoundsCheck.policies.dropFirst().map {
            ($0.name, .queue($0.policy), .microseconds(50))
        }
        cases.append(("log topic", .log, .microseconds(50)))
        // Each publish waits as long as the policy says: what is compared comes as rarely.
        cases.append(("suspend", .queue(.suspend(atMost: .milliseconds(2))), .milliseconds(2)))
        for (name, stall, pause) in cases {
            let count = pause > .milliseconds(1) ? 400 : Self.messages
            var ratios: [(ratio: Double, usual: Int64, stalled: Int64)] = []
            for _ in 0..<Self.rounds {
                let isLog = if case .log = stall { true } else { false }
                let usual = try await self.percentile(.none, isLog: isLog, pause, count)
                let stalled = try await self.percentile(stall, isLog: isLog, pause, count)
                ratios.append((Double(stalled) / Double(max(usual, 1)), usual, stalled))
            }
            let middle = ratios.sorted { $0.ratio < $1.ratio }[Self.rounds / 2]
            findings.note(
                "\(name): p99 \(middle.usual / 1_000) µs without, \(middle.stalled / 1_000) µs with; "
                    + "\(middle.ratio.rounded(to: 2)) times",
                isKept: middle.ratio <= Self.limit
            )
        }
    }

    /// The 99th percentile of the time until a message is handled, in nanoseconds.
    private func percentile(_ stall: Stall, isLog: Bool, _ pause: Duration, _ count: Int) async throws -> Int64 {
        let broker = InMemoryBroker()
        let bus = EventBus(provider: broker)
        if isLog {
            let configuration = TopicConfiguration(
                durability: .retained,
                retention: Retention(maximumCount: 1_000)
            )
            _ = try await broker.createTopic(Tick.topic, configuration)
        }
        let times = Mutex<[Int64]>([])
        for _ in 0..<3 {
            try await bus.subscribe(to: Tick.self) { tick in
                let age = tick.began.age
                if tick.number >= 0 { times.withLock { $0.append(age) } }
            }
        }
        let stalled = try await self.stall(stall, on: bus)
        // Fills the stalled queue before anything is measured.
        for _ in 0..<300 { _ = try? await bus.publish(Tick(number: -1)) }
        let clock = ContinuousClock()
        var next = clock.now
        for number in 0..<count {
            next += pause
            if case .queue(.suspend) = stall {
            } else if pause > .milliseconds(1) {
                try await clock.sleep(until: next, tolerance: .zero)
            } else {
                while clock.now < next { await Task.yield() }
            }
            _ = try? await bus.publish(Tick(number: number))
        }
        // The stalled one never settles: what counts is that the others have everything.
        while times.withLock({ $0.count }) < 3 * count { try await clock.sleep(for: .milliseconds(1)) }
        await stalled?.cancel()
        try await bus.shutdown(deadline: .zero)
        try await broker.disconnect()
        let sorted = times.withLock { $0.sorted() }
        return sorted.isEmpty ? .max : sorted[sorted.count * 99 / 100]
    }

    private func stall(_ stall: Stall, on bus: EventBus) async throws -> Subscription? {
        var settings = HandlerSettings(bounds: QueueBounds(count: 64))
        switch stall {
        case .none: return nil
        case .queue(let policy): settings.overflow = policy
        case .log: break
        }
        return try await bus.subscribe(to: Tick.self, with: settings) { _ in
            // It never finishes; cancelling the subscription does not end it, shutting the bus down does.
            try await ContinuousClock().sleep(for: .seconds(86_400))
        }
    }
}
