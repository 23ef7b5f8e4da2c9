// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON

/// What a program can be told from outside about its bus, its broker and its topics.
///
/// ```swift
/// let configuration = try Configuration(file: "omnibus.json")
/// let bus = try EventBus(configuration: configuration)
/// ```
///
/// It comes from a file (JSON, and YAML with the module `OmnibusYAML`), from variables of the environment, from any
/// `Decoder`, or from code. Whatever is in it is honoured, or refused by name: nothing is ignored. Printing it shows
/// `<redacted>` for every secret; encoding it writes them.
///
/// What is nil was not said, and has the default of whatever it configures.
public struct Configuration: Sendable, Hashable {
    /// What the bus does unless a call says otherwise.
    public var bus: Bus
    /// Which back end moves the messages, and how it is reached.
    public var broker: Broker
    /// What is kept, where, and for how long.
    public var durability: Durability?
    /// Who may do what, and how that is proven.
    public var security: Security?
    /// What is told about the bus while it runs.
    public var monitoring: Monitoring?
    /// The topics that the program needs, with their settings.
    public var topics: [TopicSettings]

    /// Where it was read from, for errors.
    package var origin = Origin()

    /// Creates a configuration in code; what is left out has its default.
    public init(
        bus: Bus = Bus(),
        broker: Broker = Broker(),
        durability: Durability? = nil,
        security: Security? = nil,
        monitoring: Monitoring? = nil,
        topics: [TopicSettings] = []
    ) {
        self.bus = bus
        self.broker = broker
        self.durability = durability
        self.security = security
        self.monitoring = monitoring
        self.topics = topics
    }

    /// The file and the key at its top, which say nothing about what is configured.
    package struct Origin: Sendable, Hashable {
        package var file: String?
        package var root: String?

        package init(file: String? = nil, root: String? = nil) {
            self.file = file
            self.root = root
        }

        package static func == (left: Self, right: Self) -> Bool { true }
        package func hash(into hasher: inout Hasher) {}
    }

    /// Checks that everything makes sense, as reading it from a file would, and that a file could say it.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration`, naming everything that is wrong.
    public func validate() throws(OmnibusError) {
        _ = try Configuration(reading: self.node(isRedacting: false), origin: self.origin, isWrapped: false)
    }
}

extension Configuration {
    /// The keys under which the whole of a configuration may stand.
    static let roots = ["omnibus", "kmb"]

    /// Reads what a file or a text says.
    ///
    /// - Parameter environment: what variables are filled in from; nil makes each of them a finding.
    package init(
        document: ConfigurationNode,
        file: String?,
        environment: [String: String]?
    ) throws(OmnibusError) {
        let log = ConfigurationLog()
        var variables = VariableSubstitution(environment: environment, log: log)
        try self.init(reading: variables.apply(to: document), origin: Origin(file: file), isWrapped: true, log: log)
    }

    /// Reads a tree whose variables are filled in.
    ///
    /// - Parameter isWrapped: whether it may all stand under one key.
    init(
        reading document: ConfigurationNode,
        origin: Origin,
        isWrapped: Bool,
        log: ConfigurationLog = ConfigurationLog()
    ) throws(OmnibusError) {
        var (node, origin) = (document, origin)
        var path = ConfigurationPath()
        if isWrapped, case .section(let members) = document.value,
            let root = members.first(where: { Self.roots.contains($0.key) })
        {
            for other in members where other.key != root.key {
                log.add(
                    path.key(other.key),
                    other.node,
                    found: "an unknown key",
                    expected: "nothing beside '\(root.key)'"
                )
            }
            node = root.node
            origin.root = root.key
        }
        if let root = origin.root { path = path.key(root) }
        var section = ConfigurationSection(node, at: path, log: log)
        self.init(&section)
        section.finish()
        self.origin = origin
        guard log.findings.isEmpty else { throw .invalidConfiguration(log.findings, in: origin.file) }
    }

