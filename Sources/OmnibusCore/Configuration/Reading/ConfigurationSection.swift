// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A section of a configuration while it is read: whoever knows it asks for each key, and what nobody has asked for is
/// unknown.
struct ConfigurationSection {
    let path: ConfigurationPath
    let log: ConfigurationLog
    private let node: ConfigurationNode?
    private let members: [ConfigurationNode.Member]
    private var asked: [String] = []
    private var taken: Set<Int> = []

    /// Starts with a node; one that is no section is a finding.
    init(_ node: ConfigurationNode?, at path: ConfigurationPath, log: ConfigurationLog) {
        self.path = path
        self.log = log
        self.node = node
        switch node?.value {
        case .section(let members): self.members = members
        case nil: self.members = []
        default:
            self.members = []
            if node?.isUnknown == false { log.add(path, node, expected: "a section of keys and values") }
        }
    }

    /// The keys that are there, as they are spelled.
    var keys: [String] { self.members.map(\.key) }

    /// Whether the key is there, whatever it holds.
    func has(_ key: String) -> Bool { self.members.contains { KeyName.isSame($0.key, key) } }

    /// The value of a key; nil, which is fine, where the key is not there, and nil with a finding where it is wrong.
    mutating func value<Value>(_ key: String, _ kind: ValueKind<Value>) -> Value? {
        self.log.note(self.path.key(key))
        guard let (node, path) = self.take(key) else { return nil }
        return kind.read(node, path, self.log)
    }

    /// The value of a key that has to be there.
    mutating func required<Value>(_ key: String, _ kind: ValueKind<Value>, because reason: String? = nil) -> Value? {
        if !self.has(key), self.log.knownPaths == nil {
            self.missing(key, expected: kind.expected + (reason.map { ", \($0)" } ?? ""))
        }
        return self.value(key, kind)
    }

    /// Says that a key is missing, where the section itself is one.
    func missing(_ key: String, expected: String) {
        guard case .section = self.node?.value else { return }
        self.log.add(self.path.key(key), self.node, found: "nothing", expected: expected)
    }

    /// Says that a key's value makes no sense beside the others; nothing where the key is not there.
    func contradict(_ key: String, found: String, expected: String) {
        guard let member = self.members.first(where: { KeyName.isSame($0.key, key) }) else { return }
        self.log.add(self.path.key(member.key), member.node, found: found, expected: expected)
    }

    /// A section within this one; nil where there is none.
    mutating func section<Value>(_ key: String, _ read: (inout ConfigurationSection) -> Value) -> Value? {
        let found = self.take(key)
        guard found != nil || self.log.knownPaths != nil else { return nil }
        var section = ConfigurationSection(found?.node, at: found?.path ?? self.path.key(key), log: self.log)
        let value = read(&section)
        section.finish()
        return value
    }

    /// A list of sections; nil where there is none.
    mutating func sections<Value>(_ key: String, _ read: (inout ConfigurationSection) -> Value?) -> [Value]? {
        guard let (node, path) = self.take(key) else { return nil }
        guard case .list(let nodes) = node.value else {
            if !node.isUnknown { self.log.add(path, node, expected: "a list of sections") }
            return nil
        }
        return nodes.enumerated().compactMap { index, node in
            var section = ConfigurationSection(node, at: path.index(index), log: self.log)
            let value = read(&section)
            section.finish()
            return value
        }
    }

    /// Whatever a key holds.
    mutating func anything(_ key: String) -> ConfigurationNode? {
        self.take(key)?.node
    }

    /// Reports every key that nobody has asked for.
    func finish() {
        for (index, member) in self.members.enumerated() where !self.taken.contains(index) {
            let nearest = KeyName.nearest(to: member.key, among: self.asked)
            let known = self.asked.sorted().joined(separator: ", ")
            self.log.add(
                self.path.key(member.key),
                member.node,
                found: "an unknown key",
                expected: nearest.map { "'\($0)'?" } ?? "one of \(known)"
            )
        }
    }

    private mutating func take(_ key: String) -> (node: ConfigurationNode, path: ConfigurationPath)? {
        self.asked.append(key)
        let places = self.members.indices.filter { KeyName.isSame(self.members[$0].key, key) }
        guard let first = places.first else { return nil }
        self.taken.formUnion(places)
        let path = self.path.key(self.members[first].key)
        if let second = places.dropFirst().first {
            self.log.add(
                self.path.key(self.members[second].key),
                self.members[second].node,
                found: "the same key again, after '\(self.members[first].key)'",
                expected: "one of the two"
            )
        }
        return (self.members[first].node, path)
    }
}
