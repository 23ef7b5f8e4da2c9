// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

extension Configuration {
    /// A topic that the program needs, with its settings: an entry of `topics`.
    public struct TopicSettings: Sendable, Hashable {
        /// How long messages are kept, by the names of configurations.
        public enum Durability: String, Sendable, Hashable, CaseIterable {
            /// Nothing is kept.
            case ephemeral
            /// A history is kept in memory.
            case retained
            /// A history is kept in a journal, which may lose the last moment when the power fails.
            case durable
            /// A history is kept in a journal, and a publish is confirmed only after that.
            case persistent
        }

        /// The topic: `name`.
        public var name: Topic
        /// How long messages are kept: `durability`; nil is `retained` where there is a retention, else `ephemeral`.
        public var durability: Durability?
        /// How much of the history is kept: `retention`.
        public var retention: RetentionSettings?
        /// The number of partitions: `partitions`.
        public var partitions: Int?
        /// The largest payload in bytes: `maxMessageSize`.
        public var maximumMessageSize: Int?
        /// The window in which repetitions are noticed: `deduplication`.
        public var deduplication: DeduplicationWindow?
        /// What payloads have to look like, a JSON Schema: `schema`.
        public var schema: JSONValue?
        /// Who may publish and subscribe: `accessControl`.
        public var accessControl: AccessControl?

        /// Creates an entry; what is left out has its default.
        public init(
            _ name: Topic,
            durability: Durability? = nil,
            retention: RetentionSettings? = nil,
            partitions: Int? = nil,
            maximumMessageSize: Int? = nil,
            deduplication: DeduplicationWindow? = nil,
            schema: JSONValue? = nil,
            accessControl: AccessControl? = nil
        ) {
            self.name = name
            self.durability = durability
            self.retention = retention
            self.partitions = partitions
            self.maximumMessageSize = maximumMessageSize
            self.deduplication = deduplication
            self.schema = schema
            self.accessControl = accessControl
        }

        /// What a topic that says nothing is.
        package var effectiveDurability: Durability {
            self.durability ?? (self.retention == nil ? .ephemeral : .retained)
        }
    }

    /// How much of a topic's history is kept.
    public struct RetentionSettings: Sendable, Hashable {
        /// How long a message is kept: `maxAge`; nil is the retention policy's `default_ttl`.
        public var maximumAge: Duration?
        /// How many messages are kept: `maxMessages`.
        public var maximumCount: Int?
        /// How many bytes are kept: `maxBytes`.
        public var maximumBytes: Int?

        /// Creates the section; what is left out has its default.
        public init(maximumAge: Duration? = nil, maximumCount: Int? = nil, maximumBytes: Int? = nil) {
            self.maximumAge = maximumAge
            self.maximumCount = maximumCount
            self.maximumBytes = maximumBytes
        }
    }
}

extension Configuration.TopicSettings {
    init?(_ section: inout ConfigurationSection) {
        let name = section.required("name", .topic)
        // A name that is wrong was told of; the rest of the entry is read to tell of that too.
        self.init(name ?? Topic(unchecked: ""))
        self.durability = section.value("durability", .choice(Durability.allCases.map { ($0.rawValue, $0) }))
        self.retention = section.section("retention") { part in
            Configuration.RetentionSettings(
                maximumAge: part.value("maxAge", .duration()),
                maximumCount: part.value("maxMessages", .integer(1...Int(Int32.max))),
                maximumBytes: part.value("maxBytes", .size(1...(1 << 40)))
            )
        }
        self.partitions = section.value("partitions", .integer(1...10_000))
        self.maximumMessageSize = section.value("maxMessageSize", .size(1...(1 << 30)))
        self.deduplication = section.section("deduplication") { DeduplicationWindow(&$0) }
        self.schema = Self.schema(&section)
        self.accessControl = section.section("accessControl") { part in
            let names = ValueKind.list(of: ValueKind<String>.text(), "a list of clients' names, which are texts")
            return AccessControl(
                publishers: part.required("publishers", names) ?? [],
                subscribers: part.required("subscribers", names) ?? []
            )
        }
        if self.durability == .ephemeral {
            section.contradict(
                "retention",
                found: "limits of a history",
                expected: "nothing, because the topic is 'ephemeral' and keeps none; 'retained' keeps one in memory"
            )
        }
        if name == nil { return nil }
    }

    private static func schema(_ section: inout ConfigurationSection) -> JSONValue? {
        guard let node = section.anything("schema") else { return nil }
        switch node.value {
        case .section, .boolean:
            if node.hasNonFiniteNumber {
                section.contradict("schema", found: "a number that is not finite", expected: "finite numbers")
            }
            return node.json
        default:
            section.contradict("schema", found: node.kind, expected: "a JSON Schema, which is a section or a boolean")
            return nil
        }
    }

    func write(_ writer: inout NodeWriter) {
        writer.add("name", self.name.name)
        writer.add("durability", self.durability?.rawValue)
        writer.add("retention", self.retention) { part, writer in
            writer.add("maxAge", part.maximumAge)
            writer.add("maxMessages", part.maximumCount)
            writer.add("maxBytes", part.maximumBytes)
        }
        writer.add("partitions", self.partitions)
        writer.add("maxMessageSize", self.maximumMessageSize)
        writer.add("deduplication", self.deduplication) { $0.write(&$1) }
        writer.add("schema", self.schema.map { ConfigurationNode(json: $0) })
        writer.add("accessControl", self.accessControl) { part, writer in
            writer.add("publishers", part.publishers)
            writer.add("subscribers", part.subscribers)
        }
    }

    /// The settings as providers take them.
    package func configuration(_ policy: Configuration.RetentionPolicy?) -> TopicConfiguration {
        let defaults = Retention()
        let durability: TopicConfiguration.Durability =
            switch self.effectiveDurability {
            case .ephemeral: .ephemeral
            case .retained: .retained
            case .durable: .durable
            case .persistent: .persistent()
            }
        return TopicConfiguration(
            partitions: self.partitions ?? 1,
            durability: durability,
            maximumMessageSize: self.maximumMessageSize,
            deduplication: self.deduplication,
            retention: durability == .ephemeral
                ? defaults
                : Retention(
                    maximumAge: self.retention?.maximumAge ?? policy?.defaultMaximumAge,
                    maximumCount: self.retention?.maximumCount ?? defaults.maximumCount,
                    maximumBytes: self.retention?.maximumBytes ?? defaults.maximumBytes
                ),
            accessControl: self.accessControl
        )
    }
}
