// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Testing

@testable import OmnibusCore

@Suite("A failure analysis")
struct FailureAnalysisTests {
    private let letters: [DeadLetter] = [
        .made(10, topic: "mail.sent", group: "mailers", errorType: "Broken"),
        .made(20, topic: "job.step", group: "workers", errorType: "OmnibusError", code: .timeout),
        .made(75, topic: "job.step", group: "workers", errorType: "Broken"),
        .made(80, topic: "job.done", reason: .expired),
        .made(90, topic: "job.step", group: "workers", reason: .rejected("secret"), errorType: nil),
    ]

    private func analysis(_ interval: Duration = .seconds(60)) throws -> FailureAnalysis {
        try FailureAnalysis(of: self.letters, every: interval)
    }

    private func counts(_ findings: [FailureAnalysis.Finding]) -> [String] {
        findings.map { "\($0.name ?? "-") \($0.count)" }
    }

    @Test("of no letters has nothing in it, and says so")
    func isEmpty() throws {
        let analysis = try FailureAnalysis(of: [])
        #expect(analysis.total == 0)
        #expect(analysis.first == nil)
        #expect(analysis.peak == nil)
        #expect(analysis.byReason.isEmpty)
        #expect("\(analysis)" == "no dead letters\n")
    }

    @Test("counts by error, topic, group and reason, the most frequent first")
    func counts() throws {
        let analysis = try self.analysis()
        #expect(analysis.total == 5)
        #expect(analysis.first == Timestamp(secondsSinceEpoch: 10))
        #expect(analysis.last == Timestamp(secondsSinceEpoch: 90))
        #expect(self.counts(analysis.byError) == ["- 2", "Broken 2", "OmnibusError.timeout 1"])
        #expect(self.counts(analysis.byTopic) == ["job.step 3", "job.done 1", "mail.sent 1"])
        #expect(self.counts(analysis.byGroup) == ["workers 3", "- 1", "mailers 1"])
        #expect(self.counts(analysis.byReason) == ["retriesExhausted 3", "expired 1", "rejected 1"])
    }

    @Test("tells of each finding when it was first and last seen, and which letter to look at")
    func describes() throws {
        let step = try #require(try self.analysis().byTopic.first)
        #expect(step.first == Timestamp(secondsSinceEpoch: 20))
        #expect(step.last == Timestamp(secondsSinceEpoch: 90))
        #expect(step.sample == MessageID("letter-90"))
    }

    @Test("says the same whatever the order of the letters")
    func isIndependentOfOrder() throws {
        #expect(try FailureAnalysis(of: self.letters.reversed(), every: .seconds(60)) == self.analysis())
    }

    @Test("counts by time in order, in whole stretches, and knows the worst")
    func countsByTime() throws {
        let analysis = try self.analysis()
        #expect(analysis.byTime.map(\.count) == [2, 3])
        #expect(analysis.byTime.map(\.start.secondsSinceEpoch) == [0, 60])
        #expect(analysis.peak?.start == Timestamp(secondsSinceEpoch: 60))
    }

    @Test("takes stretches of any length above zero")
    func takesAnyInterval() throws {
        #expect(try self.analysis(.nanoseconds(1)).byTime.map(\.count) == [1, 1, 1, 1, 1])
        #expect(try self.analysis(Duration(secondsComponent: 0, attosecondsComponent: 1)).byTime.count == 5)
        let longest = try self.analysis(.seconds(Int64.max))
        #expect(longest.byTime.map(\.count) == [5])
        #expect(longest.byTime.map(\.start.secondsSinceEpoch) == [0])
        let ends = [Timestamp.earliest, .latest].map {
            DeadLetter(id: MessageID("end"), message: Message(topic: "a", payload: .empty), reason: .expired, time: $0)
        }
        #expect(
            try FailureAnalysis(of: ends, every: .seconds(3_600)).byTime.map(\.start.secondsSinceEpoch).first ?? 0 < 0
        )
        #expect(
            try FailureAnalysis(of: ends, every: .seconds(Int64.max)).byTime.map(\.start) == [
                .earliest, Timestamp(secondsSinceEpoch: 0),
            ]
        )
    }

    @Test("refuses a stretch without length", arguments: [Duration.zero, .seconds(-1)])
    func refusesInterval(interval: Duration) {
        let error = #expect(throws: OmnibusError.self) { try self.analysis(interval) }
        #expect(error?.code == .invalidSettings)
    }

    @Test("is printed as a table of aligned columns")
    func prints() throws {
        let table = try self.analysis().table(rows: 2)
        let expected = """
            5 dead letters from 1970-01-01T00:00:10Z to 1970-01-01T00:01:30Z, by stretches of 60.0 seconds

            REASON                COUNT  SHARE  FIRST                 LAST                  SAMPLE
            retriesExhausted          3   60 %  1970-01-01T00:00:10Z  1970-01-01T00:01:15Z  letter-75
            expired                   1   20 %  1970-01-01T00:01:20Z  1970-01-01T00:01:20Z  letter-80
            and 1 more

            ERROR                 COUNT  SHARE  FIRST                 LAST                  SAMPLE
            (no error)                2   40 %  1970-01-01T00:01:20Z  1970-01-01T00:01:30Z  letter-90
            Broken                    2   40 %  1970-01-01T00:00:10Z  1970-01-01T00:01:15Z  letter-75
            and 1 more

            TOPIC                 COUNT  SHARE  FIRST                 LAST                  SAMPLE
            job.step                  3   60 %  1970-01-01T00:00:20Z  1970-01-01T00:01:30Z  letter-90
            job.done                  1   20 %  1970-01-01T00:01:20Z  1970-01-01T00:01:20Z  letter-80
            and 1 more

            GROUP                 COUNT  SHARE  FIRST                 LAST                  SAMPLE
            workers                   3   60 %  1970-01-01T00:00:20Z  1970-01-01T00:01:30Z  letter-90
            (no group)                1   20 %  1970-01-01T00:01:20Z  1970-01-01T00:01:20Z  letter-80
            and 1 more

            TIME                  COUNT  SHARE  FIRST                 LAST                  SAMPLE
            1970-01-01T00:00:00Z      2   40 %  1970-01-01T00:00:10Z  1970-01-01T00:00:20Z  letter-20
            1970-01-01T00:01:00Z      3   60 %  1970-01-01T00:01:15Z  1970-01-01T00:01:30Z  letter-90

            """
        #expect(table == expected)
        #expect("\(try self.analysis())".split(separator: "\n").count == 1 + 5 + 3 + 3 + 3 + 3 + 2)
    }

    @Test("shows neither payloads nor what errors and rejections say")
    func keepsSecrets() throws {
        let table = "\(try self.analysis())"
        #expect(!table.contains("secret"))
        #expect(!table.contains("crimson"))
    }

    @Test("keeps its lines whole whatever somebody has named a group", arguments: ["a\nb", "a\tb", "a\u{1B}[31mb"])
    func cleansNames(group: String) throws {
        let table = try FailureAnalysis(of: [DeadLetter.made(1, group: group)]).table()
        let plain = try FailureAnalysis(of: [DeadLetter.made(1, group: "a b")]).table()
        #expect(table.split(separator: "\n").count == plain.split(separator: "\n").count)
        #expect(!table.contains("\u{1B}"))
    }

    @Test("shows at least one row for each question", arguments: [0, -1, Int.min])
    func showsOneRow(rows: Int) throws {
        #expect(try self.analysis().table(rows: rows) == self.analysis().table(rows: 1))
    }
}
