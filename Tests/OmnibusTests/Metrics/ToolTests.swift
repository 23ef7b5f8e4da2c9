// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Metrics as monitoring systems read them", .timeLimit(.minutes(2)))
struct ToolTests {
    private static let missingPromtool: Comment =
        "KNOWN SKIP: promtool is missing, so nobody has checked the Prometheus text; Scripts/bootstrap installs it"
    private static let missingPython: Comment =
        "KNOWN SKIP: prometheus_client is missing, so nobody has parsed the OpenMetrics text; Scripts/bootstrap installs it"

    /// Text with every character below 256 and others that are unusual, some at the start and at the end.
    private static let everything =
        String(String.UnicodeScalarView((0...255).compactMap { Unicode.Scalar(UInt32($0)) }))
        + "\u{85}\u{2028}\u{FEFF}\u{1F600}\u{10FFFF}e\u{301}\\\"\n\\n"

    /// What of that may be the name of a group.
    private static let printable = String(
        String.UnicodeScalarView(Self.everything.unicodeScalars.filter { $0.properties.generalCategory != .control })
            .suffix(120)
    )

    /// A snapshot in which there is something of everything.
    private static func makeSnapshot() async throws -> MetricsSnapshot {
        let manual = ManualEnvironment(seed: 15)
        let bus = manual.makeBus(
            settings: BusSettings(metrics: MetricsSettings(measuresLatency: true, seriesLimit: 4))
        )
        try await bus.subscribe(to: "#", group: Self.printable) { _ in manual.clock.advance(by: .milliseconds(3)) }
        for number in 0..<6 {
            try await bus.subscribe(to: TopicPattern(validating: "topic.\(number)")) { _ in
                if number == 1 { throw Broken() }
            }
            try await bus.publish(number, to: Topic(validating: "topic.\(number)"))
        }
        try await bus.publish(1, to: "other")
        try await bus.publish(1, to: "Ünïcode.\u{1F600}")
        for byte in 0...255 {
            try bus.metrics.gauge("bytes_seen", 1, labels: ["byte": String(Unicode.Scalar(UInt8(byte)))])
        }
        // Names that are nothing but a unit, which OpenMetrics wants other words in front of.
        try bus.metrics.gauge("seconds", 1)
        try bus.metrics.counter("bytes").increment()
        try bus.metrics.gauge("odd_number", .nan, labels: ["kind": "nan"])
        try bus.metrics.gauge("odd_number", .infinity, labels: ["kind": "inf"])
        try bus.metrics.gauge("odd_number", -1e-300, labels: ["kind": "small"])
        try bus.metrics.counter("documents_read", help: Self.everything, labels: ["text": Self.everything]).increment()
        await bus.metrics.track(Self.everything) {}
        await bus.metrics.track("") {}
        await bus.settled()
        let snapshot = try await bus.metrics.snapshot()
        try await bus.shutdown(deadline: .zero)
        return snapshot
    }

    // MARK: Prometheus

    @Test("are accepted by promtool without a complaint", .enabled(if: Tools.promtool != nil, missingPromtool))
    func pleasesPromtool() async throws {
        let promtool = try #require(Tools.promtool)
        let snapshot = try await Self.makeSnapshot()
        let labelled = try snapshot.text(.prometheus, labels: ["bus": Self.everything])

        for text in [snapshot.prometheusText, labelled] {
            let answer = try Tools.run(promtool, ["check", "metrics"], input: text)
            #expect(answer.status == 0)
            #expect(answer.output == "")
        }
    }

    @Test(
        "have names that promtool accepts wherever they pass here",
        .enabled(if: Tools.promtool != nil, missingPromtool)
    )
    func agreesOnNames() throws {
        let promtool = try #require(Tools.promtool)
        let random = SeededRandom(seed: 16)
        let words = [
            "a", "s", "ms", "seconds", "milliseconds", "days", "hours", "bytes", "kilobytes", "total", "count", "sum",
            "bucket", "info", "created", "gauge", "counter", "Summary", "Gauge", "MB", "queue", "Depth", "deptH", "9",
            "", "minutes", "h", "kelvins", "decibels", "millimeters", "metres",
        ]
        var families: [MetricFamily] = []
        var refused: [MetricFamily] = []
        var names: Set<String> = []
        for number in 0..<3_000 {
            let count = 1 + Int(random.next() % 4)
            let name = (0..<count).map { _ in words[Int(random.next() % UInt64(words.count))] }.joined(separator: "_")
            guard names.insert(name).inserted else { continue }
            let family = MetricFamily(name, number % 2 == 0 ? .gauge : .counter, "Words.", .count(1))
            do {
                try MetricNameRules.check(metric: name)
                families.append(family)
            } catch {
                refused.append(family)
            }
        }

        let answer = try Tools.run(promtool, ["check", "metrics"], input: MetricText.write(families, as: .prometheus))

        #expect(families.count > 50)
        #expect(answer.status == 0)
        #expect(answer.output == "")
        // And it does complain: a text that it likes whatever is in it would say nothing.
        let text = MetricText.write(Array(refused.filter { $0.name.hasSuffix("ms") }.prefix(3)), as: .prometheus)
        let complaint = try Tools.run(promtool, ["check", "metrics"], input: text)
        #expect(complaint.status != 0)
        #expect(complaint.output.contains("abbreviated"))
    }

