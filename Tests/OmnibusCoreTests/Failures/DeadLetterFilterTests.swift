// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Testing

@testable import OmnibusCore

@Suite("A filter of dead letters")
struct DeadLetterFilterTests {
    private let letters: [DeadLetter] = [
        .made(1, topic: "job.step", group: "workers", errorType: "Broken", attemptCount: 3),
        .made(2, topic: "job.done", group: nil, reason: .rejected("no"), attemptCount: 1),
        .made(3, topic: "job.step", group: "audit", reason: .expired),
        .made(4, topic: "mail.sent", group: "workers", errorType: "OmnibusError", code: .timeout, attemptCount: 5),
    ]

    private func numbers(_ filter: DeadLetterFilter) -> [Int] {
        self.letters.filter(filter.matches).map(\.number)
    }

    @Test("is true for all where it says nothing")
    func matchesAll() {
        #expect(self.numbers(.all) == [1, 2, 3, 4])
        #expect(self.numbers(DeadLetterFilter()) == [1, 2, 3, 4])
    }

    @Test("selects by topic")
    func byTopic() {
        #expect(self.numbers(DeadLetterFilter(topics: "job.*")) == [1, 2, 3])
        #expect(self.numbers(DeadLetterFilter(topics: "job.step")) == [1, 3])
        #expect(self.numbers(DeadLetterFilter(topics: "nothing.#")).isEmpty)
    }

    @Test("selects by group, and those without one")
    func byGroup() {
        #expect(self.numbers(DeadLetterFilter(group: .named("workers"))) == [1, 4])
        #expect(self.numbers(DeadLetterFilter(group: .ungrouped)) == [2])
        #expect(self.numbers(DeadLetterFilter(group: .named(""))).isEmpty)
    }

    @Test("selects by the kinds of reason; the empty set is none of them")
    func byReason() {
        #expect(self.numbers(DeadLetterFilter(reasons: [.rejected, .expired])) == [2, 3])
        #expect(self.numbers(DeadLetterFilter(reasons: [])).isEmpty)
        #expect(self.numbers(DeadLetterFilter(reasons: Set(DeadLetter.Reason.Kind.allCases))) == [1, 2, 3, 4])
    }

    @Test("selects by the type of the error, and by the code of the bus's own")
    func byError() {
        #expect(self.numbers(DeadLetterFilter(errorType: "Broken")) == [1])
        #expect(self.numbers(DeadLetterFilter(errorType: "OmnibusError")) == [4])
        #expect(self.numbers(DeadLetterFilter(errorType: "OmnibusError.timeout")) == [4])
        #expect(self.numbers(DeadLetterFilter(errorType: "OmnibusError.overflow")).isEmpty)
    }

    @Test("selects by time, the end being excluded")
    func byTime() {
        let two = Timestamp(secondsSinceEpoch: 2)
        let four = Timestamp(secondsSinceEpoch: 4)
        #expect(self.numbers(DeadLetterFilter(from: two)) == [2, 3, 4])
        #expect(self.numbers(DeadLetterFilter(before: two)) == [1])
        #expect(self.numbers(DeadLetterFilter(from: two, before: four)) == [2, 3])
        #expect(self.numbers(DeadLetterFilter(from: four, before: two)).isEmpty)
        #expect(self.numbers(DeadLetterFilter(from: two, before: two)).isEmpty)
    }

    @Test("selects by attempts")
    func byAttempts() {
        #expect(self.numbers(DeadLetterFilter(minimumAttempts: 3)) == [1, 4])
        #expect(self.numbers(DeadLetterFilter(minimumAttempts: .max)).isEmpty)
        #expect(self.numbers(DeadLetterFilter(minimumAttempts: .min)) == [1, 2, 3, 4])
    }

    @Test("asks for every condition at once")
    func byAll() {
        var filter = DeadLetterFilter(topics: "job.#", group: .named("workers"), errorType: "Broken")
        #expect(self.numbers(filter) == [1])
        filter.minimumAttempts = 4
        #expect(self.numbers(filter).isEmpty)
    }

    @Test("is narrowed by age at both ends of time")
    func narrows() {
        let two = Timestamp(secondsSinceEpoch: 2)
        #expect(self.numbers(DeadLetterFilter.all.notAfter(two)) == [1, 2])
        #expect(self.numbers(DeadLetterFilter.all.notBefore(two)) == [2, 3, 4])
        #expect(self.numbers(DeadLetterFilter(before: two).notAfter(.latest)) == [1])
        #expect(self.numbers(DeadLetterFilter.all.notAfter(.latest)) == [1, 2, 3, 4])
        #expect(self.numbers(DeadLetterFilter.all.notAfter(.earliest)).isEmpty)
        #expect(self.numbers(DeadLetterFilter(from: two).notBefore(.earliest)) == [2, 3, 4])
        #expect(self.numbers(DeadLetterFilter(from: two).notBefore(.latest)).isEmpty)
    }
}
