// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Hides the values of fields by their names.
struct Redaction: Sendable {
    static let replacement = "[redacted]"

    /// Deeper than this nobody looks: recursion takes stack.
    private static let greatestDepth = JSONLimits.greatestDepth

    /// The words of each name, put together.
    private let names: Set<String>

    init(_ names: Set<String>) {
        self.names = Set(names.map { NameWords.split($0).joined() }.filter { !$0.isEmpty })
    }

    func apply(to message: inout Message) throws(OmnibusError) {
        guard message.contentEncoding == nil else {
            throw OmnibusError(
                .invalidMessage,
                "The message for '\(message.topic)' is compressed, so that nothing in it can be hidden; redact before that.",
                advice: .deadLetter
            )
        }
        for header in message.headers {
            guard let value = try self.redacted(header) else { continue }
            try message.headers.set(value, for: header.name)
        }
        if let payload = try self.redacted(message.payload, message.contentType) { message.payload = payload }
    }

    // MARK: Headers

    private func redacted(_ header: Header) throws(OmnibusError) -> HeaderValue? {
        if self.hides(header.name) { return .text(Self.replacement) }
        guard case .text(let text) = header.value else { return nil }
        return try self.redacted(text, 0).map { .text($0) }
    }

    // MARK: Payloads

    /// The payload without what is hidden; nil where there is nothing to hide.
    private func redacted(_ payload: Payload, _ contentType: String?) throws(OmnibusError) -> Payload? {
        guard case .bytes(let bytes) = payload.storage else {
            return try self.redacted(try payload.json(), 0).map { Payload(json: $0) }
        }
        let text = Self.withoutByteOrderMark(bytes)
        if let value = try? JSONValue(parsing: text) {
            return try self.redacted(value, 0).map { Payload(json: $0) }
        }
        let type = contentType?.lowercased() ?? ""
        if type.hasPrefix("application/x-www-form-urlencoded") { return self.redactedForm(bytes) }
        guard type.contains("json") || Self.looksLikeJSON(text) else { return nil }
        // What a strict parser refuses, a lenient one behind the sink may read: a name twice, or great depth. What it would
        // drop must not come through either.
        let limits = JSONLimits(depth: Self.greatestDepth, duplicateKeys: .keepLast)
        guard let value = try? JSONValue(parsing: text, limits: limits) else { throw Self.unreadable }
        return Payload(json: try self.redacted(value, 0) ?? value)
    }

    private static func withoutByteOrderMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    }

    /// Whether bytes begin as an object or an array does, or in an encoding that JSON never has and texts have.
    private static func looksLikeJSON(_ bytes: ArraySlice<UInt8>) -> Bool {
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) { return true }
        // UTF-16 and UTF-32 without a mark have zeros beside the first character.
        let first = bytes.first { $0 > 0x20 }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    }

    private static let unreadable = OmnibusError(
        .undecodable,
        """
        The payload should be JSON and cannot be read as such, so that nothing in it can be hidden; publish valid JSON of \
        at most \(greatestDepth) levels, or name the content type that it has.
        """,
        advice: .deadLetter
    )

    // MARK: JSON

    /// The value without what is hidden; nil where there is nothing to hide.
    private func redacted(_ value: JSONValue, _ depth: Int) throws(OmnibusError) -> JSONValue? {
        guard depth <= Self.greatestDepth else { throw Self.unreadable }
        switch value {
        case .object(let object):
            var isChanged = false
            var members: [(String, JSONValue)] = []
            for member in object {
                if self.hides(member.name) {
                    isChanged = true
                    members.append((member.name, .string(Self.replacement)))
                } else {
                    let inner = try self.redacted(member.value, depth + 1)
                    isChanged = isChanged || inner != nil
                    members.append((member.name, inner ?? member.value))
                }
            }
            return isChanged ? .object(JSONObject(members)) : nil
        case .array(let elements):
            var isChanged = false
            var kept: [JSONValue] = []
            for element in elements {
                let inner = try self.redacted(element, depth + 1)
                isChanged = isChanged || inner != nil
                kept.append(inner ?? element)
            }
            return isChanged ? .array(kept) : nil
        case .string(let text):
            return try self.redacted(text, depth + 1).map { .string($0) }
        case .null, .bool, .integer, .number, .decimal:
            return nil
        }
    }

    /// A text that is JSON itself, such as the arguments of a tool call, without what is hidden in it.
    private func redacted(_ text: String, _ depth: Int) throws(OmnibusError) -> String? {
        guard let first = text.utf8.first(where: { $0 > 0x20 }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "["),
            let value = try? JSONValue(
                parsing: text,
                limits: JSONLimits(depth: Self.greatestDepth, duplicateKeys: .keepLast)
            ),
            let redacted = try self.redacted(value, depth + 1)
        else { return nil }
        return try? redacted.text()
    }

    // MARK: Forms

    private func redactedForm(_ bytes: [UInt8]) -> Payload? {
        var isChanged = false
        let fields = bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false).map { field in
            let name = field.prefix { $0 != UInt8(ascii: "=") }
            guard self.hides(Self.decoded(name)) else { return field }
            isChanged = true
            return ArraySlice(name + Array("=\(Self.replacement)".utf8))
        }
        return isChanged ? Payload(bytes: fields.joined(separator: [UInt8(ascii: "&")])) : nil
    }

    /// The name of a field, percent-encoding undone as far as it tells letters.
    private static func decoded(_ name: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        var rest = name
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(digits, radix: 16) {
                result.append(value)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    // MARK: Names

    /// Whether the last words of a name are one of the names.
    private func hides(_ name: String) -> Bool {
        let words = NameWords.split(name)
        return words.indices.contains { self.names.contains(words[$0...].joined()) }
    }
}
