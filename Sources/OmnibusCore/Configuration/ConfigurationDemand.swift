// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A part of a configuration that not every program or back end can honour.
///
/// What is asked for and honoured by nobody is refused by name. The set is open.
public struct ConfigurationDemand: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The name, such as `connectionPool`.
    public let rawValue: String

    /// Creates a demand from its name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The name, for people.
    public var description: String { self.rawValue }

    /// An address of a back end that has no key of its own: `broker.url`.
    public static let url = Self(rawValue: "url")
    /// A number of connections: `broker.connection_pool`.
    public static let connectionPool = Self(rawValue: "connectionPool")
    /// Who the client is: `broker.credentials`.
    public static let credentials = Self(rawValue: "credentials")
    /// Settings of one provider alone: `broker.options`.
    public static let options = Self(rawValue: "options")
    /// Bounds of dead letters: `broker.dead_letters`.
    public static let deadLetters = Self(rawValue: "deadLetters")
    /// Bounds of what waits for its time: `broker.scheduling`.
    public static let scheduling = Self(rawValue: "scheduling")
    /// A window in which repetitions are noticed on every topic: `broker.deduplication`.
    public static let deduplication = Self(rawValue: "deduplication")
    /// A largest size of messages: `durability.retention_policy.max_message_size`.
    public static let maximumMessageSize = Self(rawValue: "maximumMessageSize")
    /// How long histories are kept that do not say it themselves: `durability.retention_policy.default_ttl`.
    public static let defaultRetention = Self(rawValue: "defaultRetention")
    /// A journal: `durability`.
    public static let journal = Self(rawValue: "journal")
    /// Encryption on the way: `security.tls`.
    public static let tls = Self(rawValue: "tls")
    /// Tokens that clients show: `security.authentication.jwt`.
    public static let jwt = Self(rawValue: "jwt")
    /// Rules of who may do what: `security.authentication.topic_acl`.
    public static let topicAccess = Self(rawValue: "topicAccess")
    /// A port where metrics are read: `monitoring.metrics.prometheus_port`.
    public static let prometheus = Self(rawValue: "prometheus")
    /// Schemas that payloads are checked against: `schema` of a topic.
    public static let schemas = Self(rawValue: "schemas")
}

extension Configuration {
    /// A demand, where it stands, and what would honour it.
    package struct Demand: Sendable {
        package var demand: ConfigurationDemand
        package var path: String
        package var advice: String
    }

    /// What this configuration asks for that not everybody can honour.
    ///
    /// - Parameter name: what the back end is called in advice.
    package func demands(of name: String) -> [Demand] {
        var demands: [Demand] = []
        func ask(_ demand: ConfigurationDemand, _ isAsked: Bool, _ path: String, _ advice: String) {
            if isAsked { demands.append(Demand(demand: demand, path: self.path(path), advice: advice)) }
        }
        let provider = "the provider \(name) does not honour it: remove it, or choose a back end that does"
        let broker = self.broker
        ask(.url, broker.url != nil, "broker.url", provider)
        ask(.connectionPool, broker.connectionPool != nil, "broker.connection_pool", provider)
        ask(.credentials, broker.credentials?.isEmpty == false, "broker.credentials", provider)
        ask(.options, broker.options?.values.isEmpty == false, "broker.options", provider)
        ask(.deadLetters, broker.deadLetters != nil, "broker.dead_letters", provider)
        ask(.scheduling, broker.scheduling != nil, "broker.scheduling", provider)
        ask(.deduplication, broker.deduplication != nil, "broker.deduplication", provider)
        if let durability = self.durability {
            let product = durability.backend?.product ?? "OmnibusSQLite"
            ask(
                .journal,
                durability.isEnabled,
                "durability",
                "no journal is linked: add the product '\(product)', or set 'enabled' to false"
            )
            ask(
                .maximumMessageSize,
                durability.retentionPolicy?.maximumMessageSize != nil,
                "durability.retention_policy.max_message_size",
                provider
            )
            ask(
                .defaultRetention,
                durability.retentionPolicy?.defaultMaximumAge != nil,
                "durability.retention_policy.default_ttl",
                provider
            )
        }
        let security = self.security
        ask(
            .tls,
            security?.tls?.isEnabled == true,
            "security.tls",
            "the provider \(name) makes no connections that could be encrypted: choose a back end that does, add the product "
                + "'OmnibusGateway' to be reached from outside, or set 'enabled' to false"
        )
        let inSecurity = "nothing linked here checks it: add the product 'OmnibusSecurity', or remove it"
        ask(.jwt, security?.authentication?.jwt != nil, "security.authentication.jwt", inSecurity)
        ask(
            .topicAccess,
            security?.authentication?.topicAccess?.isEnabled == true,
            "security.authentication.topic_acl",
            inSecurity
        )
        ask(
            .prometheus,
            self.monitoring?.metrics.map { $0.isEnabled && $0.prometheusPort != nil } == true,
            "monitoring.metrics.prometheus_port",
            "nothing linked here opens a port: add the product 'OmnibusGateway', or remove it; "
                + "'EventBus.metrics' has the numbers"
        )
        for (index, topic) in self.topics.enumerated() {
            ask(
                .schemas,
                topic.schema != nil,
                "topics[\(index)].schema",
                "nothing linked here checks schemas: add the product 'OmnibusSchemas', or remove it"
            )
        }
        return demands
    }

    /// The back end that is meant.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration` where several addresses are given and no name.
    package var chosenBackend: Backend {
        get throws(OmnibusError) {
            if let backend = self.broker.backend { return backend }
            let given: [Backend] =
                (self.broker.redisURL == nil ? [] : [.redis]) + (self.broker.kafkaServers == nil ? [] : [.kafka])
                + (self.broker.natsURLs == nil ? [] : [.nats])
            guard given.count < 2, self.broker.url == nil else {
                let finding = ConfigurationFinding(
                    path: self.path("broker.backend"),
                    found: "nothing, beside the address of a back end that it does not name",
                    expected: "the name of one back end"
                        + (given.isEmpty ? "" : ", such as \(given.map { "'\($0)'" }.joined(separator: " or "))")
                )
                throw .invalidConfiguration([finding], in: self.origin.file)
            }
            return given.first ?? .inMemory
        }
    }
}
