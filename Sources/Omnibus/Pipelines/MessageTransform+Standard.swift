// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension MessageTransform {
    /// A transform that changes nothing and hands a line about each message to a function: its topic and its id.
    public static func logging(
        _ write: @escaping @Sendable (String) -> Void = { print($0) }
    ) -> MessageTransform {
        MessageTransform("logging") { message in
            let id = message.hasID ? message.id.description : "without an id"
            write("message \(id) on topic \(message.topic)")
        }
    }

    /// A transform that says in the headers `component` and `version` who has made a message; those that are there stay.
    ///
    /// - Parameters:
    ///   - component: the part of the program, such as `task_manager`.
    ///   - version: its version; nil sets none.
    public static func enriching(component: String, version: String? = nil) -> MessageTransform {
        MessageTransform("enriching") { message in
            if message.headers["component"] == nil { try message.headers.set(.text(component), for: "component") }
            if let version, message.headers["version"] == nil {
                try message.headers.set(.text(version), for: "version")
            }
        }
    }

    /// A transform that gives messages of some types a priority; those of other types keep theirs.
    public static func prioritizing(_ priorities: [EventType: Priority]) -> MessageTransform {
        MessageTransform("prioritizing") { message in
            if let priority = priorities[message.type] { message.priority = priority }
        }
    }

    /// The names of fields that ``redacting(_:)`` hides unless it is told others.
    public static let sensitiveFields: Set<String> = [
        "password", "secret", "token", "api_key", "access_token", "refresh_token", "authorization", "private_key",
    ]

    /// A transform that hides the values of sensitive fields, at any depth of a JSON payload and in the headers.
    ///
    /// Names are compared without regard to case, `_` and `-`: `api_key` is `apiKey` too. The whole value goes, be it an
    /// object, and `[redacted]` takes its place. A typed payload becomes JSON where it has such a field; bytes that are
    /// no JSON have no fields, and stay.
    ///
    /// - Throws: when it runs, ``OmnibusError`` with the code `unencodable` for a typed payload that cannot be encoded.
    public static func redacting(_ names: Set<String> = sensitiveFields) -> MessageTransform {
        let redaction = Redaction(names)
        return MessageTransform("redacting") { message in try redaction.apply(to: &message) }
    }
}

/// Hides the values of fields by their names.
struct Redaction: Sendable {
    static let replacement = "[redacted]"

    private let names: Set<String>

    init(_ names: Set<String>) {
        self.names = Set(names.map(Self.folded))
    }

    func apply(to message: inout Message) throws(OmnibusError) {
        for header in message.headers where self.hides(header.name) {
            try message.headers.set(.text(Self.replacement), for: header.name)
        }
        let value: JSONValue
        do throws(OmnibusError) {
            value = try message.payload.json()
        } catch {
            if error.code == .undecodable { return }
            throw error
        }
        if let redacted = self.redacted(value) { message.payload = Payload(json: redacted) }
    }

    /// The value without what is hidden; nil where there is nothing to hide.
    ///
    /// The parser bounds the depth, and so this recursion.
    private func redacted(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .object(let object):
            var isChanged = false
            let members = object.map { member -> (String, JSONValue) in
                if self.hides(member.name) {
                    isChanged = true
                    return (member.name, .string(Self.replacement))
                }
                guard let inner = self.redacted(member.value) else { return (member.name, member.value) }
                isChanged = true
                return (member.name, inner)
            }
            return isChanged ? .object(JSONObject(members)) : nil
        case .array(let elements):
            let changed = elements.map { self.redacted($0) }
            guard changed.contains(where: { $0 != nil }) else { return nil }
            return .array(zip(elements, changed).map { $1 ?? $0 })
        case .null, .bool, .integer, .number, .string:
            return nil
        }
    }

    private func hides(_ name: String) -> Bool { self.names.contains(Self.folded(name)) }

    private static func folded(_ name: String) -> String {
        name.lowercased().filter { $0 != "_" && $0 != "-" }
    }
}
