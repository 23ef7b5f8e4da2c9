// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

@Suite("A page of dead letters")
struct DeadLetterScanTests {
    private func page(
        _ log: DeadLetterLog,
        _ filter: DeadLetterFilter = .all,
        after cursor: DeadLetterPage.Cursor? = nil,
        limit: Int,
        run: Int = 3
    ) throws -> DeadLetterPage {
        var scan = try DeadLetterScan(filter, after: cursor, limit: limit)
        while scan.add(log.letters(after: scan.position, upTo: run)) {}
        return scan.page
    }

    private func log(_ numbers: ClosedRange<Int>) -> DeadLetterLog {
        var log = DeadLetterLog(limit: 100_000, byteLimit: .max)
        for number in numbers {
            _ = log.append(.made(number, topic: number.isMultiple(of: 2) ? "job.even" : "job.odd"), size: 1)
        }
        return log
    }

    @Test("is empty and the last one where there is nothing", arguments: [1, 100, Int.max])
    func isEmpty(limit: Int) throws {
        let page = try self.page(DeadLetterLog(limit: 1, byteLimit: 1), limit: limit)
        #expect(page.letters.isEmpty)
        #expect(page.next == nil)
    }

    @Test("has room for at least one letter", arguments: [0, -1, Int.min])
    func needsRoom(limit: Int) {
        let error = #expect(throws: OmnibusError.self) { try self.page(self.log(1...3), limit: limit) }
        #expect(error?.code == .invalidSettings)
        #expect(error?.message.contains("\(limit)") == true)
    }

    @Test("refuses a cursor that was never handed out", arguments: ["", "x", "-1", "1.5", "99999999999999999999"])
    func refusesCursor(text: String) {
        let cursor = DeadLetterPage.Cursor(rawValue: text)
        let error = #expect(throws: OmnibusError.self) { try self.page(self.log(1...3), after: cursor, limit: 1) }
        #expect(error?.code == .invalidSettings)
    }

    @Test("shows every letter once, whatever the page's size", arguments: [1, 2, 3, 4, 9, 10, 11, Int.max])
    func showsAll(limit: Int) throws {
        let log = self.log(1...10)
        var seen: [Int] = []
        var pages = 0
        var cursor: DeadLetterPage.Cursor?
        repeat {
            let page = try self.page(log, after: cursor, limit: limit)
            #expect(page.letters.count <= limit)
            seen += page.letters.map(\.number)
            cursor = page.next
            pages += 1
        } while cursor != nil
        #expect(seen == Array(1...10))
        #expect(pages == (limit == .max ? 1 : (10 + limit - 1) / limit))
    }

    @Test("hands out a cursor only where it leads somewhere")
    func endsExactly() throws {
        let log = self.log(1...10)
        let odd = DeadLetterFilter(topics: "job.odd")
        #expect(try self.page(log, odd, limit: 4).next != nil)
        #expect(try self.page(log, odd, limit: 5).next == nil)
        #expect(try self.page(log, DeadLetterFilter(topics: "none"), limit: 1).next == nil)
        #expect(try self.page(log, odd, limit: 5).letters.map(\.number) == [1, 3, 5, 7, 9])
    }

    @Test("goes on after a letter that is gone")
    func goesOnAfterGone() throws {
        var log = self.log(1...6)
        let first = try self.page(log, limit: 3)
        for number in [2, 3, 4] { _ = log.take(MessageID("letter-\(number)")) }
        let second = try self.page(log, after: first.next, limit: 3)
        #expect(second.letters.map(\.number) == [5, 6])
        #expect(second.next == nil)
        for number in 1...6 { _ = log.take(MessageID("letter-\(number)")) }
        #expect(try self.page(log, after: first.next, limit: 3).letters.isEmpty)
        _ = log.append(.made(7), size: 1)
        #expect(try self.page(log, after: first.next, limit: 3).letters.map(\.number) == [7])
    }

    @Test("keeps its cursor as text")
    func keepsCursorText() throws {
        let log = self.log(1...4)
        let next = try #require(try self.page(log, limit: 2).next)
        let again = DeadLetterPage.Cursor(rawValue: next.rawValue)
        #expect(again == next)
        #expect(try self.page(log, after: again, limit: 2).letters.map(\.number) == [3, 4])
    }
}
