// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A store of dead letters", .timeLimit(.minutes(5)))
struct DeadLetterPagingTests {
    let manual = ManualEnvironment(seed: 47)

    private func bus(_ limits: InMemoryBroker.Limits = InMemoryBroker.Limits()) -> EventBus {
        let broker = InMemoryBroker(environment: self.manual.environment, limits: limits)
        return EventBus(provider: broker, environment: self.manual.environment)
    }

    private func keep(_ numbers: ClosedRange<Int>, _ letters: DeadLetterQueue) throws {
        for number in numbers {
            try letters.keep(
                Message(topic: "job.step", payload: ["number": .integer(Int64(number))]),
                reason: .rejected("no")
            )
        }
    }

    private func number(_ letter: DeadLetter) -> Int {
        letter.message.payload["number"]?.intValue ?? -1
    }

    @Test("that is empty answers every question")
    func isEmpty() throws {
        let letters = try self.bus().deadLetters
        #expect(letters.count == 0)
        #expect(letters.byteCount == 0)
        #expect(letters.evictedCount == 0)
        #expect(letters.list().isEmpty)
        #expect(try letters.page().letters.isEmpty)
        #expect(try letters.page().next == nil)
        #expect(letters.count(where: .all) == 0)
        #expect(letters.clear() == 0)
        #expect(try letters.analyze().total == 0)
        #expect(letters.letter(MessageID("none")) == nil)
    }

    @Test("shows a hundred letters a page unless told otherwise")
    func hasDefaultPage() throws {
        let letters = try self.bus().deadLetters
        try self.keep(1...250, letters)
        let first = try letters.page()
        let second = try letters.page(after: first.next)
        let third = try letters.page(after: second.next)
        #expect([first, second, third].map(\.letters.count) == [100, 100, 50])
        #expect(third.next == nil)
        #expect(letters.list().count == 100)
        #expect(letters.list(limit: -1).isEmpty)
    }

    @Test("refuses a page without room and a cursor that is none", arguments: [0, -1, Int.min])
    func refuses(limit: Int) async throws {
        let letters = try self.bus().deadLetters
        await expectError(.invalidSettings) { _ = try letters.page(limit: limit) }
        await expectError(.invalidSettings) { _ = try letters.page(after: DeadLetterPage.Cursor(rawValue: "next")) }
    }

    @Test("shows 10,000 letters page by page, each once, while others are evicted, cleared and redriven")
    func pagesWhileChanging() async throws {
        let bus = self.bus(InMemoryBroker.Limits(deadLetters: 10_000))
        let redriven = EventRecorder<Int>()
        try await bus.subscribe(to: "job.step") { delivery in
            redriven.record(delivery.message.payload["number"]?.intValue ?? -1)
        }
        let letters = try bus.deadLetters
        try self.keep(1...10_000, letters)

        var seen: [Int] = []
        var newest = 10_000
        var redrive: Set<Int> = []
        var cursor: DeadLetterPage.Cursor?
        repeat {
            let page = try letters.page(after: cursor, limit: 97)
            seen += page.letters.map(self.number)
            // The letter that the cursor follows goes, and some that come evict as many of the oldest.
            if let last = page.letters.last {
                try await letters.redrive(last.id, to: .topic)
                redrive.insert(self.number(last))
            }
            if newest < 10_500 {
                try self.keep(newest + 1...newest + 10, letters)
                newest += 10
            }
            cursor = page.next
        } while cursor != nil
        await bus.settled()

        #expect(seen == Array(1...10_500))
        #expect(Set(redriven.all) == redrive)
        #expect(redriven.count == redrive.count)
        #expect(letters.count + letters.evictedCount + redrive.count == 10_500)
        #expect(letters.count <= 10_000)
        #expect(letters.evictedCount > 0)
    }

