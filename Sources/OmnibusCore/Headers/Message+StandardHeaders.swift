// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

extension Message {
    /// Creates a message from the dictionary in which standard and free headers travel together.
    ///
    /// ```swift
    /// let headers: MessageHeaders = ["event_type": "user_created", "priority": "high", "ttl_seconds": 60]
    /// let message = try Message(topic: "users", payload: ["id": 7], standardHeaders: headers)
    /// ```
    ///
    /// - Throws: `.invalidHeader`, naming all that are not valid; see ``apply(standardHeaders:)``.
    public init(
        topic: Topic,
        key: String? = nil,
        payload: Payload,
        standardHeaders: MessageHeaders
    ) throws(OmnibusError) {
        self.init(topic: topic, key: key, payload: payload)
        try self.apply(standardHeaders: standardHeaders)
    }

    /// Puts each standard header of a dictionary into its field, and the others into ``headers``.
    ///
    /// The standard names are `content_type`, `correlation_id`, `message_id`, `timestamp` (RFC 3339; ``createdAt``),
    /// `source`, `event_type`, `schema_version`, `destination` (a topic; ``replyTo``), `trace_id`, `span_id`,
    /// `parent_span_id`, `operation_name`, `priority`, `routing_key` and `partition_key` (both ``key``), `max_retries` and
    /// `ttl_seconds`. Whole numbers may be given as text; `ttl_seconds` may have a fraction, as number or
    /// text (`"1.5"`). `retry_count` is the bus's to write: it has to be a whole number from 0 upwards, so that
    /// ``standardHeaders`` of a message that was retried read back, and is left out, because the message that is read
    /// begins anew.
    ///
    /// - Throws: `.invalidHeader`, naming all that are not valid. The message is then as it was.
    public mutating func apply(standardHeaders: MessageHeaders) throws(OmnibusError) {
        let limit = MessageHeaders.maximumCount + StandardHeader.allCases.count
        guard standardHeaders.count <= limit else {
            throw OmnibusError(.invalidHeader, HeaderRules.tooMany(standardHeaders.count))
        }
        var reader = StandardHeaderReader(message: self)
        for header in standardHeaders { reader.read(header) }
        reader.finish()
        guard reader.findings.isEmpty else {
            throw OmnibusError(
                .invalidHeader,
                "headers of the message for \(self.topic) are not valid: " + reader.findings.joined(separator: "; ")
            )
        }
        self = reader.message
    }

    /// All headers as one dictionary: the standard ones that have a value, by their standard names, and the free ones.
    ///
    /// `timestamp` is the time of acceptance, or ``createdAt`` before. `routing_key` and `partition_key` are both the
    /// key.
    public var standardHeaders: MessageHeaders {
        var result = MessageHeaders()
        func put(_ value: HeaderValue?, _ header: StandardHeader) {
            if let value { result.put(value, for: header.rawValue) }
        }
        func put(_ text: String?, _ header: StandardHeader) {
            put(text.map { HeaderValue.text($0) }, header)
        }
        put(self.contentType, .contentType)
        if self.correlationID.isAssigned { put(self.correlationID.description, .correlationID) }
        if self.hasID { put(self.id.description, .messageID) }
        put((self.acceptedAt ?? self.createdAt)?.description, .timestamp)
        put(self.source, .source)
        put(self.type.rawValue, .eventType)
        put(self.replyTo?.name, .destination)
        if self.hasID || self.storedTraceContext != nil {
            put(self.traceContext.traceID, .traceID)
            put(self.traceContext.spanID, .spanID)
        }
        put(self.parentSpanID, .parentSpanID)
        put(self.priority.name, .priority)
        put(self.key, .routingKey)
        put(self.key, .partitionKey)
        put(self.timeToLive.map(Self.seconds), .ttlSeconds)
        for header in self.headers { result.put(header.value, for: header.name) }
        if self.headers.retryCount > 0 { put(.integer(Int64(self.headers.retryCount)), .retryCount) }
        return result
    }

    private static func seconds(of duration: Duration) -> HeaderValue {
        let (seconds, attoseconds) = duration.clamped(to: self.maximumTimeToLive).components
        return attoseconds == 0 ? .integer(seconds) : .double(Double(seconds) + Double(attoseconds) / 1e18)
    }
}
