// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A program's own metrics", .timeLimit(.minutes(5)))
struct UserMetricTests {
    private let manual = ManualEnvironment(seed: 14)

    private func makeBus(seriesLimit: Int = 100) -> EventBus {
        self.manual.makeBus(settings: BusSettings(metrics: MetricsSettings(seriesLimit: seriesLimit)))
    }

    @Test("are found again by name and labels")
    func findsAgain() async throws {
        let bus = self.makeBus()
        let counter = try bus.metrics.counter("documents_read", help: "Documents.", labels: ["kind": "pdf"])
        counter.increment()
        try bus.metrics.counter("documents_read_total", labels: ["kind": "pdf"]).increment(by: 2)
        try bus.metrics.counter("documents_read", labels: ["kind": "text"]).increment()
        try bus.metrics.gauge("message_lag_seconds", 1.5)
        let gauge = try bus.metrics.gauge("message_lag_seconds", help: "How old they are.")
        gauge.add(-0.25)

        let values = try await bus.metrics.snapshot().values

        #expect(counter.value == 3)
        #expect(gauge.value == 1.25)
        #expect(
            values == [
                ValueSeries(name: "documents_read", help: "Documents.", labels: ["kind": "pdf"], value: .counter(3)),
                ValueSeries(name: "documents_read", help: "Documents.", labels: ["kind": "text"], value: .counter(1)),
                ValueSeries(name: "message_lag_seconds", help: "How old they are.", labels: [:], value: .gauge(1.25)),
            ]
        )
        try await bus.shutdown()
    }

    @Test("are refused under a name that is none, with other labels, or as another kind")
    func refuses() async throws {
        let bus = self.makeBus()
        _ = try bus.metrics.counter("documents", labels: ["kind": "pdf"])

        await expectError(.invalidMetric) { _ = try bus.metrics.counter("große_documents") }
        await expectError(.invalidMetric) { _ = try bus.metrics.gauge("documents_total") }
        await expectError(.invalidMetric) { try bus.metrics.gauge("depth", 1, labels: ["a b": "c"]) }
        await expectError(.invalidMetric) { _ = try bus.metrics.counter("documents", labels: ["kind": "a", "b": "c"]) }
        let labels = await expectError(.invalidMetric) { _ = try bus.metrics.counter("documents") }
        let kind = await expectError(.invalidMetric) { try bus.metrics.gauge("documents", 1, labels: ["kind": "pdf"]) }

        #expect(labels?.message.contains("'kind' at first, and now has none") == true)
        #expect(kind?.message.contains("is a counter in one place and a gauge in another") == true)
        // Nothing of it has left anything behind.
        #expect(try await bus.metrics.snapshot().values.map(\.name) == ["documents"])
        try await bus.shutdown()
    }

    @Test("share one series for each metric beyond the limit, counted exactly")
    func boundsSeries() async throws {
        let bus = self.makeBus(seriesLimit: 3)
        for number in 0..<1_000 {
            try bus.metrics.counter("documents", labels: ["user": "\(number)"]).increment()
            try bus.metrics.gauge("depth", labels: ["user": "\(number)"]).add(1)
        }
        // One that is called so is one of the others.
        try bus.metrics.counter("documents", labels: ["user": "other"]).increment()

        let values = try await bus.metrics.snapshot().values
        let documents = values.filter { $0.name == "documents" }

        #expect(documents.map { $0.labels["user"] } == ["0", "1", "2", "other"])
        #expect(documents.map(\.value) == [.counter(1), .counter(1), .counter(1), .counter(998)])
        #expect(values.filter { $0.name == "depth" }.map(\.value) == [.gauge(1), .gauge(1), .gauge(1), .gauge(997)])
        try await bus.shutdown()
    }

    @Test("are at most five hundred")
    func boundsMetrics() async throws {
        let bus = self.makeBus()
        for number in 0..<500 { _ = try bus.metrics.counter("metric_\(number)") }

        let error = await expectError(.invalidMetric) { _ = try bus.metrics.counter("one_more") }

        #expect(error?.message.contains("500 metrics already") == true)
        _ = try bus.metrics.counter("metric_499")
        try await bus.shutdown()
    }

    @Test("count exactly from many tasks")
    func countsFromTasks() async throws {
        let bus = self.makeBus()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        try? bus.metrics.counter("steps").increment()
                        try? bus.metrics.gauge("depth").add(0.5)
                    }
                }
            }
        }

        #expect(try bus.metrics.counter("steps").value == 8_000)
        #expect(try bus.metrics.gauge("depth").value == 4_000)
        try await bus.shutdown()
    }

    @Test("track how long a function takes and whether it fails, and hand on what it returns or throws")
    func tracks() async throws {
        let bus = self.makeBus()
        let clock = self.manual.clock

        let answer = await bus.metrics.track("message_processing") { () async -> Int in
            clock.advance(by: .seconds(2))
            return 42
        }
        await #expect(throws: Broken.self) {
            try await bus.metrics.track("message_processing") {
                clock.advance(by: .seconds(1))
                throw Broken()
            }
        }

        #expect(answer == 42)
        let operation = try #require(try await bus.metrics.snapshot().operations.first)
        #expect(operation.name == "message_processing")
        #expect(operation.duration.count == 2)
        #expect(operation.duration.sum == .seconds(3))
        #expect(operation.failures == 1)
        try await bus.shutdown()
    }

    @Test("track so many operations by name, and all others as one")
    func boundsOperations() async throws {
        let bus = self.makeBus(seriesLimit: 2)
        for number in 0..<10 { await bus.metrics.track("operation \(number)") {} }
        await bus.metrics.track("other") {}
        await bus.metrics.track("operation 0") {}

        let operations = try await bus.metrics.snapshot().operations

        #expect(operations.map(\.name) == ["operation 0", "operation 1", "other"])
        #expect(operations.map(\.duration.count) == [2, 1, 9])
        try await bus.shutdown()
    }

    @Test("run what is tracked on the caller's actor")
    @MainActor
    func staysOnActor() async throws {
        let bus = self.makeBus()
        var count = 0

        await bus.metrics.track("on the main actor") {
            MainActor.assertIsolated()
            count += 1
        }

        #expect(count == 1)
        try await bus.shutdown()
    }
}