    // MARK: OpenMetrics

    /// Parses a text and prints a line for each sample: the family, its type and unit, the sample's name, its labels
    /// with each character as a number, and its value.
    private static let parse = """
        import io, sys
        from prometheus_client.openmetrics.parser import text_fd_to_metric_families
        # As it is: a carriage return is no end of a line.
        text = sys.stdin.buffer.read().decode("utf-8")
        for family in text_fd_to_metric_families(io.StringIO(text, newline="\\n")):
            assert family.documentation, family.name
            for sample in family.samples:
                labels = ",".join(
                    name + "=" + ".".join(str(ord(character)) for character in value)
                    for name, value in sorted(sample.labels.items())
                )
                print(family.name, family.type, family.unit or "-", sample.name, labels or "-", float(sample.value))
        """

    @Test(
        "are parsed by Python's prometheus_client as what they are",
        .enabled(if: Tools.python != nil, missingPython)
    )
    func pleasesPython() async throws {
        let python = try #require(Tools.python)
        let snapshot = try await Self.makeSnapshot()

        let answer = try Tools.run(python, ["-c", Self.parse], input: snapshot.openMetricsText)

        #expect(answer.status == 0, "\(answer.output)")
        let lines = Set(answer.output.split(separator: "\n").map(String.init))
        let published = "omnibus_events_published counter - omnibus_events_published_total - "
        #expect(lines.contains { $0.hasPrefix(published) && Double($0.dropFirst(published.count)) == 8 })
        #expect(lines.contains { $0.hasPrefix("omnibus_uptime_seconds gauge seconds ") })
        #expect(
            lines.contains {
                $0.hasPrefix(
                    "omnibus_delivery_duration_seconds histogram seconds omnibus_delivery_duration_seconds_sum"
                )
            }
        )
        let everything = Self.everything.unicodeScalars.map { "\($0.value)" }.joined(separator: ".")
        #expect(lines.contains("documents_read counter - documents_read_total text=\(everything) 1.0"))
        #expect(lines.contains { $0.hasPrefix("omnibus_operation_duration_seconds") && $0.contains(everything) })
        let group = Self.printable.unicodeScalars.map { "\($0.value)" }.joined(separator: ".")
        #expect(lines.contains { $0.hasPrefix("omnibus_subscription_lag_messages") && $0.contains("group=\(group),") })
        for byte in 0..<4 { #expect(lines.contains("bytes_seen gauge - bytes_seen byte=\(byte) 1.0")) }
        #expect(lines.contains("odd_number gauge - odd_number kind=110.97.110 nan"))
    }

    @Test("keep every byte in a label", .enabled(if: Tools.python != nil, missingPython))
    func keepsBytes() throws {
        let python = try #require(Tools.python)
        var family = MetricFamily("bytes_seen", .gauge, "Every one.")
        for byte in 0...255 { family.add(.count(byte), [MetricLabel("byte", String(Unicode.Scalar(UInt8(byte))))]) }

        let answer = try Tools.run(python, ["-c", Self.parse], input: MetricText.write([family], as: .openMetrics))

        #expect(answer.status == 0, "\(answer.output)")
        let lines = answer.output.split(separator: "\n").map(String.init)
        let expected = (0...255).map { "bytes_seen gauge - bytes_seen byte=\($0) \($0).0" }
        #expect(lines == expected)
    }

    // MARK: Without any tool

    @Test("give each series once, under a name and labels of its own")
    func isUnambiguous() async throws {
        let snapshot = try await Self.makeSnapshot()

        let lines = snapshot.prometheusText.split(separator: "\n").filter { !$0.hasPrefix("#") }
        let series = lines.compactMap { line in line.lastIndex(of: " ").map { String(line[..<$0]) } }

        #expect(Set(series).count == series.count)
        #expect(series.contains(#"omnibus_topic_events_published_total{topic="other"}"#))
        #expect(snapshot.prometheusText.hasPrefix("# TYPE omnibus_uptime_seconds gauge\n"))
    }

    @Test("get no label twice, and none that is no name")
    func checksCommonLabels() async throws {
        let snapshot = try await Self.makeSnapshot()

        await expectError(.invalidMetric) { _ = try snapshot.text(.prometheus, labels: ["a b": "c"]) }
        let error = await expectError(.invalidMetric) { _ = try snapshot.text(.openMetrics, labels: ["topic": "c"]) }

        #expect(error?.message.contains("has a label 'topic' of its own") == true)
        #expect(MetricsFormat.openMetrics.contentType.hasPrefix("application/openmetrics-text"))
    }
}
