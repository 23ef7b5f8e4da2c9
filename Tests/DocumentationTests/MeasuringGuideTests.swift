// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

@Suite("The guide to measuring", .timeLimit(.minutes(5)))
struct MeasuringGuideTests {
    @Test("is a program")
    func isAProgram() async throws {
        @Sendable func archive(_ invoice: InvoiceScanned) throws {
            if invoice.number == 0 { throw CancellationError() }
        }

        struct InvoiceScanned: Event {
            static let topic: Topic = "invoice.scanned"
            var number: Int
        }

        let bus = EventBus()
        try await bus.subscribe(to: InvoiceScanned.self, group: "archive") { invoice in
            try archive(invoice)
        }
        for number in 1...10 { try await bus.publish(InvoiceScanned(number: number)) }

        await bus.settled()
        let totals = try await bus.metrics()
        print(totals.published, totals.queues.acknowledged, totals.queues.deadLettered)
        #expect(totals.published == 10)
        #expect(totals.queues.acknowledged == 10)

        let snapshot = try await bus.metrics.snapshot()
        for series in snapshot.subscriptions {
            let name = series.queue?.description ?? "others"
            print(name, series.metrics.acknowledged, series.lag.messages, series.lag.age)
        }
        #expect(snapshot.subscriptions.map(\.metrics.acknowledged) == [10])

        let text = snapshot.prometheusText
        let openMetrics = try snapshot.text(.openMetrics, labels: ["bus": "archive"])
        let answer = try snapshot.events.json.text()
        #expect(text.contains("\nomnibus_events_published_total 10\n"))
        #expect(text.contains(#"omnibus_subscription_message_lag_seconds{pattern="invoice.scanned",group="archive","#))
        #expect(openMetrics.contains("\nomnibus_events_published_total{bus=\"archive\"} 10\n"))
        #expect(openMetrics.hasSuffix("# EOF\n"))
        #expect(answer.hasPrefix(#"{"events_generated":10,"events_delivered":10,"events_failed":0,"#))

        let settings = BusSettings(metrics: MetricsSettings(measuresLatency: true))
        let measured = EventBus(settings: settings)
        try await measured.subscribe(to: InvoiceScanned.self) { invoice in try archive(invoice) }
        try await measured.publish(InvoiceScanned(number: 11))
        await measured.settled()

        let latency = try await measured.metrics.snapshot().latency
        print(latency?.delivery.percentile(99) ?? .zero, latency?.handling.mean ?? .zero)
        #expect(latency?.delivery.count == 1)
        #expect(latency?.handling.count == 1)

        try await bus.metrics.track("message_processing") {
            try archive(InvoiceScanned(number: 12))
        }

        let read = try bus.metrics.counter("pages_read", help: "Pages that were read.", labels: ["kind": "invoice"])
        read.increment(by: 3)
        try bus.metrics.gauge("archive_free_bytes", 1_000_000)

        let last = try await bus.metrics.snapshot()
        #expect(last.operations.map(\.name) == ["message_processing"])
        #expect(last.prometheusText.contains("\npages_read_total{kind=\"invoice\"} 3\n"))
        #expect(last.prometheusText.contains("\narchive_free_bytes 1000000.0\n"))
        try await measured.shutdown()
        try await bus.shutdown()
    }
}
