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
    /// object, and `[redacted]` takes its place. A typed payload becomes JSON where it has such a field. Bytes that are
    /// no JSON, and whose content type and first character do not say otherwise, have no fields, and stay. JSON with a
    /// name twice keeps the last of each.
    ///
    /// - Throws: when it runs, ``OmnibusError``, so that what cannot be looked into gets no further: `unencodable` for a
    ///   typed payload that cannot be encoded, `undecodable` for what should be JSON and is not, or a compressed payload
    ///   that cannot be read, `invalidMessage` for a message that was compressed before.
    public static func redacting(_ names: Set<String> = sensitiveFields) -> MessageTransform {
        let redaction = Redaction(names)
        return MessageTransform("redacting") { message in try redaction.apply(to: &message) }
    }
}

extension MessageTransform {
    /// A transform that compresses payloads that are worth it, for the end of a publish pipeline: what comes behind it
    /// sees compressed bytes.
    ///
    /// Payloads are encoded for it, so that events no longer travel as Swift values, even in memory. What is compressed
    /// already stays as it is.
    ///
    /// - Parameters:
    ///   - settings: where the codec is; the bus's own, so that its handlers can read it.
    ///   - size: how many bytes a payload has at least.
    /// - Throws: when it runs, as ``CompressionSettings/compress(_:with:)`` does.
    public static func compressing(
        _ compression: Compression,
        by settings: CompressionSettings,
        from size: Int = 1_024
    ) -> MessageTransform {
        MessageTransform("compressing") { message in
            guard message.contentEncoding == nil, try message.payload.bytes().count >= size else { return }
            message = try settings.compress(message, with: compression)
        }
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
        guard message.contentEncoding == nil else {
            throw OmnibusError(
                .invalidMessage,
                "The message for '\(message.topic)' is compressed, so that nothing in it can be hidden; redact before that.",
                advice: .deadLetter
            )
        }
        do throws(OmnibusError) {
            let value = try message.payload.json()
            if let redacted = self.redacted(value) { message.payload = Payload(json: redacted) }
        } catch {
            guard error.code == .undecodable, case .bytes(let bytes) = message.payload.storage else { throw error }
            guard Self.shouldBeJSON(bytes, message.contentType) else { return }
            // What a strict parser refuses, a lenient one behind the sink may read: a name twice, or great depth.
            let limits = JSONLimits(depth: JSONLimits.greatestDepth, duplicateKeys: .keepLast)
            guard let value = try? JSONValue(parsing: bytes, limits: limits) else { throw error }
            message.payload = Payload(json: self.redacted(value) ?? value)
        }
    }

    private static func shouldBeJSON(_ bytes: [UInt8], _ contentType: String?) -> Bool {
        if let contentType { return contentType.lowercased().contains("json") }
        let first = bytes.first { !" \n\r\t".utf8.contains($0) }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
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
