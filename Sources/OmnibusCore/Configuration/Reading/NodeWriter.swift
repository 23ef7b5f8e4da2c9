// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON

/// Writes the sections of a configuration, leaving out what is nil.
struct NodeWriter {
    /// Whether a placeholder stands for each secret.
    let isRedacting: Bool
    private var members: [ConfigurationNode.Member] = []

    init(isRedacting: Bool) {
        self.isRedacting = isRedacting
    }

    var node: ConfigurationNode { ConfigurationNode(.section(self.members)) }

    mutating func add(_ key: String, _ node: ConfigurationNode?) {
        guard let node else { return }
        self.members.append(.init(key: key, node: node))
    }

    mutating func add(_ key: String, _ value: Bool?) {
        self.add(key, value.map { ConfigurationNode(.boolean($0)) })
    }

    mutating func add(_ key: String, _ value: Int?) {
        self.add(key, value.map { ConfigurationNode(.integer(Int64($0))) })
    }

    mutating func add(_ key: String, _ value: Double?) {
        self.add(key, value.map { ConfigurationNode(.number($0)) })
    }

    mutating func add(_ key: String, _ value: String?) {
        self.add(key, value.map { ConfigurationNode(.text($0)) })
    }

    mutating func add(_ key: String, _ values: [String]?) {
        self.add(key, values.map { ConfigurationNode(.list($0.map { ConfigurationNode(.text($0)) })) })
    }

    mutating func add(_ key: String, _ value: Duration?) {
        self.add(key, value.map { DurationText.node($0) })
    }

    mutating func add(_ key: String, _ value: Secret?) {
        self.add(key, value.map { self.isRedacting ? $0.description : $0.reveal() })
    }

    mutating func add(_ key: String, _ value: ConnectionURL?) {
        self.add(key, value.map { self.isRedacting ? $0.description : $0.reveal() })
    }

    /// A section of its own; nothing where there is nothing to write.
    mutating func add<Part>(_ key: String, _ part: Part?, _ write: (Part, inout NodeWriter) -> Void) {
        guard let part else { return }
        var writer = NodeWriter(isRedacting: self.isRedacting)
        write(part, &writer)
        self.add(key, writer.node)
    }
}
