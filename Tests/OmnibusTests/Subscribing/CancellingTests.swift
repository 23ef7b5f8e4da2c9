// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Synchronization
import Testing

@testable import Omnibus

@Suite("A subscription that is cancelled while a message is on its way to the handler", .timeLimit(.minutes(5)))
struct CancellingTests {
    /// A codec that has something happen while it decodes for the first time.
    final class SlowCodec: PayloadCodec {
        let contentType = JSONCodec().contentType
        let whileDecoding = Mutex<(@Sendable () -> Void)?>(nil)

        func encode(_ value: some Encodable) throws -> [UInt8] { try JSONCodec().encode(value) }

        func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
            self.whileDecoding.withLock { action in
                defer { action = nil }
                return action
            }?()
            return try JSONCodec().decode(type, from: bytes)
        }
    }

    let seen = EventRecorder<String>()

    @Test("does not start the handler behind slow middleware: whoever is left gets it as a first attempt")
    func waitsInMiddleware() async throws {
        let (gate, seen) = (Gate(), self.seen)
        let slow = HandleMiddleware.around("slow") { delivery, next in
            try await gate.pass()
            try await next(delivery)
        }
        let bus = EventBus(settings: BusSettings(handleMiddleware: [slow]))
        let leaving = try await bus.subscribe(to: Step.self, group: "g") { (_, _: Delivery) in seen.record("leaving") }
        try await bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        try await bus.subscribe(to: Step.self, group: "g") { _, delivery in seen.record("left, \(delivery.attempt)") }

        await leaving.cancel()
        gate.open()
        await bus.settled()
        try await bus.shutdown()
        #expect(seen.all == ["left, 1"])
        #expect(try await bus.metrics().queues.acknowledged == 1)
    }

    @Test("does not start the handler after slow decoding", arguments: [false, true])
    func waitsInDecoding(takesDelivery: Bool) async throws {
        let (codec, seen) = (SlowCodec(), self.seen)
        let bus = EventBus(settings: BusSettings(codec: codec))
        let leaving =
            takesDelivery
            ? try await bus.subscribe(to: Step.self, group: "g") { (_, _: Delivery) in seen.record("leaving") }
            : try await bus.subscribe(to: Step.self, group: "g") { _ in seen.record("leaving") }
        let staying = try await bus.subscribe(to: Step.self, group: "g") { _, delivery in
            seen.record("left, \(delivery.attempt)")
        }
        try await staying.pause()
        let memory = try #require(bus.memory)
        // What cancel() does, in a place that cannot wait for it.
        codec.whileDecoding.withLock { $0 = { _ = memory.unsubscribe(leaving.id) } }

        try await bus.publish(bytes: Array(#"{"number":1}"#.utf8), to: Step.topic)
        while codec.whileDecoding.withLock({ $0 != nil }) { await Task.yield() }
        try await staying.resume()
        await bus.settled()
        try await bus.shutdown()
        #expect(seen.all == ["left, 1"])
    }
}
