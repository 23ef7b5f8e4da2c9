// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A sink that counts messages, in a counter of a bus's metrics.
///
/// ```swift
/// try await bus.forward("order.#", to: [try MetricsSink(bus.metrics, counter: "orders")])
/// // orders_total{topic="order.placed"} 17
/// ```
public struct MetricsSink: EventSink {
    /// The name under which it is listed.
    public let name: String
    private let meter: BusMeter
    private let counter: String
    private let labels: @Sendable (Message) -> [String: String]

    /// Creates a sink.
    ///
    /// - Parameters:
    ///   - meter: whose metrics the counter is among; it keeps that bus alive.
    ///   - name: the name under which it is listed.
    ///   - counter: what the counter is called, as ``BusMeter/counter(_:help:labels:)`` wants it.
    ///   - labels: what tells series apart, always under the same names; the topic unless said otherwise.
    /// - Throws: ``OmnibusError`` with the code `invalidMetric` when no counter can be called that.
    public init(
        _ meter: BusMeter,
        name: String = "metrics",
        counter: String = "forwarded_messages",
        labels: @escaping @Sendable (Message) -> [String: String] = { ["topic": $0.topic.name] }
    ) throws(OmnibusError) {
        try MetricNameRules.check(metric: counter.hasSuffix("_total") ? String(counter.dropLast(6)) : counter)
        self.name = name
        self.meter = meter
        self.counter = counter
        self.labels = labels
    }

    /// Counts the message.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMetric`, as ``BusMeter/counter(_:help:labels:)`` does.
    public func receive(_ message: Message) async throws {
        try self.meter.counter(
            self.counter,
            help: "Messages that were forwarded to the sink.",
            labels: self.labels(message)
        ).increment()
    }
}
