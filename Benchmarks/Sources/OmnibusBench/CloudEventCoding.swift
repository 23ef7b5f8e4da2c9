// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// One thread writes and reads CloudEvents in the JSON format, with a kilobyte of JSON as their data.
extension Contestant {
    static let eventEncoding = Contestant(name: "event-encode/omnibus") { count, meter in
        let event = try sampleEvent()
        var sum = 0
        let figure = try await meter.perMessage(of: count) {
            for _ in 0..<count { sum &+= try event.json().count }
        }
        guard sum > count * 1_024 else { throw BenchmarkError("The events are too short.") }
        return figure
    }

    static let eventDecoding = Contestant(name: "event-decode/omnibus") { count, meter in
        let event = try sampleEvent()
        let bytes = try event.json()
        var sum = 0
        let figure = try await meter.perMessage(of: count) {
            for _ in 0..<count { sum &+= try CloudEvent(json: bytes).id.utf8.count }
        }
        guard sum == count * event.id.utf8.count else { throw BenchmarkError("An event was read wrongly.") }
        return figure
    }

    /// The event that the programs of other languages make too.
    private static func sampleEvent() throws -> CloudEvent {
        let items = (0..<16).map { n -> JSONValue in
            ["id": JSONValue(n), "price": .number(Double(n) + 0.5), "name": .string("item \(n)"), "ok": true]
        }
        return try CloudEvent(
            id: "A234-1234-1234",
            source: "https://example.com/shop",
            type: "com.example.order.placed",
            subject: "order 7",
            time: Timestamp(parsing: "2026-02-28T08:30:00.25Z"),
            dataContentType: "application/json",
            data: .json([
                "items": .array(items), "text": .string(String(repeating: "An order, \"quoted\". ", count: 12)),
            ]),
            extensions: ["partitionkey": "customer 7"]
        )
    }
}
