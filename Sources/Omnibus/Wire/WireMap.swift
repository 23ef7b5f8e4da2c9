// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// A document has a map for whatever its writer adds: metadata, or headers. A message has headers, whose values are
// scalar. Both have to survive a way through the other:
//
//    document's map                                   message
//    "tries": 3                                   ⇄   header tries = 3
//    "tags": ["a", "b"], "reply to": "x"          ⇄   header wire-members = {"tags":["a","b"],"reply to":"x"}
//    "omnibus_key": "7"                           ⇄   message.key = "7"
//    "omnibus_header_kinds": "{\"seal\":\"bytes\"}"   which headers are of a kind that the map cannot say

/// What a message has and a document has no member for, in the document's map, and the other way round.
enum WireMap {
    /// The header that holds, as a JSON object, the members of a document's map that can be no headers themselves.
    static let header = "wire-members"
    /// The member that names the kinds of headers that the map cannot say.
    static let kinds = "omnibus_header_kinds"

    // MARK: Writing

    /// The map of a message, and what is in the way of writing it.
    ///
    /// - Parameters:
    ///   - covered: the parts that the document has members for.
    ///   - isText: whether the map holds nothing but texts.
    static func members(
        of message: Message,
        leaving covered: Set<WireField>,
        isText: Bool
    ) -> (members: JSONObject, findings: [String]) {
        var members = JSONObject()
        var findings: [String] = []
        var kinds = JSONObject()
        var rest: JSONObject?
        for header in message.headers {
            if header.name == Self.header {
                rest = header.value.text.flatMap { try? JSONValue(parsing: $0) }?.objectValue
                if rest == nil { findings.append("the header '\(Self.header)' is not a JSON object; remove it") }
            } else if header.name.hasPrefix(WireField.prefix) {
                findings.append(
                    "the header \(HeaderRules.quoted(header.name)) begins with '\(WireField.prefix)'; rename it"
                )
            } else {
                members[header.name] = header.value.json(isText: isText)
                if let kind = header.value.kind(isText: isText) { kinds[header.name] = .string(kind) }
            }
        }
        for member in rest ?? JSONObject() {
            if members[member.name] != nil {
                findings.append("\(HeaderRules.quoted(member.name)) is a header and in '\(Self.header)' too")
            } else if isText, member.value.stringValue == nil {
                findings.append(
                    "\(HeaderRules.quoted(member.name)) in '\(Self.header)' is \(member.value.kind), not a text"
                )
            } else {
                members[member.name] = member.value
            }
        }
        if !kinds.isEmpty, let text = try? JSONValue.object(kinds).text() { members[Self.kinds] = .string(text) }
        for field in WireField.allCases where !covered.contains(field) {
            if let text = field.text(of: message) { members[field.rawValue] = .string(text) }
        }
        return (members, findings)
    }

    // MARK: Reading

    /// Puts the members of a document's map into a message; returns what is wrong with them.
    ///
    /// - Parameter apart: the names of headers that mean something else: members of these names are kept apart.
    static func read(_ members: JSONObject, into message: inout Message, apart: Set<String>) -> [String] {
        var findings: [String] = []
        let kinds = Self.kinds(in: members, &findings)
        var headers = message.headers
        var rest = JSONObject()
        for member in members where !member.name.hasPrefix(WireField.prefix) {
            let kind = kinds[member.name]?.stringValue
            let value = HeaderValue(wire: member.value, kind: kind)
            if value == nil, kind != nil {
                findings.append("\(HeaderRules.quoted(member.name)) is not of the kind that '\(Self.kinds)' names")
            } else if let value, member.name != Self.header, !apart.contains(member.name),
                (try? headers.set(value, for: member.name)) != nil
            {
                continue
            } else {
                rest[member.name] = member.value
            }
        }
        if !rest.isEmpty {
            if let text = try? JSONValue.object(rest).text(), (try? headers.set(.text(text), for: Self.header)) != nil {
            } else {
                findings.append("it has more members than a message can have headers")
            }
        }
        if !headers.isEmpty { message.headers = headers }
        let known = Set(WireField.allCases.map(\.rawValue))
        for member in members where member.name.hasPrefix(WireField.prefix) && !known.contains(member.name) {
            guard member.name != Self.kinds else { continue }
            findings.append(
                """
                \(HeaderRules.quoted(member.name)) is nothing that is known here; names that begin with \
                '\(WireField.prefix)' are the bus's own
                """
            )
        }
        for field in WireField.allCases {
            guard let value = members[field.rawValue] else { continue }
            guard let text = value.stringValue else {
                findings.append("'\(field.rawValue)' is \(value.kind); expected a text")
                continue
            }
            if let finding = field.read(text, into: &message) { findings.append("'\(field.rawValue)' \(finding)") }
        }
        return findings
    }

    private static func kinds(in members: JSONObject, _ findings: inout [String]) -> JSONObject {
        guard let value = members[Self.kinds] else { return JSONObject() }
        guard let text = value.stringValue, let kinds = (try? JSONValue(parsing: text))?.objectValue else {
            findings.append("'\(Self.kinds)' is not a JSON object in a text")
            return JSONObject()
        }
        return kinds
    }
}

extension HeaderValue {
    /// The value in a document's map.
    fileprivate func json(isText: Bool) -> JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .bytes(let bytes): .string(Base64.encode(bytes))
        case .integer(let integer): isText ? .string("\(integer)") : .integer(integer)
        case .double(let double): isText ? .string("\(double)") : .number(double)
        case .boolean(let boolean): isText ? .string("\(boolean)") : .bool(boolean)
        }
    }

    /// The name of the value's kind, where the map cannot tell.
    fileprivate func kind(isText: Bool) -> String? {
        switch self {
        case .text: nil
        case .bytes: "bytes"
        case .integer: isText ? "integer" : nil
        case .double: isText ? "double" : nil
        case .boolean: isText ? "boolean" : nil
        }
    }

    /// Reads a value of a document's map; nil where it can be no header.
    fileprivate init?(wire value: JSONValue, kind: String?) {
        switch (value, kind) {
        case (.string(let text), nil): self = .text(text)
        case (.integer(let integer), nil): self = .integer(integer)
        case (.number(let double), nil): self = .double(double)
        case (.decimal(let decimal), nil):
            guard let double = decimal.doubleValue else { return nil }
            self = .double(double)
        case (.bool(let boolean), nil): self = .boolean(boolean)
        case (.string(let text), "bytes"):
            guard let bytes = Base64.decode(text) else { return nil }
            self = .bytes(bytes)
        case (.string(let text), "integer"):
            guard let integer = Int64(text) else { return nil }
            self = .integer(integer)
        case (.string(let text), "double"):
            guard let double = Double(text) else { return nil }
            self = .double(double)
        case (.string(let text), "boolean"):
            guard let boolean = Bool(text) else { return nil }
            self = .boolean(boolean)
        default: return nil
        }
    }
}
