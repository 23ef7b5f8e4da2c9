// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import OmnibusTesting
import Testing

private struct Order: Codable, Equatable {
    var number: Int
    var total: Int
}

@Suite("The guide to exchanging CloudEvents", .timeLimit(.minutes(5)))
struct CloudEventsGuideTests {
    @Test("makes events, writes and reads them, and puts them on the bus")
    func exchanges() async throws {
        let bus = ManualEnvironment(seed: 15).makeBus()
        let shop = try #require(URL(string: "https://example.com/shop"))

        let event = try CloudEvent(
            id: "A-1",
            source: "https://example.com/shop",
            type: "com.example.order.placed",
            subject: "order 7",
            data: .json(["total": 7])
        )

        do throws(CloudEventError) {
            _ = try CloudEvent(id: "A-1", source: "not a URI", type: "com.example.order.placed")
        } catch {
            print(error.attribute ?? "", error.rule?.rawValue ?? "")  // source uri-reference
        }

        let placed = try CloudEvent(
            source: shop,
            type: "com.example.order.placed",
            date: .now,
            payload: Order(number: 7, total: 12)
        )
        let order: Order = try placed.payload()
        #expect(order == Order(number: 7, total: 12))

        let bytes = try event.json()
        let copy = try CloudEvent(json: bytes)
        #expect(copy == event)

        var options = CloudEventReadingOptions(extensionTypes: DocumentedExtension.types)
        options.extensionTypes["retries"] = .integer
        let typed = try CloudEvent(json: bytes, options: options)
        #expect(typed == event)

        let message = try ProtocolBinding.http.write(event)
        for header in message.headers {
            print(header.name, header.value.canonicalText)  // ce-subject order%207
        }
        #expect(message["ce-subject"] == "order%207")

        let received = try ProtocolBinding.http.read(message).event
        #expect(received.subject == "order 7" && received.dataContentType == "application/json")

        let incomplete = Array(#"{"id":"1","source":"/","type":"t"}"#.utf8)
        let reading = try CloudEventJSONFormat.read(incomplete, options: .lenient)
        for repair in reading.repairs {
            print(repair.attribute, repair.action)  // specversion filledIn("1.0")
        }
        #expect(reading.repairs.map(\.action) == [.filledIn("1.0")])

        var traced = event
        try traced.setTraceContext(TraceContext(traceIDHigh: 1, traceIDLow: 2, spanID: 3, flags: 1))
        try traced.set(.partitionKey, to: "customer 7")
        try traced.set(.expiryTime, to: "2030-01-01T00:00:00Z")
        print(traced.extensions["traceparent"]?.canonicalText ?? "", traced.expiryTime ?? .epoch)
        #expect(traced.partitionKey == "customer 7" && traced.traceContext?.spanIDBits == 3)

        let audit = try await bus.recorder(of: "audit.order")
        try await bus.subscribe(toCloudEvents: "com.example.#") { event in
            print(try ProtocolBinding.kafka.write(event, mode: .structured).body.count)
        }
        try await bus.publish(event)
        try await bus.subscribe(to: "com.example.#") { delivery in
            print(delivery.message.traceContext.traceID)
            try await bus.publish(Message(topic: "audit.order", payload: ["seen": true]))
        }
        try await bus.publish(event)
        await bus.settled()

        #expect(bus.topology().description.contains("2 handled"))
        #expect(try await audit.next().causationID?.description == event.id)
    }
}
