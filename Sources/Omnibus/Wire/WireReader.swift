// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Reads the members of a document's JSON object, and collects everything that is wrong with them.
///
/// A finding names the member by its path and says what kind of value was found, never the value.
struct WireReader {
    private(set) var findings: [String] = []
    private let members: JSONObject
    private let path: String
    private var known: Set<String> = []

    init(_ members: JSONObject, path: String = "") {
        self.members = members
        self.path = path
    }

    /// The object that a document's bytes are.
    static func object(
        in bytes: some Collection<UInt8>,
        of document: String
    ) throws(OmnibusError) -> JSONObject {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes, limits: .payload)
        } catch {
            throw OmnibusError(
                .invalidMessage,
                "The \(document) is not JSON; see the cause for the place.",
                advice: .deadLetter,
                cause: error
            )
        }
        guard case .object(let members) = value else {
            throw Self.error(["the document is \(value.kind), and has to be an object"], document)
        }
        return members
    }

    /// The error that names all findings.
    static func error(_ findings: [String], _ document: String) -> OmnibusError {
        OmnibusError(
            .invalidMessage,
            "The \(document) is not valid: \(findings.joined(separator: "; ")).",
            advice: .deadLetter
        )
    }

    /// Throws what was found, if anything was.
    static func check(_ findings: [String], _ document: String) throws(OmnibusError) {
        guard findings.isEmpty else { throw self.error(findings, document) }
    }

    // MARK: Members

    /// The text of a member that has to be there; empty where it is not.
    mutating func text(_ name: String) -> String {
        self.required(name, "a text") { $0.stringValue } ?? ""
    }

    /// The text of a member that may be missing or null.
    mutating func optionalText(_ name: String) -> String? {
        self.optional(name, "a text") { $0.stringValue }
    }

    /// The time of a member that has to be there, by ISO 8601, and its text where that is another one than would be
    /// written.
    mutating func time(_ name: String, unless canonical: (Timestamp) -> String) -> (time: Timestamp, text: String?) {
        let expected = "a time such as 2026-02-28T09:30:00Z"
        let read = self.required(name, expected) { $0.stringValue.flatMap { WireTime($0, unless: canonical) } }
        return (read?.time ?? .epoch, read?.text)
    }

    /// The object of a member that has to be there; empty where it is not.
    mutating func object(_ name: String) -> JSONObject {
        self.required(name, "an object") { $0.objectValue } ?? JSONObject()
    }

    /// A reader of the object of a member that has to be there; nil where it is not.
    mutating func nested(_ name: String) -> WireReader? {
        self.required(name, "an object") { $0.objectValue }.map { WireReader($0, path: "\(self.path)\(name).") }
    }

    /// The texts of an object that may be missing or null.
    mutating func texts(_ name: String) -> [String: String] {
        guard let members = self.optional(name, "an object", { $0.objectValue }) else { return [:] }
        var reader = WireReader(members, path: "\(self.path)\(name).")
        let texts = Dictionary(members.map { ($0.name, reader.text($0.name)) }, uniquingKeysWith: { $1 })
        self.findings += reader.findings
        return texts
    }

    /// Whatever a member holds that has to be there, null included.
    mutating func value(_ name: String) -> JSONValue {
        self.known.insert(name)
        guard let value = self.members[name] else {
            self.find(name, "is missing")
            return .null
        }
        return value
    }

    /// What a member holds that may be missing or null, as far as it can be read.
    mutating func optional<Value>(
        _ name: String,
        _ expected: String,
        _ read: (JSONValue) -> Value?
    ) -> Value? {
        self.known.insert(name)
        guard let value = self.members[name], !value.isNull else { return nil }
        guard let result = read(value) else {
            self.find(name, "is \(value.kind); expected \(expected)")
            return nil
        }
        return result
    }

    private mutating func required<Value>(
        _ name: String,
        _ expected: String,
        _ read: (JSONValue) -> Value?
    ) -> Value? {
        self.known.insert(name)
        guard let value = self.members[name] else {
            self.find(name, "is missing; expected \(expected)")
            return nil
        }
        guard let result = read(value) else {
            self.find(name, "is \(value.kind); expected \(expected)")
            return nil
        }
        return result
    }

    /// The members that nobody has asked for.
    var others: JSONObject {
        JSONObject(self.members.lazy.filter { !self.known.contains($0.name) }.map { ($0.name, $0.value) })
    }

    /// Finds fault with the members that nobody has asked for: they would be lost.
    mutating func refuseOthers() {
        for member in self.others {
            self.findings.append("\(HeaderRules.quoted(self.path + member.name)) is not a member of the document")
        }
    }

    /// Takes over what a reader of a nested object has found.
    mutating func take(_ findings: [String]) {
        self.findings += findings
    }

    private mutating func find(_ name: String, _ what: String) {
        self.findings.append("'\(self.path)\(name)' \(what)")
    }
}

extension JSONValue {
    /// The kind of the value, for errors: never what it holds.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number, .decimal: "a number"
        case .string(let text): text.isEmpty ? "an empty text" : "a text"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
