// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A format in which monitoring systems read metrics.
public struct MetricsFormat: Sendable, Hashable {
    let format: MetricText.Format
    /// What to answer with over HTTP as `Content-Type`.
    public let contentType: String

    /// Prometheus' text format, version 0.0.4.
    public static let prometheus = MetricsFormat(
        format: .prometheus,
        contentType: "text/plain; version=0.0.4; charset=utf-8"
    )

    /// OpenMetrics' text format, version 1.0.0.
    public static let openMetrics = MetricsFormat(
        format: .openMetrics,
        contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    )
}

extension MetricsSnapshot {
    /// What the entry for all those without one of their own is called in texts.
    package static let other = "other"

    /// The snapshot in Prometheus' text format.
    public var prometheusText: String { MetricText.write(self.families, as: .prometheus) }

    /// The snapshot in OpenMetrics' text format.
    public var openMetricsText: String { MetricText.write(self.families, as: .openMetrics) }

    /// The snapshot as text, with labels that every series gets: the name of the bus, say.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMetric` when a label cannot be called that, or a series has a
    ///   label of that name already.
    public func text(_ format: MetricsFormat, labels: [String: String]) throws(OmnibusError) -> String {
        let families = self.families
        for name in labels.keys.sorted() {
            try MetricNameRules.check(label: name)
            guard let family = families.first(where: { $0.samples.contains { $0.labels.contains { $0.name == name } } })
            else { continue }
            throw OmnibusError(
                .invalidMetric,
                "The metric '\(family.name)' has a label '\(name)' of its own; give the one for all another name."
            )
        }
        let common = labels.sorted { $0.key < $1.key }.map { MetricLabel($0.key, $0.value) }
        return MetricText.write(families, as: format.format, labels: common)
    }

    // MARK: Families

    /// The metrics under their names, those of the program last.
    package var families: [MetricFamily] {
        self.busFamilies + self.topicFamilies + self.subscriptionFamilies + self.operationFamilies + self.valueFamilies
    }

    private var busFamilies: [MetricFamily] {
        var families = [
            MetricFamily(
                "omnibus_uptime_seconds",
                .gauge,
                "For how long this has been counted.",
                .number(self.uptime.inSeconds)
            ),
            MetricFamily("omnibus_topics", .gauge, "Topics that there are.", .count(self.bus.topics)),
            MetricFamily(
                "omnibus_subscriptions",
                .gauge,
                "Subscriptions that there are.",
                .count(self.bus.subscriptions)
            ),
            MetricFamily(
                "omnibus_events_scheduled",
                .gauge,
                "Events that wait for their time now.",
                .count(self.bus.scheduled)
            ),
        ]
        for count in Self.callCounts {
            families.append(
                MetricFamily("omnibus_events_\(count.name)", .counter, count.help, .count(count.bus(self.bus)))
            )
        }
        for count in Self.queueCounts {
            families.append(
                MetricFamily(
                    "omnibus_deliveries_\(count.name)",
                    count.kind,
                    count.help,
                    .count(count.value(self.bus.queues))
                )
            )
        }
        if let rate = self.bus.queues.successRate {
            families.append(
                MetricFamily("omnibus_delivery_success_ratio", .gauge, Self.successHelp, .number(rate))
            )
        }
        families.append(MetricFamily("omnibus_lag_messages", .gauge, Self.lagHelp, .count(self.lag.messages)))
        families.append(
            MetricFamily("omnibus_message_lag_seconds", .gauge, Self.ageHelp, .number(self.lag.age.inSeconds))
        )
        return families + Self.latencyFamilies("omnibus", [([], self.latency)])
    }

    private var topicFamilies: [MetricFamily] {
        let series = self.topics.map { ([MetricLabel("topic", $0.topic?.description ?? Self.other)], $0) }
        var families = Self.callCounts.map { count in
            var family = MetricFamily("omnibus_topic_events_\(count.name)", .counter, count.help)
            for (labels, topic) in series { family.add(.count(count.topic(topic.metrics)), labels) }
            return family
        }
        var subscriptions = MetricFamily(
            "omnibus_topic_subscriptions",
            .gauge,
            "Subscriptions that would get an event that is published to the topic now."
        )
        for (labels, topic) in series where topic.topic != nil {
            subscriptions.add(.count(topic.metrics.subscriptions), labels)
        }
        families.append(subscriptions)
        return families + Self.latencyFamilies("omnibus_topic", series.map { ($0.0, $0.1.latency) })
    }

    private var subscriptionFamilies: [MetricFamily] {
        let series = self.subscriptions.map { (Self.labels(of: $0), $0) }
        var families = Self.queueCounts.map { count in
            var family = MetricFamily("omnibus_subscription_deliveries_\(count.name)", count.kind, count.help)
            for (labels, queue) in series { family.add(.count(count.value(queue.metrics)), labels) }
            return family
        }
        var rates = MetricFamily("omnibus_subscription_success_ratio", .gauge, Self.successHelp)
        var lags = MetricFamily("omnibus_subscription_lag_messages", .gauge, Self.lagHelp)
        var ages = MetricFamily("omnibus_subscription_message_lag_seconds", .gauge, Self.ageHelp)
        for (labels, queue) in series {
            if let rate = queue.metrics.successRate { rates.add(.number(rate), labels) }
            lags.add(.count(queue.lag.messages), labels)
            ages.add(.number(queue.lag.age.inSeconds), labels)
        }
        families += [rates, lags, ages]
        return families + Self.latencyFamilies("omnibus_subscription", series.map { ($0.0, $0.1.latency) })
    }

