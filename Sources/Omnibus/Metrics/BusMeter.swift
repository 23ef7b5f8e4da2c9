// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a bus counts and measures, and what the program counts and measures with it.
///
/// ```swift
/// let snapshot = try await bus.metrics.snapshot()
/// print(snapshot.bus.queues.acknowledged, snapshot.lag.messages)
/// print(snapshot.prometheusText)
///
/// try await bus.metrics.track("message_processing") { try await process(message) }
/// try bus.metrics.gauge("cache_entries", 12)
/// try bus.metrics.counter("documents_read", labels: ["kind": "pdf"]).increment()
/// ```
public struct BusMeter: Sendable {
    let bus: EventBus

    // MARK: Reading

    /// Counts what has happened on the provider since it was made: `bus.metrics()`.
    ///
    /// Where the provider does not count, the bus does: its own publish calls, and the queues that it has. It cannot know
    /// `topics` then, and counts a publish as routed unless the provider says that nobody listens.
    ///
    /// - Throws: whatever the provider throws.
    public func callAsFunction() async throws(OmnibusError) -> BusMetrics {
        guard let host = self.bus.host, !self.bus.provider.capabilities.has(.metrics) else {
            return try await self.bus.provider.metrics()
        }
        return host.standing(subscriptions: self.bus.subscriptions.all.count).metrics
    }

    /// Takes everything that is counted and measured, by topic, by subscription, and what the program has added.
    ///
    /// Counts are those of the provider, as with `bus.metrics()`: buses that share a broker see the same ones, and each
    /// its own latencies. Over another provider than the in-memory broker, only queues that are in the bus are known, and
    /// no topics, but for those whose deliveries were measured. O(topics and queues).
    ///
    /// - Throws: whatever the provider throws.
    public func snapshot() async throws(OmnibusError) -> MetricsSnapshot {
        let now = self.bus.environment.clock.now
        if let memory = self.bus.memory {
            return self.bus.meter.snapshot(of: memory.standing, now: now, subscriptionCount: memory.subscriptionCount)
        }
        var standing = self.bus.host?.standing(subscriptions: self.bus.subscriptions.all.count) ?? BusStanding()
        if self.bus.provider.capabilities.has(.metrics) {
            let queues = standing.metrics.queues
            standing.metrics = try await self.bus.provider.metrics()
            // What the bus has queues of, it counts itself.
            if queues != QueueMetrics() { standing.metrics.queues = queues }
        }
        let subscriptions = self.bus.subscriptions.all.map(\.subscription.pattern)
        return self.bus.meter.snapshot(of: standing, now: now) { topic in
            subscriptions.count { $0.matches(topic) }
        }
    }

    // MARK: Measuring

    /// Runs a function, and records how long it took and whether it failed.
    ///
    /// A function that throws has failed, be it because it was cancelled. The name may be any text; it is a label, and
    /// those that come when there are as many as the settings allow are recorded together, as `other`.
    ///
    /// - Throws: what the function throws.
    @discardableResult
    public func track<Result, Failure: Error>(
        _ operation: String,
        _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let meter = self.bus.meter
        let start = meter.clock.uptime()
        var failed = true
        defer {
            meter.operations.record(
                operation,
                nanoseconds: (meter.clock.uptime() - start).nanoseconds,
                failed: failed
            )
        }
        let result = try await body()
        failed = false
        return result
    }

    /// Finds a counter of the program's by name and labels, or makes it.
    ///
    /// Text formats add `_total` to its name. Labels tell its series apart; when there are as many as the settings allow,
    /// all others are counted in one whose labels are `other`.
    ///
    /// - Parameters:
    ///   - name: words of ASCII letters and digits with underscores between them, units written out and base ones
    ///     (seconds, bytes): `documents_read`.
    ///   - help: what it counts, in a sentence; the first one that is given counts.
    ///   - labels: values by name; the values may be any text.
    /// - Throws: ``OmnibusError`` with the code `invalidMetric` when the metric or a label cannot be called that, the
    ///   metric has another kind or other labels, or there are 500 metrics already.
    public func counter(
        _ name: String,
        help: String = "",
        labels: [String: String] = [:]
    ) throws(OmnibusError) -> MetricCounter {
        let name = name.hasSuffix("_total") ? String(name.dropLast(6)) : name
        return try self.bus.meter.values.counter(name, help, labels)
    }

    /// Finds a gauge of the program's by name and labels, or makes it.
    ///
    /// When there are as many series as the settings allow, all others share one whose labels are `other`: the value
    /// that was set last counts there.
    ///
    /// - Parameters:
    ///   - name: as for counters: `message_lag_seconds`.
    ///   - help: what it says, in a sentence; the first one that is given counts.
    ///   - labels: values by name; the values may be any text.
    /// - Throws: as for counters.
    public func gauge(
        _ name: String,
        help: String = "",
        labels: [String: String] = [:]
    ) throws(OmnibusError) -> MetricGauge {
        try self.bus.meter.values.gauge(name, help, labels)
    }

    /// Sets a gauge of the program's.
    ///
    /// - Throws: as for counters.
    public func gauge(_ name: String, _ value: Double, labels: [String: String] = [:]) throws(OmnibusError) {
        try self.gauge(name, labels: labels).set(value)
    }
}

extension EventBus {
    /// What the bus counts and measures; `bus.metrics()` is the whole in one value.
    public var metrics: BusMeter { BusMeter(bus: self) }
}
