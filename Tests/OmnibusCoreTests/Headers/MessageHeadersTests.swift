// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Testing

@Suite("Message headers")
struct MessageHeadersTests {
    @Test("keep the order in which they were set, each name once")
    func keepOrder() throws {
        var headers = MessageHeaders()
        try headers.set("1", for: "b")
        try headers.set("2", for: "a")
        try headers.set("3", for: "b")

        #expect(headers.map(\.name) == ["b", "a"])
        #expect(headers.count == 2)
        #expect(headers["b"] == "3")
        #expect(headers["B"] == nil)
        #expect(headers.remove("b") == "3")
        #expect(headers.remove("b") == nil)
        #expect(headers.map(\.name) == ["a"])
    }

    @Test("hold text, integers, doubles, booleans and bytes as such")
    func holdKinds() {
        let headers: MessageHeaders = ["t": "x", "i": 1, "d": 1.0, "b": true, "y": .bytes([0, 255])]

        #expect(headers["t"]?.text == "x")
        #expect(headers["i"]?.integer == 1)
        #expect(headers["d"]?.double == 1)
        #expect(headers["b"]?.boolean == true)
        #expect(headers["y"]?.bytes == [0, 255])
        #expect(headers["i"]?.double == nil && headers["d"]?.integer == nil)
    }

    @Test(
        "refuse names that some back end cannot carry, saying where",
        arguments: [
            ("", "empty name"), ("a b", "byte 1"), ("a\r\nb", "byte 1"), ("\u{0}", "byte 0"), ("é", "byte 0"),
            ("a:b", "byte 1"), ("a/b", "byte 1"), (String(repeating: "x", count: 256), "256 bytes"),
        ]
    )
    func refuseNames(name: String, reason: String) throws {
        var headers: MessageHeaders = ["kept": 1]
        let error = try #require(throws: OmnibusError.self) { try headers.set("x", for: name) }

        #expect(error.code == .invalidHeader)
        #expect(error.message.contains(reason), "\(error.message)")
        #expect(headers == ["kept": 1])
    }

    @Test("take names of up to 255 characters of a token")
    func takeNames() throws {
        var headers = MessageHeaders()

        for name in ["a", "X-Request-Id", "!#$%&'*+-.^_`|~09", String(repeating: "x", count: 255)] {
            try headers.set(1, for: name)
        }

        #expect(headers.count == 4)
    }

    @Test(
        "refuse values that break header fields",
        arguments: [
            HeaderValue.text("a\r\nb"), .text("\n"), .text("a\u{0}"), .text("\u{1B}"), .text("\u{7F}"),
            .text("a\u{85}"),
            .double(.nan), .double(.infinity),
        ]
    )
    func refuseValues(value: HeaderValue) {
        var headers = MessageHeaders()

        #expect(throws: OmnibusError.self) { try headers.set(value, for: "name") }
        #expect(headers.isEmpty)
    }

    @Test("take any other text", arguments: ["", " ", "\t", "é", "e\u{301}", "漢字🚌", "\u{A0}", "\u{2028}"])
    func takeText(text: String) throws {
        var headers = MessageHeaders()

        try headers.set(.text(text), for: "name")

        #expect(headers["name"] == .text(text))
    }

    @Test(
        "refuse standard names that are fields, saying which",
        arguments: [
            ("content_type", "message.contentType"), ("correlation_id", "message.correlationID"),
            ("message_id", "message.id"), ("timestamp", "message.createdAt"), ("source", "message.source"),
            ("event_type", "message.type"), ("destination", "message.replyTo"), ("trace_id", "message.traceContext"),
            ("span_id", "message.traceContext"), ("parent_span_id", "message.parentSpanID"),
            ("priority", "message.priority"), ("routing_key", "message.key"), ("partition_key", "message.key"),
            ("ttl_seconds", "message.timeToLive"), ("retry_count", "bus alone"),
        ]
    )
    func refuseFields(name: String, reason: String) throws {
        var headers = MessageHeaders()
        let error = try #require(throws: OmnibusError.self) { try headers.set("1", for: name) }

        #expect(error.code == .invalidHeader)
        #expect(error.message.contains(reason), "\(error.message)")
    }

    @Test("check the standard names that are headers")
    func checkStandardNames() throws {
        var headers = MessageHeaders()
        try headers.set("1.4.0", for: "schema_version")
        try headers.set(3, for: "max_retries")
        try headers.set("checkout", for: "operation_name")

        #expect(headers.schemaVersion == SemanticVersion(1, 4, 0))
        #expect(headers.maxRetries == 3)
        #expect(headers.operationName == "checkout")
        for (name, value) in [
            ("schema_version", "1.4"), ("max_retries", -1), ("max_retries", "3"), ("operation_name", 1),
        ]
            as [(String, HeaderValue)]
        {
            #expect(throws: OmnibusError.self, "\(name)") { try headers.set(value, for: name) }
        }
        #expect(headers.maxRetries == 3)
    }

    @Test("have typed accessors that set and remove")
    func haveAccessors() throws {
        var headers = MessageHeaders()
        headers.schemaVersion = try SemanticVersion(validating: "2.0.0-beta.1")
        headers.maxRetries = 0
        headers.operationName = "scan"

        #expect(headers == ["schema_version": "2.0.0-beta.1", "max_retries": 0, "operation_name": "scan"])

        headers.schemaVersion = nil
        headers.maxRetries = nil
        headers.operationName = nil

        #expect(headers.isEmpty)
    }

    @Test("written as a literal are checked by validate(), all at once")
    func validateLiterals() throws {
        let headers: MessageHeaders = ["fine": 1, "not fine": 1, "x": "a\nb", "retry_count": 2, "max_retries": -1]
        let error = try #require(throws: OmnibusError.self) { try headers.validate() }

        for part in ["\"not fine\"", "the header x", "retry_count", "max_retries"] {
            #expect(error.message.contains(part), "\(error.message)")
        }
        #expect(!error.message.contains("\"fine\""))
    }

    @Test("count retries for the bus alone")
    func countRetries() throws {
        var headers: MessageHeaders = ["a": 1]
        headers.setRetryCount(2)

        #expect(headers.retryCount == 2)
        #expect(headers.count == 1)
        try headers.validate()
    }
}
