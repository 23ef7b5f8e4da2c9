// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

/// The health of a whole bus in five numbers, whose JSON is that of A2A-ACP's event system.
///
/// ```json
/// {
///   "events_generated": 1500,
///   "events_delivered": 1485,
///   "events_failed": 15,
///   "delivery_success_rate": 99.0,
///   "average_delivery_time": 0.25
/// }
/// ```
public struct EventMetrics: Sendable, Hashable, Codable {
    /// Publish calls whose message was accepted, or waits for its time.
    public var generated: Int
    /// Messages that were handled; one that three subscriptions have handled counts three times.
    public var delivered: Int
    /// Messages that were not handled and will not be, for each subscription that they were meant for.
    public var failed: Int
    /// The share of `delivered` in all that was delivered or failed, in percent; 100 while there is nothing of either.
    public var deliverySuccessRate: Double
    /// The mean time from acceptance to acknowledgement, in seconds; nil where it was not measured.
    public var averageDeliveryTime: Double?

    /// Creates metrics from their values.
    public init(
        generated: Int,
        delivered: Int,
        failed: Int,
        deliverySuccessRate: Double,
        averageDeliveryTime: Double? = nil
    ) {
        self.generated = generated
        self.delivered = delivered
        self.failed = failed
        self.deliverySuccessRate = deliverySuccessRate
        self.averageDeliveryTime = averageDeliveryTime
    }

    /// Creates metrics from a bus's counts.
    ///
    /// - Parameter delivery: how long deliveries took, where that was measured.
    public init(_ metrics: BusMetrics, delivery: LatencyHistogram? = nil) {
        self.init(
            generated: metrics.published - metrics.refused - metrics.cancelled - metrics.duplicate,
            delivered: metrics.queues.acknowledged,
            failed: metrics.queues.failed,
            deliverySuccessRate: (metrics.queues.successRate ?? 1) * 100,
            averageDeliveryTime: delivery?.mean?.inSeconds
        )
    }

    private enum CodingKeys: String, CodingKey {
        case generated = "events_generated"
        case delivered = "events_delivered"
        case failed = "events_failed"
        case deliverySuccessRate = "delivery_success_rate"
        case averageDeliveryTime = "average_delivery_time"
    }

    /// Encodes all five members under their names in the document; a time that was not measured is null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self.generated, forKey: .generated)
        try container.encode(self.delivered, forKey: .delivered)
        try container.encode(self.failed, forKey: .failed)
        try container.encode(self.deliverySuccessRate, forKey: .deliverySuccessRate)
        try container.encode(self.averageDeliveryTime, forKey: .averageDeliveryTime)
    }

    /// The metrics as JSON, under their names in the document; a time that was not measured is null.
    public var json: JSONValue {
        .object(
            JSONObject([
                (CodingKeys.generated.rawValue, JSONValue(self.generated)),
                (CodingKeys.delivered.rawValue, JSONValue(self.delivered)),
                (CodingKeys.failed.rawValue, JSONValue(self.failed)),
                (CodingKeys.deliverySuccessRate.rawValue, .number(self.deliverySuccessRate)),
                (CodingKeys.averageDeliveryTime.rawValue, self.averageDeliveryTime.map(JSONValue.number) ?? .null),
            ])
        )
    }
}
