// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusAgents
import Testing

struct VectorUpsert: AgentEvent {
    static let topic: Topic = "vector.upsert"
    var collection: String
    var ids: [String]
}

@Suite("Agent events with main-actor default isolation", .timeLimit(.minutes(5)))
struct AgentEventTests {
    @Test("are declared, published and exchanged as anywhere else")
    func ownEvent() async throws {
        let upsert = VectorUpsert(collection: "reports", ids: ["r-1"])
        let bus = EventBus()
        let deliveries = try await bus.deliveries(of: "vector.#")
        try await bus.publish(Message(upsert, source: "/index"))
        for try await delivery in deliveries {
            #expect(try VectorUpsert(delivery.message) == upsert)
            #expect(try VectorUpsert(delivery.message.cloudEvent()) == upsert)
            break
        }
        try await bus.shutdown()
    }
}
