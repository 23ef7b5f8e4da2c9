// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Testing

@Suite("Metrics as text")
struct MetricTextTests {
    @Test("is in Prometheus' format: type and help first, counters with their suffix")
    func writesPrometheus() {
        var family = MetricFamily("documents_read", .counter, "Documents that were read.")
        family.add(.count(3), [MetricLabel("kind", "pdf")])
        family.add(.count(4), [MetricLabel("kind", "text")])

        let text = MetricText.write([family], as: .prometheus)

        #expect(
            text == """
                # TYPE documents_read_total counter
                # HELP documents_read_total Documents that were read.
                documents_read_total{kind="pdf"} 3
                documents_read_total{kind="text"} 4

                """
        )
    }

    @Test("is in the format of OpenMetrics: units, counters by their own names, and an end")
    func writesOpenMetrics() {
        let families = [
            MetricFamily("documents_read", .counter, "Documents that were read.", .count(3)),
            MetricFamily("message_lag_seconds", .gauge, "How old they are.", .number(1.5)),
        ]

        let text = MetricText.write(families, as: .openMetrics)

        #expect(
            text == """
                # TYPE documents_read counter
                # HELP documents_read Documents that were read.
                documents_read_total 3
                # TYPE message_lag_seconds gauge
                # UNIT message_lag_seconds seconds
                # HELP message_lag_seconds How old they are.
                message_lag_seconds 1.5
                # EOF

                """
        )
    }

    @Test("leaves out metrics without series")
    func leavesOutEmpty() {
        #expect(MetricText.write([MetricFamily("a", .gauge, "Nothing.")], as: .prometheus) == "")
        #expect(MetricText.write([], as: .openMetrics) == "# EOF\n")
    }

    @Test("counts a histogram up to each bound, and gives its sum in seconds")
    func writesHistograms() {
        var histogram = LatencyHistogram()
        for milliseconds in [1, 2, 300_000] { histogram.record(.milliseconds(milliseconds)) }
        let family = MetricFamily("work_seconds", .histogram, "How long it took.", .histogram(histogram))

        let lines = MetricText.write([family], as: .prometheus).split(separator: "\n")

        #expect(lines.first == "# TYPE work_seconds histogram")
        #expect(lines.contains(#"work_seconds_bucket{le="1.024e-06"} 0"#))
        #expect(lines.contains(#"work_seconds_bucket{le="0.001048576"} 1"#))
        #expect(lines.contains(#"work_seconds_bucket{le="0.002097152"} 2"#))
        #expect(lines.contains(#"work_seconds_bucket{le="68.719476736"} 2"#))
        #expect(lines.contains(#"work_seconds_bucket{le="+Inf"} 3"#))
        #expect(lines.contains("work_seconds_sum 300.003"))
        #expect(lines.last == "work_seconds_count 3")
    }

    @Test("puts the labels of all series before their own")
    func writesCommonLabels() {
        var family = MetricFamily("depth", .gauge, "How deep.")
        family.add(.count(1), [MetricLabel("queue", "a")])

        let text = MetricText.write([family], as: .prometheus, labels: [MetricLabel("bus", "b")])

        #expect(text.hasSuffix("\ndepth{bus=\"b\",queue=\"a\"} 1\n"))
    }

    @Test(
        "writes numbers as both formats read them",
        arguments: [
            (0.0, "0.0"), (-0.0, "-0.0"), (1.5, "1.5"), (-2, "-2.0"), (1e300, "1e+300"),
            (.leastNonzeroMagnitude, "5e-324"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ]
    )
    func writesNumbers(number: Double, text: String) {
        #expect(MetricText.number(number) == text)
    }

    @Test("escapes what would end a label's value or a help text, and nothing else", arguments: 0...255)
    func escapes(byte: Int) {
        let scalar = Unicode.Scalar(UInt8(byte))
        let text = "a\(scalar)b\r\(scalar)"
        let expected: String
        switch scalar {
        case "\n": expected = "a\\nb\r\\n"
        case "\\": expected = "a\\\\b\r\\\\"
        case "\"": expected = "a\\\"b\r\\\""
        default: expected = text
        }

        let escaped = MetricText.escape(text, quotes: true)

        #expect(Array(escaped.unicodeScalars) == Array(expected.unicodeScalars))
        if scalar == "\"" { #expect(MetricText.escape(text, quotes: false) == text) }
    }
}
