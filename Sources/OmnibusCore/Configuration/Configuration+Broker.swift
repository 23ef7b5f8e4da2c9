// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

extension Configuration {
    /// Which back end moves the messages, and how it is reached: the section `broker`.
    ///
    /// The addresses stand there by name, so that one configuration serves several buses or several places: the back
    /// end that is chosen takes its own.
    public struct Broker: Sendable, Hashable {
        /// The back end: `backend`; nil is the one whose address is the only one given, else `in_memory`.
        public var backend: Backend?
        /// The address of Redis: `redis_url`.
        public var redisURL: ConnectionURL?
        /// The servers of Kafka or Redpanda, host and port each: `kafka_servers`.
        public var kafkaServers: [String]?
        /// The addresses of NATS: `nats_url`.
        public var natsURLs: [ConnectionURL]?
        /// The address of a back end that has no key of its own: `url`.
        public var url: ConnectionURL?
        /// How many connections there are: `connection_pool`.
        public var connectionPool: ConnectionPool?
        /// Who the client is: `credentials`.
        public var credentials: EventBusCredentials?
        /// What else the provider understands, checked by it: `options`.
        public var options: Options?
        /// Where dead letters are told of, and how many are kept: `dead_letters`.
        public var deadLetters: DeadLetters?
        /// How much may wait for its time: `scheduling`.
        public var scheduling: Scheduling?
        /// The window in which repetitions are noticed, on topics that have none of their own: `deduplication`.
        public var deduplication: DeduplicationWindow?

        /// Creates the section; what is left out has its default.
        public init(
            backend: Backend? = nil,
            redisURL: ConnectionURL? = nil,
            kafkaServers: [String]? = nil,
            natsURLs: [ConnectionURL]? = nil,
            url: ConnectionURL? = nil,
            connectionPool: ConnectionPool? = nil,
            credentials: EventBusCredentials? = nil,
            options: Options? = nil,
            deadLetters: DeadLetters? = nil,
            scheduling: Scheduling? = nil,
            deduplication: DeduplicationWindow? = nil
        ) {
            self.backend = backend
            self.redisURL = redisURL
            self.kafkaServers = kafkaServers
            self.natsURLs = natsURLs
            self.url = url
            self.connectionPool = connectionPool
            self.credentials = credentials
            self.options = options
            self.deadLetters = deadLetters
            self.scheduling = scheduling
            self.deduplication = deduplication
        }
    }

    /// How many connections there are to a back end.
    public struct ConnectionPool: Sendable, Hashable {
        /// The largest number of connections: `max_connections`.
        public var maximumConnections: Int?
        /// Whether a call that got no answer in time is made once more: `retry_on_timeout`.
        public var retriesOnTimeout: Bool?

        /// Creates the section; what is left out has the back end's default.
        public init(maximumConnections: Int? = nil, retriesOnTimeout: Bool? = nil) {
            self.maximumConnections = maximumConnections
            self.retriesOnTimeout = retriesOnTimeout
        }
    }

    /// Settings that one provider alone understands; they are never shown, because some may be secrets.
    public struct Options: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
    {
        /// The settings by name.
        public var values: JSONObject

        /// Creates options from their values.
        public init(_ values: JSONObject) {
            self.values = values
        }

        /// The names of the settings.
        public var description: String { "Options(\(self.values.names.joined(separator: ", ")))" }
        /// The names of the settings.
        public var debugDescription: String { self.description }
        /// A mirror without anything in it.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// Where dead letters are told of, and how many are kept.
    public struct DeadLetters: Sendable, Hashable {
        /// One topic for all notices: `topic`; nil is one for each topic.
        public var topic: Topic?
        /// How many are kept: `max_messages`.
        public var maximumCount: Int?
        /// How many bytes are kept: `max_bytes`.
        public var maximumBytes: Int?

        /// Creates the section; what is left out has its default.
        public init(topic: Topic? = nil, maximumCount: Int? = nil, maximumBytes: Int? = nil) {
            self.topic = topic
            self.maximumCount = maximumCount
            self.maximumBytes = maximumBytes
        }
    }

    /// How much may wait for its time.
    public struct Scheduling: Sendable, Hashable {
        /// How many messages: `max_messages`.
        public var maximumCount: Int?
        /// How many bytes: `max_bytes`.
        public var maximumBytes: Int?

