// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import OmnibusJSON
import Testing

@Suite("Standard headers")
struct StandardHeadersTests {
    static let all: MessageHeaders = [
        "content_type": "application/json",
        "correlation_id": "0190163d-8694-739b-aea5-966c26f8ad91",
        "message_id": "evt-123",
        "timestamp": "2026-02-28T08:30:00.25Z",
        "source": "user-service",
        "event_type": "user_created",
        "destination": "replies.users",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "span_id": "00f067aa0ba902b7",
        "parent_span_id": "00f067aa0ba902b8",
        "priority": "high",
        "routing_key": "user-7",
        "partition_key": "user-7",
        "ttl_seconds": 60,
        "schema_version": "1.2.0",
        "operation_name": "sign-up",
        "max_retries": 3,
        "tenant": "acme",
    ]

    @Test("go into their fields, and the free ones stay headers")
    func goIntoFields() throws {
        let message = try Message(topic: "users", payload: ["id": 7], standardHeaders: Self.all)

        #expect(message.contentType == "application/json")
        #expect(message.correlationID == "0190163d-8694-739b-aea5-966c26f8ad91")
        #expect(message.id == "evt-123")
        #expect(message.createdAt == Timestamp("2026-02-28T08:30:00.25Z"))
        #expect(message.source == "user-service")
        #expect(message.type == "user_created")
        #expect(message.replyTo == "replies.users")
        #expect(message.traceContext.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(message.traceContext.spanID == "00f067aa0ba902b7")
        #expect(message.parentSpanID == "00f067aa0ba902b8")
        #expect(message.priority == .high)
        #expect(message.key == "user-7")
        #expect(message.timeToLive == .seconds(60))
        #expect(message.headers.schemaVersion == SemanticVersion(1, 2, 0))
        #expect(message.headers.operationName == "sign-up")
        #expect(message.headers.maxRetries == 3)
        #expect(message.headers["tenant"] == "acme")
        #expect(message.headers.count == 4)
        try message.validate()
    }

    @Test("are given back whole, in a fixed order")
    func areGivenBack() throws {
        let message = try Message(topic: "users", payload: ["id": 7], standardHeaders: Self.all)

        #expect(message.standardHeaders == Self.all)
    }

    @Test("give the time of acceptance once there is one, and the count of retries")
    func giveAcceptance() throws {
        var message = try Message(topic: "users", payload: 1, standardHeaders: Self.all)
        message.acceptedAt = Timestamp("2026-03-01T00:00:00Z")
        var headers = message.headers
        headers.setRetryCount(2)
        message.headers = headers

        #expect(message.standardHeaders["timestamp"] == "2026-03-01T00:00:00Z")
        #expect(message.standardHeaders["retry_count"] == 2)
    }

    @Test("of a message that was retried read back, without the count")
    func readBackAfterRetries() throws {
        var message = try Message(topic: "users", payload: 1, standardHeaders: Self.all)
        message.countRetries(2)
        var copy = Message(topic: "users", payload: 1)
        try copy.apply(standardHeaders: message.standardHeaders)

        #expect(message.standardHeaders["retry_count"] == 2)
        #expect(copy.headers.retryCount == 0)
        #expect(copy.standardHeaders == Self.all)
    }

    @Test("of a message of which nothing is set are those that every message has")
    func areFewForOrdinaryMessages() {
        let headers = Message(topic: "tasks", bytes: []).standardHeaders

        #expect(headers == ["event_type": "tasks", "priority": "normal"])
    }

    @Test("may be numbers given as text")
    func areReadFromText() throws {
        let message = try Message(
            topic: "tasks",
            payload: 1,
            standardHeaders: ["ttl_seconds": "60", "max_retries": "2"]
        )

        #expect(message.timeToLive == .seconds(60))
        #expect(message.headers.maxRetries == 2)
    }

    @Test("may be seconds with a fraction, as number or text", arguments: [0.5, "0.5"] as [HeaderValue])
    func areReadWithFraction(value: HeaderValue) throws {
        let message = try Message(topic: "tasks", payload: 1, standardHeaders: ["ttl_seconds": value])

        #expect(message.timeToLive == .milliseconds(500))
        #expect(message.standardHeaders["ttl_seconds"] == 0.5)
    }

    @Test(
        "are refused, by name, where they are not valid",
        arguments: [
            ("content_type", 1), ("correlation_id", ""), ("message_id", "a\nb"), ("timestamp", "yesterday"),
            ("source", true), ("event_type", ""), ("destination", "not..valid"), ("trace_id", "xyz"), ("span_id", "1"),
            ("parent_span_id", "0000000000000000"), ("priority", "urgent"), ("priority", 1), ("routing_key", ""),
            ("ttl_seconds", 0), ("ttl_seconds", -1), ("ttl_seconds", "soon"), ("ttl_seconds", .double(.nan)),
            ("ttl_seconds", "0x10"), ("ttl_seconds", "inf"), ("ttl_seconds", "1e3"), ("ttl_seconds", "1.5.0"),
            ("ttl_seconds", .integer(.max)), ("ttl_seconds", 1e300), ("ttl_seconds", "9223372036854775807"),
            ("schema_version", "1"), ("max_retries", -1), ("retry_count", -1), ("retry_count", "x"),
            ("retry_count", 1.5), ("operation_name", 1), ("not fine", 1),
        ] as [(String, HeaderValue)]
    )
    func areRefused(name: String, value: HeaderValue) throws {
        var message = Message(topic: "tasks", key: "k", payload: 1)
        let before = message
        var headers: MessageHeaders = ["source": "fine"]
        headers.put(value, for: name)
        let error = try #require(throws: OmnibusError.self) { try message.apply(standardHeaders: headers) }

        #expect(error.code == .invalidHeader)
        #expect(error.message.contains(name), "\(error.message)")
        #expect(message == before)
    }

    @Test("are refused with all findings in one error")
    func areRefusedTogether() throws {
        let error = try #require(throws: OmnibusError.self) {
            try Message(
                topic: "tasks",
                payload: 1,
                standardHeaders: ["priority": "urgent", "ttl_seconds": 0, "routing_key": "a", "partition_key": "b"]
            )
        }

        for part in ["priority", "ttl_seconds", "routing_key and partition_key differ"] {
            #expect(error.message.contains(part), "\(error.message)")
        }
    }
}
