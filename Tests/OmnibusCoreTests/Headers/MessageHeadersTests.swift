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

    @Test("are at most 1,024")
    func areLimited() throws {
        let many = (0..<MessageHeaders.maximumCount).map { Header(name: "h\($0)", value: .integer(Int64($0))) }
        var headers = try MessageHeaders(many)
        #expect(headers.count == MessageHeaders.maximumCount && Array(headers) == many)
        try headers.set(-1, for: "h7")
        #expect(headers["h7"] == -1)

        let error = try #require(throws: OmnibusError.self) { try headers.set(1, for: "another") }
        #expect(error.code == .invalidHeader && error.message.contains("1025 headers"), "\(error)")
        #expect(headers["another"] == nil)
        #expect(throws: OmnibusError.self) { try MessageHeaders(many + [Header(name: "another", value: 1)]) }

        var message = Message(topic: "tasks", payload: 1)
        message.headers = MessageHeaders(unchecked: many + [Header(name: "another", value: 1)])
        let refusal = try #require(throws: OmnibusError.self) { try message.validate() }
        #expect(refusal.code == .invalidHeader && refusal.message.contains("1025 headers"), "\(refusal)")
    }

    @Test("keep the last value of a name, in the place of the first, however many there are")
    func keepLast() {
        let names = (0..<100).map { "h\($0)" } + ["h3", "h60", "h99", "h3"]
        let headers = MessageHeaders(
            unchecked: names.enumerated().map { Header(name: $1, value: .integer(Int64($0))) }
        )

        #expect(headers.map(\.name) == Array(names.prefix(100)))
        #expect(headers["h3"] == 103 && headers["h60"] == 101 && headers["h99"] == 102 && headers["h98"] == 98)
    }

    @Test("from a dictionary of 40,000 are refused, without comparing each with each", .timeLimit(.minutes(5)))
    func refuseFlood() throws {
        let flood = MessageHeaders(unchecked: (0..<40_000).map { Header(name: "header-\($0)", value: 1) })
        var message = Message(topic: "tasks", payload: 1)

        #expect(flood.count == 40_000)
        let error = try #require(throws: OmnibusError.self) { try message.apply(standardHeaders: flood) }
        #expect(error.code == .invalidHeader)
        message.headers = flood
        let bytes = try message.serialize()
        let damage = try #require(throws: OmnibusError.self) { try Message(deserializing: bytes) }
        #expect(damage.code == .damagedMessage && damage.message.contains("1024 headers"), "\(damage)")
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
