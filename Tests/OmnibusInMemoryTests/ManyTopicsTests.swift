// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import OmnibusInMemory
import Testing

@Suite("Very many topics")
struct ManyTopicsTests {
    @Test("are all counted, though not all of them are told apart")
    func countsAll() async throws {
        let broker = InMemoryBroker()
        let count = 40_000

        for number in 0..<count {
            _ = try await broker.publish(Message(topic: Topic(validating: "many.t\(number)"), bytes: []))
        }

        let metrics = try await broker.metrics()
        #expect(metrics.published == count)
        #expect(metrics.unrouted == count)
    }
}
