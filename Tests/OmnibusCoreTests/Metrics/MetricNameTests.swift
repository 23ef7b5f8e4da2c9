// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Testing

@Suite("Names of metrics and labels")
struct MetricNameTests {
    @Test(
        "may be words of letters and digits with underscores between them",
        arguments: [
            "a", "queue_depth", "message_lag_seconds", "_private", "http2_requests", "A", "HTTP_errors", "a__bc",
        ]
    )
    func takesNames(name: String) throws {
        try MetricNameRules.check(metric: name)
        try MetricNameRules.check(label: name)
    }

    @Test("may hold none but ASCII letters, digits and underscores", arguments: 0...255)
    func checksEveryByte(byte: Int) {
        let scalar = Unicode.Scalar(UInt8(byte))
        let isAllowed =
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_".unicodeScalars.contains(scalar))
        let name = "A\(scalar)9"

        for isLabel in [false, true] {
            let error = Self.error { () throws(OmnibusError) in
                if isLabel { try MetricNameRules.check(label: name) } else { try MetricNameRules.check(metric: name) }
            }
            #expect((error == nil) == isAllowed)
            guard let error else { continue }
            #expect(error.code == .invalidMetric)
            #expect(error.message.contains("character 2"))
            // Whatever was given, the message is one line of text.
            #expect(!error.message.unicodeScalars.contains { $0.value < 32 || (127..<160).contains($0.value) })
        }
    }

    @Test(
        "are refused with a reason and what to do",
        arguments: [
            ("", "is empty"), ("9lives", "begins with a digit"), ("queueDepth", "camelCase at character 6"),
            ("größe", "U+00F6"), ("a b", "U+0020"), ("a:b", "':' (U+003A)"), ("omnibus_mine", "begins with 'omnibus'"),
            ("documents_total", "'_total'"), ("lag_count", "'_count'"), ("lag_sum", "'_sum'"),
            ("lag_bucket", "'_bucket'"), ("lag_created", "'_created'"), ("lag_info", "'_info'"),
            ("lag_gauge", "'gauge'"), ("a_COUNTER_b", "'counter'"), ("lag_ms", "'ms'"), ("a_S_b", "'s'"),
            ("lag_milliseconds", "base unit 'seconds'"), ("size_kilobytes", "base unit 'bytes'"),
            ("uptime_hours", "base unit 'seconds'"), (String(repeating: "a", count: 201), "201 characters"),
        ]
    )
    func refusesMetrics(name: String, reason: String) {
        let error = Self.error { () throws(OmnibusError) in try MetricNameRules.check(metric: name) }

        #expect(error?.code == .invalidMetric)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "no error")")
    }

    @Test(
        "of labels leave to Prometheus what is its own",
        arguments: [("__name__", "'__'"), ("le", "histograms"), ("quantile", "histograms")]
    )
    func refusesLabels(name: String, reason: String) {
        let error = Self.error { () throws(OmnibusError) in try MetricNameRules.check(label: name) }

        #expect(error?.code == .invalidMetric)
        #expect(error?.message.contains(reason) == true)
    }

    private static func error(_ body: () throws(OmnibusError) -> Void) -> OmnibusError? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
