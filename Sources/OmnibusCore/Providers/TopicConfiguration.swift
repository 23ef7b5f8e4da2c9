// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How a topic keeps and divides its messages.
public struct TopicConfiguration: Sendable, Hashable {
    /// How long messages are kept.
    public enum Durability: Sendable, Hashable, CustomStringConvertible {
        /// When a journal has to have written what was published.
        public enum Flush: Sendable, Hashable {
            /// Before a publish is confirmed: what was confirmed is never lost.
            case beforeConfirming
            /// From time to time: the last of what was confirmed may be lost when the power fails.
            case interval
        }

        /// Nothing is kept: who does not listen has missed it.
        case ephemeral
        /// A history is kept in memory.
        case retained
        /// A history is kept in a journal.
        case persistent(flush: Flush = .beforeConfirming)

        /// A history is kept in a journal, which may lose the last of what was confirmed when the power fails.
        public static let durable = Self.persistent(flush: .interval)

        /// The name, as configurations write it.
        public var description: String {
            switch self {
            case .ephemeral: "ephemeral"
            case .retained: "retained"
            case .persistent(.interval): "durable"
            case .persistent(.beforeConfirming): "persistent"
            }
        }
    }

    /// The number of partitions; messages of one key are in one partition.
    public var partitions: Int
    /// How long messages are kept.
    public var durability: Durability
    /// The largest payload in bytes that the topic takes, checked when bytes exist; nil is the provider's limit.
    public var maximumMessageSize: Int?
    /// For how long repetitions of a message that brings its own id are noticed; nil is the provider's default.
    public var deduplication: DeduplicationWindow?
    /// How much of the history is kept; it says nothing about a topic that keeps none.
    public var retention: Retention
    /// Who may publish and subscribe; nil is everyone. A provider that cannot enforce it refuses the topic.
    public var accessControl: AccessControl?

    /// Creates settings; those left out are the defaults.
    public init(
        partitions: Int = 1,
        durability: Durability = .ephemeral,
        maximumMessageSize: Int? = nil,
        deduplication: DeduplicationWindow? = nil,
        retention: Retention = Retention(),
        accessControl: AccessControl? = nil
    ) {
        self.partitions = partitions
        self.durability = durability
        self.maximumMessageSize = maximumMessageSize
        self.deduplication = deduplication
        self.retention = retention
        self.accessControl = accessControl
    }

    /// Settings of a topic that keeps a history in memory.
    public static func retained(_ retention: Retention = Retention(), partitions: Int = 1) -> TopicConfiguration {
        TopicConfiguration(partitions: partitions, durability: .retained, retention: retention)
    }

    /// Checks that the settings make sense.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, naming every setting that is out of range.
    public func validate() throws(OmnibusError) {
        var findings: [String] = []
        if self.partitions < 1 || self.partitions > 10_000 {
            findings.append("'partitions' is \(self.partitions); it must be from 1 to 10000")
        }
        if let size = self.maximumMessageSize, size < 1 {
            findings.append("'maximumMessageSize' is \(size); it must be positive, or left out")
        }
        findings += self.deduplication?.findings ?? []
        findings += self.retention.findings
        guard findings.isEmpty else {
            throw OmnibusError(.invalidSettings, "Invalid topic settings: \(findings.joined(separator: "; ")).")
        }
    }
}
