// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a bus measures, and how much of it is told apart.
///
/// What is counted, is counted always, and costs nothing that could be measured. Measuring latency is another thing:
/// it reads clocks for each message, and has every message carry its exact time of acceptance.
public struct MetricsSettings: Sendable, Hashable {
    /// Whether it is measured how long deliveries take; off unless said otherwise.
    ///
    /// It is measured for the handlers and sequences of this bus. Where another bus without it publishes on the same
    /// broker, acceptance is known to some milliseconds only.
    public var measuresLatency: Bool
    /// How many topics, how many subscriptions and groups, how many operations, and how many series of each of the
    /// program's own metrics are told apart; below 1 counts as 1.
    ///
    /// Those that come first have an entry each; all others are counted together, as `other`. Where latency is
    /// measured, an entry of a topic or a subscription takes up to 60 KB.
    public var seriesLimit: Int

    /// Creates settings; those left out are the defaults: no latency, and a hundred series.
    public init(measuresLatency: Bool = false, seriesLimit: Int = 100) {
        self.measuresLatency = measuresLatency
        self.seriesLimit = seriesLimit
    }
}
