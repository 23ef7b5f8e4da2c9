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

    /// A transform that hides the values of sensitive fields, at any depth of a JSON payload, in the headers, in JSON that
    /// is a string of those, and in the fields of a web form.
    ///
    /// A field is sensitive whose name ends with the words of one of the names, however they are written: `api_key` is
    /// `apiKey`, `x-api-key` and `API key` too. The whole value goes, be it an object, and `[redacted]` takes its place. A
    /// typed payload becomes JSON where it has such a field. JSON with a name twice keeps the last of each. Bytes that are
    /// no JSON have no fields, and stay, unless their content type or their beginning says that they should be JSON.
    ///
    /// - Throws: when it runs, ``OmnibusError``, so that what cannot be looked into gets no further: `unencodable` for a
    ///   typed payload that cannot be encoded, `undecodable` for what should be JSON and is not, is more than 1,024 levels
    ///   deep, or is compressed and cannot be read, `invalidMessage` for a message that was compressed before.
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