        /// Creates the section; what is left out has its default.
        public init(maximumCount: Int? = nil, maximumBytes: Int? = nil) {
            self.maximumCount = maximumCount
            self.maximumBytes = maximumBytes
        }
    }
}

extension Configuration.Broker {
    init(_ section: inout ConfigurationSection) {
        let count = 1...Int(Int32.max)
        self.init(
            backend: section.value("backend", .backend),
            redisURL: section.value("redis_url", .url(["redis", "rediss", "unix"], example: "redis://localhost:6379")),
            kafkaServers: section.value("kafka_servers", .servers),
            natsURLs: section.value("nats_url", .natsURLs),
            url: section.value("url", .url([], example: "amqp://localhost:5672")),
            connectionPool: section.section("connection_pool") { pool in
                Configuration.ConnectionPool(
                    maximumConnections: pool.value("max_connections", .integer(1...100_000)),
                    retriesOnTimeout: pool.value("retry_on_timeout", .boolean)
                )
            },
            credentials: section.section("credentials") { EventBusCredentials(&$0) },
            options: Configuration.Options(&section),
            deadLetters: section.section("dead_letters") { part in
                Configuration.DeadLetters(
                    topic: part.value("topic", .topic),
                    maximumCount: part.value("max_messages", .integer(count)),
                    maximumBytes: part.value("max_bytes", .size(1...(1 << 40)))
                )
            },
            scheduling: section.section("scheduling") { part in
                Configuration.Scheduling(
                    maximumCount: part.value("max_messages", .integer(count)),
                    maximumBytes: part.value("max_bytes", .size(1...(1 << 40)))
                )
            },
            deduplication: section.section("deduplication") { DeduplicationWindow(&$0) }
        )
        self.checkAddress(section)
    }

    private func checkAddress(_ section: ConfigurationSection) {
        guard let backend = self.backend else { return }
        if let key = backend.addressKey {
            let variable = backend.addressVariable.map { ", such as '${\($0)}' in a file" } ?? ""
            if !section.has(key), !section.has("url") {
                section.missing(key, expected: "the address of '\(backend)'\(variable)")
            } else if key != "url", section.has(key) {
                section.contradict("url", found: "a second address", expected: "nothing beside '\(key)'")
            }
        }
        if self.url?.hasUserInformation == true || self.redisURL?.hasUserInformation == true && backend == .redis,
            let credentials = self.credentials, credentials.username != nil || credentials.password != nil
        {
            section.contradict(
                "credentials",
                found: "a user beside the one in the address",
                expected: "one of the two"
            )
        }
    }

    func write(_ writer: inout NodeWriter) {
        writer.add("backend", self.backend?.rawValue)
        writer.add("redis_url", self.redisURL)
        writer.add("kafka_servers", self.kafkaServers)
        let isRedacting = writer.isRedacting
        writer.add("nats_url", self.natsURLs.map { $0.map { isRedacting ? $0.description : $0.reveal() } })
        writer.add("url", self.url)
        writer.add("connection_pool", self.connectionPool) { pool, writer in
            writer.add("max_connections", pool.maximumConnections)
            writer.add("retry_on_timeout", pool.retriesOnTimeout)
        }
        writer.add("credentials", self.credentials) { $0.write(&$1) }
        writer.add("options", self.options?.node(isRedacting: isRedacting))
        writer.add("dead_letters", self.deadLetters) { part, writer in
            writer.add("topic", part.topic?.name)
            writer.add("max_messages", part.maximumCount)
            writer.add("max_bytes", part.maximumBytes)
        }
        writer.add("scheduling", self.scheduling) { part, writer in
            writer.add("max_messages", part.maximumCount)
            writer.add("max_bytes", part.maximumBytes)
        }
        writer.add("deduplication", self.deduplication) { $0.write(&$1) }
    }
}

extension Backend {
    /// The key of the back end's address; nil where it has none, or none that is known here.
    var addressKey: String? {
        switch self {
        case .redis: "redis_url"
        case .kafka, .redpanda: "kafka_servers"
        case .nats: "nats_url"
        case .rabbitmq, .postgresql: "url"
        default: nil
        }
    }

    /// The variable that programs commonly have the address in.
    var addressVariable: String? {
        switch self {
        case .redis: "REDIS_URL"
        case .kafka, .redpanda: "KAFKA_SERVERS"
        case .nats: "NATS_URL"
        default: nil
        }
    }
}

extension Configuration.Options {
    init?(_ section: inout ConfigurationSection) {
        guard section.has("options") else {
            _ = section.anything("options")
            return nil
        }
        let node = section.anything("options")
        guard case .object(let values) = node?.json else {
            section.contradict("options", found: node?.kind ?? "nothing", expected: "a section of keys and values")
            return nil
        }
        if node?.hasNonFiniteNumber == true {
            section.contradict("options", found: "a number that is not finite", expected: "finite numbers")
        }
        self.init(values)
    }

    func node(isRedacting: Bool) -> ConfigurationNode {
        guard isRedacting else { return ConfigurationNode(json: .object(self.values)) }
        return ConfigurationNode(
            .section(self.values.map { .init(key: $0.name, node: ConfigurationNode(.text(Secret.placeholder))) })
        )
    }
}

extension DeduplicationWindow {
    init(_ section: inout ConfigurationSection) {
        self.init()
        self.time = section.value("time", .duration()) ?? self.time
        self.count = section.value("max_messages", .integer(1...Int(Int32.max))) ?? self.count
    }

