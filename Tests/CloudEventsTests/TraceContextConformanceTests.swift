// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON
import Testing

@Suite(
    "Trace context cases of the W3C",
    .enabled(if: Conformance.has("w3c-trace-context"), "needs the folder w3c-trace-context")
)
struct TraceContextConformanceTests {
    @Test("reads a traceparent exactly where the Recommendation does")
    func readsTraceparents() throws {
        let table = try JSONValue(parsing: Conformance.bytes(of: "w3c-trace-context/traceparent-parse.json"))
        let rows = try #require(table.arrayValue)
        try #require(!rows.isEmpty)

        for row in rows {
            let text = try #require(row["traceparent"]?.stringValue)
            let parser = try #require(row["parser"]?.stringValue)
            let isValid = row["valid"] == true
            // The table has two parsers: one takes ids of zeros, the other no version but 00. Ours does neither.
            let hasZeroID = text.split(separator: "-").contains { $0.count >= 16 && $0.allSatisfy { $0 == "0" } }
            let isLater = !text.hasPrefix("00") && !text.hasPrefix("ff")
            let expected = parser.hasPrefix("base") ? isValid && !hasZeroID : isValid || isLater

            #expect(((try? TraceContext(traceparent: text)) != nil) == expected, "\(text) by the \(parser)")
        }
    }

    @Test("continues or restarts a trace as the Recommendation asks", arguments: ["level1", "level2"])
    func continuesTraces(level: String) throws {
        let table = try JSONValue(parsing: Conformance.bytes(of: "w3c-trace-context/propagation.json"))
        let rows = try #require(table["rows"]?.arrayValue)
        var checked = 0

        for row in rows {
            guard let allowed = row["allowed"]?[level]?.arrayValue else { continue }
            let message = Self.message(of: row)
            let parents = message.headers.filter { $0.name.lowercased() == "traceparent" }
            let states = message.headers.filter { $0.name.lowercased() == "tracestate" }
            checked += 1

            let mode: JSONValue
            if let context = message.traceContext {
                #expect(parents.count == 1 && parents[0].value.canonicalText.contains(context.traceID))
                var copy = ProtocolMessage()
                copy.traceContext = context
                #expect(copy.traceContext == context)
                let isComplete = states.allSatisfy { context.tracestate.contains(Self.trimmed($0)) }
                mode = isComplete ? "continue" : "continue-no-state"
            } else {
                mode = "restart"
            }

            #expect(allowed.contains(mode), "\(row["id"] ?? nil): \(mode)")
        }
        #expect(checked > 0)
    }

    @Test("hands the random flag on")
    func keepsRandomFlag() throws {
        let parent = try TraceContext(traceparent: "00-12345678901234567890123456789012-1234567890123456-02")

        #expect(parent.child(spanID: 1).flags == 0x02)
    }

    /// A row's request.
    private static func message(of row: JSONValue) -> ProtocolMessage {
        let headers = row["request_headers"]?.arrayValue ?? []
        return ProtocolMessage(headers: headers.map { ($0[0]?.stringValue ?? "", $0[1]?.stringValue ?? "") })
    }

    private static func trimmed(_ header: ProtocolMessage.Header) -> String {
        let start = header.value.canonicalText.drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
