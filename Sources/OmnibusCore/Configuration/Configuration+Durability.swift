// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// What is kept, where, and for how long: the section `durability`.
    public struct Durability: Sendable, Hashable {
        /// Whether persistent topics have a journal: `enabled`.
        public var isEnabled: Bool
        /// What the journal is kept in: `backend`.
        public var backend: Backend?
        /// The journal's address: `database_url`.
        public var databaseURL: ConnectionURL?
        /// How often what is kept is kept: `replication`.
        public var replication: Replication?
        /// How what is kept is compressed: `compression`, by name.
        public var compression: Compression?
        /// What topics keep that do not say it themselves: `retention_policy`. It holds without a journal too.
        public var retentionPolicy: RetentionPolicy?

        /// Creates the section; what is left out has its default.
        public init(
            isEnabled: Bool,
            backend: Backend? = nil,
            databaseURL: ConnectionURL? = nil,
            replication: Replication? = nil,
            compression: Compression? = nil,
            retentionPolicy: RetentionPolicy? = nil
        ) {
            self.isEnabled = isEnabled
            self.backend = backend
            self.databaseURL = databaseURL
            self.replication = replication
            self.compression = compression
            self.retentionPolicy = retentionPolicy
        }
    }

    /// How often what is kept is kept.
    public struct Replication: Sendable, Hashable {
        /// Whether there are copies: `enabled`.
        public var isEnabled: Bool
        /// How many there are in all: `factor`.
        public var factor: Int?

        /// Creates the section; what is left out has the back end's default.
        public init(isEnabled: Bool, factor: Int? = nil) {
            self.isEnabled = isEnabled
            self.factor = factor
        }
    }

    /// What topics keep that do not say it themselves.
    public struct RetentionPolicy: Sendable, Hashable {
        /// How long messages are kept by topics that keep a history, those created by the program included:
        /// `default_ttl`. A message's own time to live is another thing.
        public var defaultMaximumAge: Duration?
        /// The largest payload in bytes: `max_message_size`.
        public var maximumMessageSize: Int?

        /// Creates the section; what is left out has its default.
        public init(defaultMaximumAge: Duration? = nil, maximumMessageSize: Int? = nil) {
            self.defaultMaximumAge = defaultMaximumAge
            self.maximumMessageSize = maximumMessageSize
        }
    }
}

extension Configuration.Durability {
    /// What a journal can be kept in, or what keeps its messages itself.
    private static let backends: [Backend] = [.sqlite, .postgresql, .redis, .kafka, .nats]

    init(_ section: inout ConfigurationSection) {
        self.init(isEnabled: section.required("enabled", .boolean) ?? false)
        let backends = Self.backends.map { ($0.rawValue, $0) }
        self.backend =
            self.isEnabled
            ? section.required("backend", .choice(backends), because: "because durability is enabled")
            : section.value("backend", .choice(backends))
        self.databaseURL = section.value(
            "database_url",
            .url(["postgresql", "postgres", "sqlite"], example: "postgresql://localhost/events")
        )
        self.replication = section.section("replication") { part in
            Configuration.Replication(
                isEnabled: part.required("enabled", .boolean) ?? false,
                factor: part.value("factor", .integer(1...100))
            )
        }
        self.compression = section.value("compression", .choice(Compression.named.map { ($0.rawValue, $0) }))
        self.retentionPolicy = section.section("retention_policy") { part in
            Configuration.RetentionPolicy(
                defaultMaximumAge: part.value("default_ttl", .duration()),
                maximumMessageSize: part.value("max_message_size", .size(1...(1 << 30)))
            )
        }
        self.checkAddress(section)
    }

    private func checkAddress(_ section: ConfigurationSection) {
        guard self.isEnabled, let backend = self.backend else { return }
        switch backend {
        case .postgresql, .sqlite:
            if !section.has("database_url") {
                section.missing("database_url", expected: "the address of the journal in '\(backend)'")
            }
            let schemes = backend == .sqlite ? ["sqlite"] : ["postgresql", "postgres"]
            if let url = self.databaseURL, !schemes.contains(url.scheme) {
                section.contradict(
                    "database_url",
                    found: "an address that begins with another scheme",
                    expected: "one that begins with '\(schemes[0])://', as the backend does"
                )
            }
        default:
            section.contradict(
                "database_url",
                found: "an address of a journal",
                expected: "nothing, because '\(backend)' keeps its messages itself, where 'broker' says"
            )
        }
    }

    func write(_ writer: inout NodeWriter) {
        writer.add("enabled", self.isEnabled)
        writer.add("backend", self.backend?.rawValue)
        writer.add("database_url", self.databaseURL)
        writer.add("replication", self.replication) { part, writer in
            writer.add("enabled", part.isEnabled)
            writer.add("factor", part.factor)
        }
        writer.add("compression", self.compression?.rawValue)
        writer.add("retention_policy", self.retentionPolicy) { part, writer in
            writer.add("default_ttl", part.defaultMaximumAge)
            writer.add("max_message_size", part.maximumMessageSize)
        }
    }
}
