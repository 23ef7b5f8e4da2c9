// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

/// The extension attributes that fields of a message become.
enum CloudEventAttribute: String, CaseIterable {
    case partitionKey = "partitionkey"
    case correlationID = "correlationid"
    case causationID = "causationid"
    case traceParent = "traceparent"
    case traceState = "tracestate"
    case expiryTime = "expirytime"
    case sequence
    case topic = "omnibustopic"
    /// The message's source, where that is no URI reference, or is the very text that stands for none.
    case source = "omnibussource"
    /// The message's content type, where that is no media type, or that of an event.
    case contentType = "omnibuscontenttype"
    /// The message's schema, where that is no URI.
    case dataSchema = "omnibusdataschema"
    /// The types of headers that are attributes and no strings, for formats that make strings of them.
    case headerTypes = "omnibusheadertypes"
    case replyTo = "omnibusreplyto"
    case priority = "omnibuspriority"
    case headers = "omnibusheaders"
    case createdAt = "omnibuscreatedat"
    case parentSpanID = "omnibusparentspan"
    /// The time to live as text, where `expirytime` cannot say it.
    case timeToLive = "omnibustimetolive"
    case issuer = "omnibusissuer"
    case clientID = "omnibusclientid"
    case signature = "omnibussignature"
    case signedAt = "omnibussignedat"

    /// Text in the place of a source, which an event must have and a message need not.
    ///
    /// A message whose own source is this very text, or no URI reference, has it in the attribute `source`.
    static let unnamedSource = "urn:omnibus:unnamed"

    /// Whether a source is the text that stands for none.
    static func isUnnamed(_ source: String) -> Bool {
        ExactText.isSame(source, self.unnamedSource)
    }

    /// What is put before the names of attributes that no free header may have; see ``headerName(of:)``.
    private static let prefix = "ce-"

    /// The member of `omnibusheaders` that holds the count of retries; no header may have this name.
    static let retryCount = StandardHeader.retryCount.rawValue

    /// Returns the name of the header that an attribute without a field becomes.
    ///
    /// It is the attribute's own name, except where that is a standard header's, such as `priority`: what another
    /// system means by it is unknown, so it does not become a field here.
    static func headerName(of attribute: String) -> String {
        self.isField(attribute) ? self.prefix + attribute : attribute
    }

    /// Returns the name of the attribute that a header becomes, or nil if it has to go into `omnibusheaders`.
    ///
    /// An `expirytime` of an event without a time waits in a header, since a time to live cannot be told from it.
    static func name(ofHeader header: String, keepsExpiryTime: Bool) -> String? {
        if header.hasPrefix(self.prefix) {
            let name = String(header.dropFirst(self.prefix.count))
            guard CloudEvent.isExtensionName(name) else { return nil }
            if self.expiryTime.rawValue == name { return keepsExpiryTime ? name : nil }
            return self.isStandard(name) ? name : nil
        }
        guard CloudEvent.isExtensionName(header), !self.isField(header), !header.hasPrefix("omnibus") else {
            return nil
        }
        return header
    }

    private static func isField(_ name: String) -> Bool {
        Self(rawValue: name) != nil || self.isStandard(name)
    }

    private static func isStandard(_ name: String) -> Bool {
        StandardHeader(rawValue: name) != nil
    }
}

extension HeaderValue {
    /// The value of an attribute, as that of a header; what has no kind of its own here becomes text.
    init(_ value: CloudEventAttributeValue) {
        switch value {
        case .boolean(let boolean): self = .boolean(boolean)
        case .integer(let integer): self = .integer(Int64(integer))
        case .string(let text), .uri(let text), .uriReference(let text): self = .text(text)
        case .binary(let bytes): self = .bytes(bytes)
        case .timestamp(let time): self = .text(time.description)
        }
    }

    /// The value as that of an attribute of the same type, or nil if attributes have none for it.
    var attributeValue: CloudEventAttributeValue? {
        switch self {
        case .text(let text): HeaderRules.forbiddenCharacter(in: text) != nil ? nil : .string(text)
        case .integer(let integer): Int32(exactly: integer).map { .integer($0) }
        case .double: nil
        case .boolean(let boolean): .boolean(boolean)
        case .bytes(let bytes): .binary(bytes)
        }
    }
}
