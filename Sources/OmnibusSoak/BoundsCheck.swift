// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

/// A producer ten times faster than its consumer, under every overflow policy: what waits stays within the bound.
struct BoundsCheck {
    static let bound = 1_000
    static let messages = 30_000

    static let policies: [(name: String, policy: OverflowPolicy)] = [
        ("suspend", .suspend(atMost: .seconds(60))),
        ("reject", .reject),
        ("dropOldest", .dropOldest),
        ("dropNewest", .dropNewest),
        ("coalesce", .coalesce { _, newer in newer }),
    ]

    func run(_ findings: inout Findings) async throws {
        say("\nA producer ten times faster than its consumer; the bound is \(Self.bound) messages.")
        for (name, policy) in Self.policies {
            let (most, metrics) = try await self.mostWaiting(policy)
            let limit = Self.bound + Self.bound / 10
            findings.note(
                "\(name): at most \(most) waited; handled \(metrics.acknowledged), dropped \(metrics.dropped), "
                    + "coalesced \(metrics.coalesced), refused \(metrics.refused)",
                isKept: most <= limit && metrics.isBalanced
            )
        }
    }

    private func mostWaiting(_ policy: OverflowPolicy) async throws -> (Int, QueueMetrics) {
        let bus = EventBus()
        let settings = HandlerSettings(bounds: QueueBounds(count: Self.bound), overflow: policy)
        try await bus.subscribe(to: Flood.self, with: settings) { _ in work(for: .microseconds(20)) }
        var most = 0
        for number in 0..<Self.messages {
            _ = try? await bus.publish(Flood(number: number))
            work(for: .microseconds(1))
            if number % 64 == 0 { most = max(most, try await bus.metrics().queues.pending) }
        }
        await bus.settled()
        let metrics = try await bus.metrics().queues
        try await bus.shutdown()
        return (most, metrics)
    }
}

extension QueueMetrics {
    /// Whether every message that was offered is in one of the other counts.
    var isBalanced: Bool {
        let settled = self.acknowledged + self.deadLettered + self.expired + self.filtered + self.missed
        let lost = self.dropped + self.coalesced + self.refused + self.abandoned
        return self.offered == settled + lost + self.pending
    }
}
