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
    /// written with commas. An empty variable counts as none. Topics, options and the credentials' `extra` are for files
    /// alone.
    ///
    /// A variable whose name begins with `OMNIBUS_` and that sets nothing is an error; but for those that Omnibus reads
    /// elsewhere, such as `OMNIBUS_DEBUG_EVENTS`, and those that Kubernetes makes of a service named `omnibus`.
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
            } else if name.hasPrefix(Self.variablePrefix), !Self.isOthers(name, value) {
                log.add(
                    ConfigurationPath().key(name),
                    nil,
                    found: "a variable that sets nothing",
                    expected: Self.advice(for: name)
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

    /// What Omnibus reads elsewhere, or its tests do.
    private static let otherVariables: Set<String> = [
        "OMNIBUS_DEBUG_EVENTS", "OMNIBUS_CONFORMANCE", "OMNIBUS_MUTATIONS", "OMNIBUS_THREAD_SANITIZER",
        "OMNIBUS_ADDRESS_SANITIZER",
    ]

    /// What only a file can say.
    private static let onlyInFiles = [
        "OMNIBUS_TOPICS", "OMNIBUS_BROKER_OPTIONS", "OMNIBUS_BROKER_CREDENTIALS_EXTRA",
    ]

    /// Whether a variable means something to others, though its name begins as ours do.
    private static func isOthers(_ name: String, _ value: String) -> Bool {
        if self.otherVariables.contains(name) { return true }
        // Kubernetes has each container know the services of its namespace, by names that it makes of theirs.
        let isLink = ["tcp://", "udp://", "sctp://"].contains { value.hasPrefix($0) }
        let words = name.split(separator: "_")
        guard let port = words.lastIndex(of: "PORT") else {
            return words.suffix(2) == ["SERVICE", "HOST"]
        }
        let isOfService = port > 0 && words[port - 1] == "SERVICE"
        let isOfProtocol = words.dropFirst(port + 2).first.map { ["TCP", "UDP", "SCTP"].contains($0) } ?? false
        return isOfService || isOfProtocol || (port == words.count - 1 && isLink)
    }

    private static func advice(for name: String) -> String {
        if self.onlyInFiles.contains(where: { name == $0 || name.hasPrefix($0 + "_") }) {
            return "nothing: topics, options and the 'extra' of credentials are for files alone"
        }
        let names = self.variables.keys.sorted()
        let nearest = KeyName.nearestByWords(to: name, among: names) ?? KeyName.nearest(to: name, among: names)
        return nearest.map { "'\($0)'?" } ?? "'OMNIBUS_' and the path of a key, as in 'OMNIBUS_BROKER_BACKEND'"
    }

    private static func node(_ value: String, from name: String) -> ConfigurationNode {
        var node = ConfigurationNode(.text(value), at: .variable(name))
        node.isSubstituted = true
        return node
    }
}