    /// Every key that a variable of the environment can set.
    package static let settablePaths: [[String]] = {
        let log = ConfigurationLog(collectsPaths: true)
        var section = ConfigurationSection(ConfigurationNode(.section([])), at: ConfigurationPath(), log: log)
        _ = Configuration(&section)
        return log.knownPaths ?? []
    }()

    private init(_ section: inout ConfigurationSection) {
        self.init(
            bus: section.section("bus") { Bus(&$0) } ?? Bus(),
            broker: section.section("broker") { Broker(&$0) } ?? Broker(),
            durability: section.section("durability") { Durability(&$0) },
            security: section.section("security") { Security(&$0) },
            monitoring: section.section("monitoring") { Monitoring(&$0) },
            topics: section.sections("topics") { TopicSettings(&$0) } ?? []
        )
        self.checkNames(section)
    }

    private func checkNames(_ section: ConfigurationSection) {
        var seen: Set<Topic> = []
        for topic in self.topics where !seen.insert(topic.name).inserted {
            section.contradict(
                "topics",
                found: "'\(topic.name)' more than once",
                expected: "each topic once"
            )
        }
    }

    /// The whole of it as a tree, in the order of the documentation.
    package func node(isRedacting: Bool) -> ConfigurationNode {
        var writer = NodeWriter(isRedacting: isRedacting)
        if self.bus != Bus() { writer.add("bus", self.bus) { $0.write(&$1) } }
        if self.broker != Broker() { writer.add("broker", self.broker) { $0.write(&$1) } }
        writer.add("durability", self.durability) { $0.write(&$1) }
        writer.add("security", self.security) { $0.write(&$1) }
        writer.add("monitoring", self.monitoring) { $0.write(&$1) }
        if !self.topics.isEmpty {
            let nodes = self.topics.map { topic in
                var writer = NodeWriter(isRedacting: isRedacting)
                topic.write(&writer)
                return writer.node
            }
            writer.add("topics", ConfigurationNode(.list(nodes)))
        }
        return writer.node
    }

    /// The path of a key as the file has it, for errors about it.
    package func path(_ key: String) -> String {
        self.origin.root.map { "\($0).\(key)" } ?? key
    }
}

extension Configuration: CustomStringConvertible, CustomDebugStringConvertible {
    /// The configuration as JSON, with a placeholder for every secret.
    public var description: String {
        (try? self.node(isRedacting: true).json.text(.pretty)) ?? "\(Self.self)"
    }
    /// The configuration as JSON, with a placeholder for every secret.
    public var debugDescription: String { self.description }
}

extension Configuration: Codable {
    /// Where a decoder's `userInfo` has the variables that are filled in, a `[String: String]`.
    ///
    /// Without it each `${VAR}` is an error: the environment of the process is never read unasked.
    public static let environmentKey = CodingUserInfoKey(rawValue: "omnibus.environment")

    /// Reads a configuration from whatever a decoder reads.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration`, naming everything that is wrong; or what the
    ///   decoder throws.
    public init(from decoder: any Decoder) throws {
        let environment = Self.environmentKey.flatMap { decoder.userInfo[$0] as? [String: String] }
        try self.init(
            document: ConfigurationNode(json: JSONValue(from: decoder)),
            file: nil,
            environment: environment
        )
    }

    /// Writes the configuration, secrets included, so that reading it gives an equal one.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration` for one that ``validate()`` refuses, for it could
    ///   not be read again; or what the encoder throws.
    public func encode(to encoder: any Encoder) throws {
        try self.validate()
        try self.node(isRedacting: false).escaped.json.encode(to: encoder)
    }
}

extension ConfigurationNode {
    /// The tree with texts that stand for themselves where variables are filled in.
    var escaped: ConfigurationNode {
        var node = self
        switch self.value {
        case .text(let text): node.value = .text(VariableSubstitution.escaped(text))
        case .list(let nodes): node.value = .list(nodes.map(\.escaped))
        case .section(let members): node.value = .section(members.map { .init(key: $0.key, node: $0.node.escaped) })
        default: break
        }
        return node
    }
}
