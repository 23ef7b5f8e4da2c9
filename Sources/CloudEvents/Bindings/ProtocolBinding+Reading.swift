// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON

extension ProtocolBinding {
    /// The content mode of a message, by its content type.
    ///
    /// Where there is none, it is binary; in NATS and MQTT, whose older versions have neither headers nor a content
    /// type, it is structured when no header is an event's.
    public func contentMode(of message: ProtocolMessage) -> ContentMode {
        guard let type = message.headers.first(where: { self.isContentType($0.name) })?.text.lowercased() else {
            guard self == .nats || self == .mqtt else { return .binary }
            return message.headers.contains { self.attribute(ofHeader: $0.name) != nil } ? .binary : .structured
        }
        if type.hasPrefix("application/cloudevents-batch") { return .batched }
        return type.hasPrefix("application/cloudevents") ? .structured : .binary
    }

    /// Returns the event that a message carries, and says what a lenient reader changed.
    ///
    /// With a mode, the message has to be of it; without one its content type tells. Structured mode needs no content
    /// type in Kafka, NATS and MQTT when it is asked for. Throws a `CloudEventError` that names the attribute and the
    /// rule.
    public func read(
        _ message: ProtocolMessage,
        mode: ContentMode? = nil,
        options: CloudEventReadingOptions = .strict
    ) throws(CloudEventError) -> CloudEventReading {
        let contentType = try self.contentType(of: message)
        switch mode ?? self.contentMode(of: message) {
        case .binary:
            if let contentType, CloudEvent.isEnvelopeType(contentType) {
                throw Self.wrongMode(contentType, "a content type of the data, as the mode is binary")
            }
            return try self.binary(message, contentType, options)
        case .structured:
            try self.check(contentType, isOf: .structured)
            return try CloudEventJSONFormat.read(message.body, options: options)
        case .batched:
            let readings = try self.readBatch(message, options: options)
            guard readings.count == 1 else {
                throw CloudEventError(
                    .invalidFormat,
                    rule: .jsonBatch,
                    found: "\(readings.count) events",
                    expected: "one; readBatch(_:options:) takes any number"
                )
            }
            return readings[0]
        }
    }

    /// Returns the events of a message in batched mode, in order; HTTP alone has it.
    public func readBatch(
        _ message: ProtocolMessage,
        options: CloudEventReadingOptions = .strict
    ) throws(CloudEventError) -> [CloudEventReading] {
        guard self == .http else { throw self.noBatch }
        try self.check(try self.contentType(of: message), isOf: .batched)
        return try CloudEventJSONFormat.readBatch(message.body, options: options)
    }

    // MARK: Content types

    /// What the header `content-type` says; nil where there is none.
    private func contentType(of message: ProtocolMessage) throws(CloudEventError) -> String? {
        var contentType: String?
        for header in message.headers where self.isContentType(header.name) {
            guard contentType == nil else { throw CloudEventError.duplicate("datacontenttype") }
            let text = try Self.text(of: header.value, named: "datacontenttype")
            // Blanks around a header's value are not a part of it.
            let start = text.utf8.drop { $0 == 0x20 || $0 == 0x09 }
            let end = start.lastIndex { $0 != 0x20 && $0 != 0x09 } ?? start.startIndex
            contentType = start.isEmpty ? "" : String(start[...end])
        }
        return contentType
    }

    private func check(_ contentType: String?, isOf mode: ContentMode) throws(CloudEventError) {
        let expected = mode == .batched ? CloudEventJSONFormat.batchMediaType : CloudEventJSONFormat.mediaType
        guard let contentType else {
            if mode == .structured, self != .http, self != .amqp { return }
            throw Self.wrongMode("", "'\(expected)'")
        }
        guard let type = MediaType(contentType), type.isUTF8 else {
            throw Self.wrongMode(contentType, "'\(expected)' in UTF-8")
        }
        let name = "\(type.type)/\(type.subtype)"
        // The NATS binding names the media type without a format.
        guard name == expected || (self == .nats && name == "application/cloudevents") else {
            throw Self.wrongMode(contentType, "'\(expected)'")
        }
    }

    private static func wrongMode(_ found: String, _ expected: String) -> CloudEventError {
        CloudEventError(
            .invalidContentType,
            attribute: "datacontenttype",
            rule: .contentMode,
            found: found.isEmpty ? "no content type" : CloudEventError.quoted(found),
            expected: expected
        )
    }

    // MARK: Binary mode

    private func binary(
        _ message: ProtocolMessage,
        _ contentType: String?,
        _ options: CloudEventReadingOptions
    ) throws(CloudEventError) -> CloudEventReading {
        var draft = CloudEventDraft(options)
        for header in message.headers where !self.isContentType(header.name) {
            guard let name = self.attribute(ofHeader: header.name) else { continue }
            if name == "data" || name == "data_base64" {
                throw CloudEventError(
                    .invalidName,
                    attribute: name,
                    rule: .attributeName,
                    found: "a header of that name",
                    expected: "the data in the body"
                )
            }
            try draft.put(self.value(of: header, named: name), named: name)
        }
        try self.put(contentType, into: &draft)
        return try draft.reading(data: Self.data(message.body, contentType: draft.dataContentType(), options))
    }

    /// Puts the content type in, which may be told in two ways but not differently.
    private func put(_ contentType: String?, into draft: inout CloudEventDraft) throws(CloudEventError) {
        guard let told = try draft.dataContentType() else {
            if let contentType { try draft.put(.string(contentType), named: "datacontenttype") }
            return
        }
        // HTTP must not have it among the attributes.
        guard self != .http, contentType == nil || contentType == told else {
            throw CloudEventError(
                .duplicateAttribute,
                attribute: "datacontenttype",
                rule: .contentTypeHeader,
                found: "the attribute \(CloudEventError.quoted(told)) beside the message's content type",
                expected: self == .http ? "no header 'ce-datacontenttype'" : "the same in both"
            )
        }
    }

    private func value(
        of header: ProtocolMessage.Header,
        named name: String
    ) throws(CloudEventError) -> CloudEventAttributeValue {
        if self == .amqp {
            if case .string = header.value {} else { return header.value }
        }
        let text = try Self.text(of: header.value, named: name)
        return .string(self.isPercentEncoded ? try PercentEncoding.decode(text, attribute: name) : text)
    }

    private static func text(
        of value: CloudEventAttributeValue,
        named name: String
    ) throws(CloudEventError) -> String {
        guard case .binary(let bytes) = value else { return value.canonicalText }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CloudEventError(
                .invalidEncoding,
                attribute: name,
                rule: .headerText,
                found: "bytes that are not UTF-8",
                expected: "UTF-8"
            )
        }
        return text
    }

    /// The data of a body; what is not what the content type says stays bytes.
    private static func data(
        _ body: [UInt8],
        contentType: String?,
        _ options: CloudEventReadingOptions
    ) -> CloudEventData? {
        if body.isEmpty { return nil }
        guard options.dataForm == .byContentType, let type = contentType.flatMap({ MediaType($0) }) else {
            return .bytes(body)
        }
        if type.isJSON, type.isUTF8, let value = try? JSONValue(parsing: body, limits: options.limits) {
            return .json(value)
        }
        if type.isText, let text = String(validating: body, as: UTF8.self) { return .text(text) }
        return .bytes(body)
    }
}