    private var operationFamilies: [MetricFamily] {
        var durations = MetricFamily(
            "omnibus_operation_duration_seconds",
            .histogram,
            "How long an operation of the program took."
        )
        var failures = MetricFamily(
            "omnibus_operation_failures",
            .counter,
            "How often an operation of the program has failed."
        )
        for operation in self.operations {
            let labels = [MetricLabel("operation", operation.name)]
            durations.add(.histogram(operation.duration), labels)
            failures.add(.count(operation.failures), labels)
        }
        return [durations, failures]
    }

    private var valueFamilies: [MetricFamily] {
        var families: [MetricFamily] = []
        for series in self.values {
            if families.last?.name != series.name {
                let kind: MetricFamily.Kind = if case .counter = series.value { .counter } else { .gauge }
                families.append(MetricFamily(series.name, kind, series.help))
            }
            let labels = series.labels.sorted { $0.key < $1.key }.map { MetricLabel($0.key, $0.value) }
            switch series.value {
            case .counter(let count): families[families.count - 1].add(.count(Int(clamping: count)), labels)
            case .gauge(let number): families[families.count - 1].add(.number(number), labels)
            }
        }
        return families
    }

    // MARK: Parts

    private static func labels(of series: SubscriptionSeries) -> [MetricLabel] {
        guard let queue = series.queue else {
            return [
                MetricLabel("pattern", self.other), MetricLabel("group", ""), MetricLabel("subscription", self.other),
            ]
        }
        return [
            MetricLabel("pattern", queue.pattern.description),
            MetricLabel("group", queue.group ?? ""),
            MetricLabel("subscription", series.subscription?.rawValue ?? ""),
        ]
    }

    private static func latencyFamilies(
        _ prefix: String,
        _ series: [([MetricLabel], LatencyMetrics?)]
    ) -> [MetricFamily] {
        var delivery = MetricFamily(
            "\(prefix)_delivery_duration_seconds",
            .histogram,
            "How long it took from an event's acceptance to its acknowledgement."
        )
        var handling = MetricFamily(
            "\(prefix)_handling_duration_seconds",
            .histogram,
            "How long handlers took for an attempt, whether it failed or not."
        )
        for (labels, latency) in series {
            guard let latency else { continue }
            delivery.add(.histogram(latency.delivery), labels)
            handling.add(.histogram(latency.handling), labels)
        }
        return [delivery, handling]
    }

    private static let successHelp = "The share of deliveries that were handled, of those that were handled or failed."
    private static let lagHelp = "Messages that wait for somebody to handle them."
    private static let ageHelp = "How long ago the oldest message was accepted that waits."

    /// A count of publish calls.
    private struct CallCount: Sendable {
        var name: String
        var help: String
        var bus: @Sendable (BusMetrics) -> Int
        var topic: @Sendable (TopicMetrics) -> Int
    }

    private static let callCounts = [
        CallCount(
            name: "published",
            help: "Publish calls.",
            bus: { $0.published },
            topic: { $0.published }
        ),
        CallCount(
            name: "routed",
            help: "Publish calls whose event was routed to somebody.",
            bus: { $0.routed },
            topic: { $0.routed }
        ),
        CallCount(
            name: "unrouted",
            help: "Publish calls that nobody listened to.",
            bus: { $0.unrouted },
            topic: { $0.unrouted }
        ),
        CallCount(
            name: "refused",
            help: "Publish calls that were refused.",
            bus: { $0.refused },
            topic: { $0.refused }
        ),
        CallCount(
            name: "duplicate",
            help: "Publish calls with an event that was known already.",
            bus: { $0.duplicate },
            topic: { $0.duplicate }
        ),
        CallCount(
            name: "cancelled",
            help: "Publish calls that were cancelled.",
            bus: { $0.cancelled },
            topic: { $0.cancelled }
        ),
    ]

    /// A count of what became of messages in queues.
    private struct QueueCount: Sendable {
        var name: String
        var kind: MetricFamily.Kind = .counter
        var help: String
        var value: @Sendable (QueueMetrics) -> Int
    }

    private static let queueCounts = [
        QueueCount(name: "offered", help: "Messages that were routed to a queue.", value: { $0.offered }),
        QueueCount(name: "acknowledged", help: "Messages that were handled.", value: { $0.acknowledged }),
        QueueCount(name: "failed", help: "Messages that were not handled and will not be.", value: { $0.failed }),
        QueueCount(name: "retried", help: "Attempts that failed and were followed by another.", value: { $0.retried }),
        QueueCount(name: "dead_lettered", help: "Messages that were given up on.", value: { $0.deadLettered }),
        QueueCount(name: "expired", help: "Messages whose time to live was over.", value: { $0.expired }),
        QueueCount(name: "dropped", help: "Messages that an overflow policy has dropped.", value: { $0.dropped }),
        QueueCount(name: "coalesced", help: "Messages that were merged with others.", value: { $0.coalesced }),
        QueueCount(name: "filtered", help: "Messages that a predicate did not want.", value: { $0.filtered }),
        QueueCount(name: "missed", help: "Messages that retention removed unread.", value: { $0.missed }),
        QueueCount(name: "refused", help: "Messages that a full queue did not take.", value: { $0.refused }),
        QueueCount(name: "abandoned", help: "Messages that were left when a queue ended.", value: { $0.abandoned }),
        QueueCount(
            name: "pending",
            kind: .gauge,
            help: "Messages that wait or are in flight.",
            value: { $0.pending }
        ),
        QueueCount(name: "in_flight", kind: .gauge, help: "Messages that are in flight.", value: { $0.inFlight }),
    ]
}
