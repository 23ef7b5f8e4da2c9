// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The name of a kind of back end, as configurations write it.
///
/// The set is open: whoever writes a provider chooses a name and registers a factory for it (``ProviderRegistry``).
public struct Backend: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The name, such as `in_memory`.
    public let rawValue: String

    /// Creates a name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The name, for people.
    public var description: String { self.rawValue }

    /// A broker inside this process.
    public static let inMemory = Self(rawValue: "in_memory")
    /// Apache Kafka.
    public static let kafka = Self(rawValue: "kafka")
    /// Redpanda, which speaks Kafka's protocol.
    public static let redpanda = Self(rawValue: "redpanda")
    /// Redis Streams.
    public static let redis = Self(rawValue: "redis")
    /// RabbitMQ.
    public static let rabbitmq = Self(rawValue: "rabbitmq")
    /// NATS with JetStream.
    public static let nats = Self(rawValue: "nats")
    /// Azure Service Bus, over AMQP 1.0.
    public static let azureServiceBus = Self(rawValue: "azure_service_bus")
    /// Amazon SQS.
    public static let sqs = Self(rawValue: "sqs")
    /// PostgreSQL.
    public static let postgresql = Self(rawValue: "postgresql")
    /// SQLite, which keeps topics and moves no messages between processes.
    public static let sqlite = Self(rawValue: "sqlite")

    /// The names that Omnibus has, its own and its adapters'.
    public static let known: [Backend] = [
        .inMemory, .kafka, .redpanda, .redis, .rabbitmq, .nats, .azureServiceBus, .sqs, .postgresql,
    ]

    /// The product that brings the back end's provider; nil for those of others, and for the one that is always here.
    package var product: String? {
        switch self {
        case .kafka, .redpanda: "OmnibusKafka"
        case .redis: "OmnibusRedis"
        case .rabbitmq: "OmnibusRabbitMQ"
        case .nats: "OmnibusNATS"
        case .azureServiceBus: "OmnibusAMQP"
        case .sqs: "OmnibusSQS"
        case .postgresql: "OmnibusPostgres"
        case .sqlite: "OmnibusSQLite"
        default: nil
        }
    }

    /// The name where it is one of those that Omnibus has; `backend` for any other, which may be a secret that stands in
    /// the wrong place.
    package var shownName: String { self == .inMemory || self.product != nil ? self.rawValue : "backend" }

    /// Whether a name can be one: a lower-case letter, then letters, digits, `_` and `-`, 64 in all.
    var isWellFormed: Bool {
        guard let first = self.rawValue.utf8.first, (0x61...0x7A).contains(first) else { return false }
        return self.rawValue.utf8.count <= 64
            && self.rawValue.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2D
            }
    }
}

extension Backend: ExpressibleByStringLiteral {
    /// Creates a name from a literal.
    public init(stringLiteral name: String) {
        self.init(rawValue: name)
    }
}
