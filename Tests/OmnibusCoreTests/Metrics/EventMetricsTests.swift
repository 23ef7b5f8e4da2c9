// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEventsFoundation
import OmnibusCore
import OmnibusJSON
import Testing

@Suite("Event metrics")
struct EventMetricsTests {
    /// What A2A-ACP's documentation shows.
    private static let document = """
        {
          "events_generated": 1500,
          "events_delivered": 1485,
          "events_failed": 15,
          "delivery_success_rate": 99.0,
          "average_delivery_time": 0.25
        }
        """

    private static let metrics = EventMetrics(
        generated: 1_500,
        delivered: 1_485,
        failed: 15,
        deliverySuccessRate: 99,
        averageDeliveryTime: 0.25
    )

    @Test("are in JSON what their document shows")
    func matchesDocument() throws {
        #expect(Self.metrics.json == (try JSONValue(parsing: Self.document)))
        let encoded = try JSONCodec().encode(Self.metrics)
        #expect(try JSONValue(parsing: encoded) == Self.metrics.json)
        #expect(try JSONCodec().decode(EventMetrics.self, from: Array(Self.document.utf8)) == Self.metrics)
    }

    @Test("follow from the counts of a bus")
    func followsFromCounts() {
        var bus = BusMetrics()
        bus.published = 1_510
        bus.refused = 4
        bus.cancelled = 3
        bus.duplicate = 3
        bus.queues.acknowledged = 1_485
        bus.queues.deadLettered = 10
        bus.queues.expired = 1
        bus.queues.dropped = 1
        bus.queues.refused = 1
        bus.queues.missed = 1
        bus.queues.abandoned = 1
        bus.queues.pending = 7
        bus.queues.coalesced = 5
        bus.queues.filtered = 6
        var delivery = LatencyHistogram()
        delivery.record(.milliseconds(200))
        delivery.record(.milliseconds(300))

        #expect(EventMetrics(bus, delivery: delivery) == Self.metrics)
    }

    @Test("have every member where nothing has happened and nothing is measured")
    func isComplete() throws {
        let empty = EventMetrics(BusMetrics())

        #expect(
            try empty.json.text() == """
                {"events_generated":0,"events_delivered":0,"events_failed":0,"delivery_success_rate":100.0,\
                "average_delivery_time":null}
                """
        )
        let encoded = try JSONCodec().encode(empty)
        #expect(try JSONValue(parsing: encoded) == empty.json)
        #expect(try JSONCodec().decode(EventMetrics.self, from: encoded) == empty)
    }
}

@Suite("Rates of a queue")
struct QueueRateTests {
    @Test("leave nothing out: what was offered is handled, failed, merged, unwanted or pending")
    func balances() {
        var metrics = QueueMetrics()
        metrics.acknowledged = 1
        metrics.deadLettered = 2
        metrics.expired = 3
        metrics.dropped = 4
        metrics.coalesced = 5
        metrics.filtered = 6
        metrics.missed = 7
        metrics.refused = 8
        metrics.abandoned = 9
        metrics.pending = 10
        metrics.inFlight = 4
        metrics.offered = 55

        #expect(metrics.failed == 33)
        #expect(metrics.offered == metrics.acknowledged + metrics.failed + 5 + 6 + metrics.pending)
        #expect(metrics.waiting == 6)
        #expect(metrics.successRate == 1.0 / 34)
    }

    @Test("are unknown while nothing was handled or has failed")
    func isUnknown() {
        #expect(QueueMetrics().successRate == nil)
    }
}
