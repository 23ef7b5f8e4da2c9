// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A bus that nobody refers to")
struct LifetimeTests {
    struct Ping: Event {
        static let topic: Topic = "lifetime.ping"
    }

    /// Subscribes and publishes on a bus whose last reference goes with this call.
    private func publish(_ gate: Gate, _ release: Gate) async throws -> @Sendable () -> Bool {
        let bus = EventBus()
        try await bus.subscribe(to: Ping.self) { _ in
            try await release.pass()
            gate.open()
        }
        try await bus.publish(Ping())
        return { [weak bus] in bus == nil }
    }

    @Test("goes on handling what it has accepted")
    func livesWithItsSubscriptions() async throws {
        let (handled, release) = (Gate(), Gate())

        let isGone = try await self.publish(handled, release)
        release.open()
        try await handled.pass()

        #expect(!isGone())
    }
}