    @Test("shows no letter twice to those who page while others take letters out from other tasks")
    func pagesConcurrently() async throws {
        let bus = self.bus(InMemoryBroker.Limits(deadLetters: 1_000))
        let letters = try bus.deadLetters
        try self.keep(1...1_000, letters)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try self.keep(1_001...3_000, letters) }
            group.addTask { for _ in 0..<20 { letters.clear(where: .all) } }
            for _ in 0..<3 {
                group.addTask {
                    var seen: [Int] = []
                    var cursor: DeadLetterPage.Cursor?
                    repeat {
                        let page = try letters.page(after: cursor, limit: 13)
                        seen += page.letters.map(self.number)
                        cursor = page.next
                    } while cursor != nil
                    #expect(seen == seen.sorted())
                    #expect(Set(seen).count == seen.count)
                }
            }
            try await group.waitForAll()
        }
        #expect(letters.count <= 1_000)
    }

    @Test("counts and lists what a filter is true for")
    func filters() throws {
        let letters = try self.bus().deadLetters
        try self.keep(1...300, letters)
        try letters.keep(Message(topic: "mail.sent", payload: .empty), reason: .expired, group: "mailers")
        #expect(letters.count(where: DeadLetterFilter(topics: "mail.#")) == 1)
        #expect(letters.count(where: DeadLetterFilter(reasons: [.rejected])) == 300)
        #expect(letters.count(where: DeadLetterFilter(topics: "nothing")) == 0)
        let page = try letters.page(where: DeadLetterFilter(group: .named("mailers")), limit: 1)
        #expect(page.letters.map(\.message.topic) == ["mail.sent"])
        #expect(page.next == nil)
        #expect(try letters.page(where: DeadLetterFilter(topics: "nothing")).letters.isEmpty)
    }

    @Test(
        "is cleared by age, which may be nothing, less than nothing, or more than there is time",
        arguments: [
            (Duration?.none, 3), (.zero, 3), (.seconds(-5), 3), (.seconds(1), 2), (.seconds(10), 1), (.seconds(11), 0),
            (.seconds(Int64.max), 0),
        ]
    )
    func clearsByAge(age: Duration?, cleared: Int) throws {
        let letters = try self.bus().deadLetters
        for seconds in [9, 1, 0] {
            try self.keep(1...1, letters)
            self.manual.clock.advance(by: .seconds(seconds))
        }
        #expect(letters.clear(where: .all, olderThan: age) == cleared)
        #expect(letters.count == 3 - cleared)
    }

    @Test("is cleared by filter")
    func clearsByFilter() throws {
        let letters = try self.bus().deadLetters
        try self.keep(1...3, letters)
        try letters.keep(Message(topic: "mail.sent", payload: .empty), reason: .expired)
        #expect(letters.clear(where: DeadLetterFilter(reasons: [.tooLarge])) == 0)
        #expect(letters.clear(where: DeadLetterFilter(reasons: [.rejected])) == 3)
        #expect(letters.list().map(\.message.topic) == ["mail.sent"])
    }

    @Test("is analysed as far back as is asked for")
    func analyses() async throws {
        let letters = try self.bus().deadLetters
        try self.keep(1...2, letters)
        self.manual.clock.advance(by: .seconds(3_600))
        try self.keep(3...3, letters)
        #expect(try letters.analyze().total == 3)
        #expect(try letters.analyze().byTime.map(\.count) == [2, 1])
        #expect(try letters.analyze(within: .seconds(3_600)).total == 3)
        #expect(try letters.analyze(within: .seconds(3_599)).total == 1)
        #expect(try letters.analyze(within: .zero).total == 1)
        #expect(try letters.analyze(within: .seconds(Int64.max)).total == 3)
        #expect(try letters.analyze(where: DeadLetterFilter(topics: "nothing")).total == 0)
        #expect("\(try letters.analyze())".contains("rejected"))
        await expectError(.invalidSettings) { _ = try letters.analyze(every: .zero) }
    }
}
