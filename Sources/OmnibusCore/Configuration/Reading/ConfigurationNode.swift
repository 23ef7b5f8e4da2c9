// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusJSON

/// A value of a configuration, whichever format it was written in, and where it stands.
package struct ConfigurationNode: Sendable {
    package enum Value: Sendable {
        case null
        case boolean(Bool)
        case integer(Int64)
        case number(Double)
        case text(String)
        case list([ConfigurationNode])
        case section([Member])
    }

    /// A key and what it holds.
    package struct Member: Sendable {
        package var key: String
        package var node: ConfigurationNode

        package init(key: String, node: ConfigurationNode) {
            self.key = key
            self.node = node
        }
    }

    /// Where a value comes from.
    package enum Place: Sendable, Hashable, CustomStringConvertible {
        case position(line: Int, column: Int)
        case variable(String)

        package var description: String {
            switch self {
            case .position(let line, let column): "line \(line), column \(column)"
            case .variable(let name): "variable \(name)"
            }
        }
    }

    package var value: Value
    package var place: Place?
    /// Whether the text came out of a variable, so that it may stand for a number or a boolean.
    package var isSubstituted = false
    /// Whether a variable's value is missing, which was said already: nobody complains about it twice.
    var isUnknown = false
    /// What is there where it is something from code that no document can say, and that would come back as another.
    var fault: String?

    package init(_ value: Value, at place: Place? = nil) {
        self.value = value
        self.place = place
    }

    /// What is there, for an error: its kind, never itself.
    package var kind: String {
        switch self.value {
        case .null: "nothing (null)"
        case .boolean: "a boolean"
        case .integer, .number: "a number"
        case .text(let text): self.isSubstituted ? "the text of a variable" : text.isEmpty ? "an empty text" : "a text"
        case .list: "a list"
        case .section: "a section"
        }
    }

    /// A key as it is shown in a path.
    package static func shown(_ key: String) -> String { KeyName.shown(key) }

    /// The text, if this is one.
    var text: String? {
        if case .text(let text) = self.value { text } else { nil }
    }

    subscript(key: String) -> ConfigurationNode? {
        guard case .section(let members) = self.value else { return nil }
        return members.first { KeyName.isSame($0.key, key) }?.node
    }

    /// Puts a value at a path, making the sections on the way.
    mutating func set(_ node: ConfigurationNode, at path: some Collection<String>) {
        guard let key = path.first else {
            self = node
            return
        }
        var members: [Member] = []
        if case .section(let existing) = self.value { members = existing }
        if let index = members.firstIndex(where: { KeyName.isSame($0.key, key) }) {
            members[index].node.set(node, at: path.dropFirst())
        } else {
            var child = ConfigurationNode(.section([]))
            child.set(node, at: path.dropFirst())
            members.append(Member(key: key, node: child))
        }
        self.value = .section(members)
    }
}

extension ConfigurationNode {
    /// Takes over a JSON value.
    package init(json: JSONValue) {
        switch json {
        case .null: self.init(.null)
        case .bool(let value): self.init(.boolean(value))
        case .integer(let value): self.init(.integer(value))
        case .number(let value): self.init(.number(value))
        case .decimal(let value): self.init(.number(value.doubleValue ?? .infinity))
        case .string(let value): self.init(.text(value))
        case .array(let values): self.init(.list(values.map { ConfigurationNode(json: $0) }))
        case .object(let object):
            self.init(.section(object.map { Member(key: $0.name, node: ConfigurationNode(json: $0.value)) }))
        }
    }

    /// Whether there is a number in it that no document can say.
    var hasNonFiniteNumber: Bool {
        switch self.value {
        case .number(let number): !number.isFinite
        case .list(let nodes): nodes.contains { $0.hasNonFiniteNumber }
        case .section(let members): members.contains { $0.node.hasNonFiniteNumber }
        default: false
        }
    }

    /// The value as JSON.
    package var json: JSONValue {
        switch self.value {
        case .null: .null
        case .boolean(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .text(let value): .string(value)
        case .list(let values): .array(values.map(\.json))
        case .section(let members): .object(JSONObject(members.map { ($0.key, $0.node.json) }))
        }
    }
}
