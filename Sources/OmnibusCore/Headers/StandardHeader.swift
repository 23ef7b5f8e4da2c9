// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The names that a message's standard headers have where they travel as one dictionary.
enum StandardHeader: String, CaseIterable {
    case contentType = "content_type"
    case correlationID = "correlation_id"
    case messageID = "message_id"
    case timestamp
    case source
    case eventType = "event_type"
    case schemaVersion = "schema_version"
    case destination
    case traceID = "trace_id"
    case spanID = "span_id"
    case parentSpanID = "parent_span_id"
    case operationName = "operation_name"
    case priority
    case routingKey = "routing_key"
    case partitionKey = "partition_key"
    case retryCount = "retry_count"
    case maxRetries = "max_retries"
    case ttlSeconds = "ttl_seconds"

    /// Where the value of a standard header is kept.
    enum Home {
        /// A property of the message.
        case field(String)
        /// A header with a typed accessor; the check returns what is wrong with a value.
        case header((HeaderValue) -> String?)
        /// Written by the bus.
        case bus
    }

    /// Where the value of this header is kept.
    var home: Home {
        switch self {
        case .contentType: .field("message.contentType")
        case .correlationID: .field("message.correlationID")
        case .messageID: .field("message.id")
        case .timestamp: .field("message.createdAt")
        case .source: .field("message.source")
        case .eventType: .field("message.type")
        case .destination: .field("message.replyTo")
        case .traceID, .spanID: .field("message.traceContext")
        case .parentSpanID: .field("message.parentSpanID")
        case .priority: .field("message.priority")
        case .routingKey, .partitionKey: .field("message.key")
        case .ttlSeconds: .field("message.timeToLive")
        case .retryCount: .bus
        case .schemaVersion: .header(Self.checkVersion)
        case .maxRetries: .header(Self.checkCount)
        case .operationName: .header(Self.checkText)
        }
    }

    private static func checkVersion(_ value: HeaderValue) -> String? {
        guard case .text(let text) = value else { return "is not text such as 1.4.0" }
        do throws(OmnibusError) {
            _ = try SemanticVersion(validating: text)
            return nil
        } catch {
            return "is not valid: \(error.message)"
        }
    }

    private static func checkCount(_ value: HeaderValue) -> String? {
        guard case .integer(let count) = value, count >= 0, Int(exactly: count) != nil else {
            return "is not a whole number from 0 upwards"
        }
        return nil
    }

    private static func checkText(_ value: HeaderValue) -> String? {
        guard case .text = value else { return "is not text" }
        return nil
    }
}

extension MessageHeaders {
    /// The version of the payload's schema; the header `schema_version`.
    public var schemaVersion: SemanticVersion? {
        get {
            guard case .text(let text) = self[StandardHeader.schemaVersion.rawValue] else { return nil }
            return try? SemanticVersion(validating: text)
        }
        set { self.store(newValue.map { .text($0.description) }, as: .schemaVersion) }
    }

    /// How often handling may be repeated at most; the header `max_retries`.
    ///
    /// It lowers what the subscription's failure policy says and never raises it. It is 0 or more: publishing a message
    /// with a negative number throws `.invalidHeader`.
    public var maxRetries: Int? {
        get { self[StandardHeader.maxRetries.rawValue]?.integer.flatMap(Int.init(exactly:)) }
        set { self.store(newValue.map { .integer(Int64($0)) }, as: .maxRetries) }
    }

    /// What the publisher was doing; the header `operation_name`.
    public var operationName: String? {
        get { self[StandardHeader.operationName.rawValue]?.text }
        set { self.store(newValue.map { .text($0) }, as: .operationName) }
    }

    private mutating func store(_ value: HeaderValue?, as header: StandardHeader) {
        if let value {
            self.put(value, for: header.rawValue)
        } else {
            self.remove(header.rawValue)
        }
    }
}
