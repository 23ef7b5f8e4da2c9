// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// What the names of the variables begin with that set a key.
    public static let variablePrefix: String = "OMNIBUS_"

    /// Variables that programs commonly have, and the keys that they set.
    private static let commonVariables: [(name: String, path: [String])] = [
        ("REDIS_URL", ["broker", "redis_url"]), ("KAFKA_SERVERS", ["broker", "kafka_servers"]),
        ("NATS_URL", ["broker", "nats_url"]),
    ]

    /// Reads a configuration from variables of the environment.
    ///
    /// `OMNIBUS_` and a key's path, in upper case with underscores, sets the key: `OMNIBUS_BROKER_BACKEND` is
    /// `broker.backend`. `REDIS_URL`, `KAFKA_SERVERS` and `NATS_URL` are addresses of these back ends. A list is
    /// written with commas. An empty variable counts as none. Topics and options are for files alone.
    ///
    /// A variable whose name begins with `OMNIBUS_` and a section, or nearly so, and that sets nothing, is an error.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration`, naming everything that is wrong.
    public init(environment: [String: String]) throws(OmnibusError) {
        self = try Configuration().overridden(by: environment)
    }

    /// This configuration with what variables of the environment say, read as by ``init(environment:)``.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration`, naming everything that is wrong.
    public func overridden(by environment: [String: String]) throws(OmnibusError) -> Configuration {
        let log = ConfigurationLog()
        var node = self.node(isRedacting: false)
        for (name, path) in Self.commonVariables {
            guard let value = environment[name], !value.isEmpty else { continue }
            node.set(Self.node(value, from: name), at: path)
        }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
            if let path = Self.variables[name] {
                node.set(Self.node(value, from: name), at: path)
            } else if Self.isMistaken(name) {
                let nearest = KeyName.nearest(to: name, among: Self.variables.keys.sorted())
                log.add(
                    ConfigurationPath().key(name),
                    nil,
                    found: "a variable that sets nothing",
                    expected: nearest.map { "'\($0)'?" }
                        ?? "'OMNIBUS_' and the path of a key, as in 'OMNIBUS_BROKER_BACKEND'"
                )
            }
        }
        return try Configuration(reading: node, origin: self.origin, isWrapped: false, log: log)
    }

    /// The path of the key that each variable sets.
    private static let variables: [String: [String]] = Dictionary(
        Self.settablePaths.map { (Self.variablePrefix + $0.joined(separator: "_").uppercased(), $0) },
        uniquingKeysWith: { first, _ in first }
    )

    /// Whether somebody seems to have meant a key by a variable's name; others that begin like it are not ours.
    private static func isMistaken(_ name: String) -> Bool {
        guard name.hasPrefix(self.variablePrefix) else { return false }
        let word = name.dropFirst(self.variablePrefix.count).prefix { $0 != "_" }.lowercased()
        let sections = ["bus", "broker", "durability", "security", "monitoring", "topics"]
        return KeyName.nearest(to: word, among: sections) != nil
    }

    private static func node(_ value: String, from name: String) -> ConfigurationNode {
        var node = ConfigurationNode(.text(value), at: .variable(name))
        node.isSubstituted = true
        return node
    }
}
