// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

private struct OrderSeen: Event {
    static let topic: Topic = "order.seen"
    var order: String
}

@Suite("The guide to seeing what a bus does", .timeLimit(.minutes(5)))
struct SeeingGuideTests {
    let bus = ManualEnvironment(seed: 48).makeBus()

    @Test("says who listens")
    func topology() async throws {
        let bus = self.bus
        try await bus.subscribe(to: "order.*", group: "billing") { _ in }
        try await bus.publish(1, to: "order.placed")
        await bus.settled()

        let topology = bus.topology()
        print(topology)
        let picture = topology.mermaid
        #expect(picture.contains("t0 -->|\"order.*\"| s0"))
        #expect(topology.description.contains("1 handled"))

        let routes = bus.routes(for: "order.placed")
        print(routes)
        #expect(routes.routes.count == 1)
    }

    @Test("says what is going on")
    func activity() async throws {
        let bus = self.bus
        try await bus.subscribe(to: OrderSeen.self) { _ in }
        let feed = try bus.activity(limit: 1_000)
        try await bus.publish(OrderSeen(order: "7"))
        for await activity in feed where activity.kind == .acknowledged {
            print(activity)
            break
        }
        #expect(try await bus.metrics().queues.acknowledged == 1)
    }

    @Test("says what caused what")
    func causes() async throws {
        let remembering = EventBus(settings: BusSettings(rememberedMessages: 10_000))
        try await remembering.subscribe(to: OrderSeen.self) { order in
            try await remembering.publish(order.order, to: "order.checked")
        }
        let receipt = try await remembering.publish(OrderSeen(order: "7"))
        await remembering.settled()
        if let tree = remembering.causes(of: receipt.messageID) { print(tree) }
        #expect(remembering.causes(of: receipt.messageID)?.nodes.count == 2)
        try await remembering.shutdown()
    }
}