    func write(_ writer: inout NodeWriter) {
        writer.add("time", self.time)
        writer.add("max_messages", self.count)
    }
}

extension EventBusCredentials {
    init(_ section: inout ConfigurationSection) {
        self.init(
            token: section.value("token", .secret()),
            username: section.value("username", .text()),
            password: section.value("password", .secret()),
            certificate: section.value("cert", .secret())?.reveal(),
            key: section.value("key", .secret()),
            certificateAuthority: section.value("ca", .secret())?.reveal()
        )
        self.extra =
            section.section("extra") { extra in
                var values: [String: HeaderValue] = [:]
                for key in extra.keys { values[key] = extra.value(key, .scalar) }
                return values
            } ?? [:]
        for fault in self.findings {
            let key = Self.keys[fault.part] ?? fault.part
            if section.has(key) {
                section.contradict(key, found: "what \(fault.fault)", expected: "complete credentials")
            } else {
                section.missing(key, expected: "a value: it \(fault.fault)")
            }
        }
    }

    private static let keys = ["certificate": "cert", "certificateAuthority": "ca"]

    func write(_ writer: inout NodeWriter) {
        writer.add("token", self.token)
        writer.add("username", self.username.map(Secret.init))
        writer.add("password", self.password)
        writer.add("cert", self.certificate.map(Secret.init))
        writer.add("key", self.key)
        writer.add("ca", self.certificateAuthority.map(Secret.init))
        guard !self.extra.isEmpty else { return }
        writer.add("extra", self.extra) { extra, writer in
            for (name, value) in extra.sorted(by: { $0.key < $1.key }) {
                if writer.isRedacting {
                    writer.add(name, Secret.placeholder)
                    continue
                }
                writer.add(name, ConfigurationNode(extra: value))
            }
        }
    }
}

extension ConfigurationNode {
    /// A value of the credentials' `extra`.
    fileprivate init(extra value: HeaderValue) {
        switch value {
        case .text(let text): self.init(.text(text))
        case .integer(let integer): self.init(.integer(integer))
        case .boolean(let boolean): self.init(.boolean(boolean))
        case .double(let double):
            self.init(.number(double))
            if !double.isFinite { self.fault = "a number that is not finite" }
            // Many a writer leaves out the point, so that reading takes it for an integer in any case.
            if Int64(exactly: double) != nil { self.fault = "a whole number as a double, which has to be an integer" }
        case .bytes(let bytes):
            self.init(.text(String(decoding: bytes, as: UTF8.self)))
            self.fault = "bytes, which have to be a text, such as their Base64"
        }
    }
}

extension ValueKind where Value == Backend {
    /// The name of a back end, known or not.
    static var backend: ValueKind {
        ValueKind("the name of a back end, such as 'in_memory' or 'redis'") { node in
            guard let text = node.text else { return .wrong }
            let backend = Backend(rawValue: text)
            return backend.isWellFormed ? .value(backend) : .wrong
        }
    }
}

extension ValueKind where Value == HeaderValue {
    /// A text, a number or a boolean.
    static var scalar: ValueKind {
        ValueKind("a text, a number or a boolean") { node in
            switch node.value {
            case .text(let text): .value(.text(text))
            case .integer(let integer): .value(.integer(integer))
            // What is whole is an integer, whether it is written with a point or without.
            case .number(let number): .value(Int64(exactly: number).map { .integer($0) } ?? .double(number))
            case .boolean(let boolean): .value(.boolean(boolean))
            default: .wrong
            }
        }
    }
}

extension ValueKind where Value == Topic {
    /// The name of a topic that is not the system's.
    static var topic: ValueKind {
        ValueKind("the name of a topic, such as 'agent.task.created'") { node in
            guard let text = node.text else { return .wrong }
            do throws(OmnibusError) {
                let topic = try Topic(validating: text)
                return topic.isSystem ? .found("a topic of the system, which begins with 'omnibus'") : .value(topic)
            } catch {
                return .found("\(node.kind) that is no topic")
            }
        }
    }
}

extension ValueKind where Value == [String] {
    /// Hosts with ports.
    static var servers: ValueKind {
        let server = ValueKind<String>("a host and a port") { node in
            guard let text = node.text else { return .wrong }
            if text.utf8.contains(UInt8(ascii: "@")) { return .found("a server with a user or a password") }
            return HostText.isHost(Array(text.utf8), needsPort: true) ? .value(text) : .wrong
        }
        return .list(
            of: server,
            "hosts with ports, such as 'kafka:9092', as a list or a text with commas; who the client is belongs into "
                + "'credentials'"
        )
    }
}

extension ValueKind where Value == [ConnectionURL] {
    /// The addresses of NATS.
    static var natsURLs: ValueKind {
        let url = ValueKind<ConnectionURL>.url(["nats", "tls", "ws", "wss"], example: "nats://localhost:4222")
        return .list(of: url, "\(url.expected), or several of them, as a list or a text with commas")
    }
}
