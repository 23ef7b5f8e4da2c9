// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What does a message cost among many subscriptions that it does not match? Nothing more than among few.
extension Contestant {
    static let crowds = [1, 1_000, 100_000, 1_000_000].map(Self.among)

    /// One handler in the publisher's thread, so that nothing but the way there is measured, and many handlers of
    /// deliveries, each of a pattern of its own.
    private static func among(_ others: Int) -> Contestant {
        .settingUpOnce(name: others == 1_000_000 ? "among/omnibus" : "among/omnibus-\(others)") { count, meter in
            let bus = EventBus()
            let rule = MatchRule(count: others)
            for n in 0..<others { try await bus.subscribe(to: rule.pattern(n)) { _ in } }
            let warmUp = count / 10 + 1
            let tally = Tally(expected: warmUp + count)
            try bus.observe(Tick.self) { tally.add($0.n) }
            for n in 0..<warmUp { try bus.publishNow(Tick(n: n, name: "tick")) }

            return try await meter.perMessage(of: count) {
                for n in warmUp..<(warmUp + count) { try bus.publishNow(Tick(n: n, name: "tick")) }
                try await tally.wait()
            }
        }
    }
}
