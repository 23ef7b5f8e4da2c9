// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Testing

@testable import OmnibusCore

@Suite("A log of dead letters")
struct DeadLetterLogTests {
    private func log(_ numbers: ClosedRange<Int>, limit: Int = 1_000) -> DeadLetterLog {
        var log = DeadLetterLog(limit: limit, byteLimit: .max)
        for number in numbers { _ = log.append(.made(number), size: 10) }
        return log
    }

    private func numbers(_ log: DeadLetterLog, after number: UInt64 = 0, upTo count: Int = .max) -> [Int] {
        log.letters(after: number, upTo: count).map(\.letter.number)
    }

    @Test("is empty at first, and gives nothing out")
    func isEmpty() {
        var log = DeadLetterLog(limit: 3, byteLimit: 100)
        #expect([log.count, log.bytes, log.evicted] == [0, 0, 0])
        #expect(log.letters(after: 0, upTo: 10).isEmpty)
        #expect(log.letters(after: .max, upTo: 10).isEmpty)
        #expect(log.letter(MessageID("letter-1")) == nil)
        let nothing = log.take(MessageID("letter-1"))
        #expect(nothing == nil)
    }

    @Test("keeps letters in the order in which they came, and finds each by its id")
    func keepsOrder() {
        let log = self.log(1...5)
        #expect(self.numbers(log) == [1, 2, 3, 4, 5])
        #expect(self.numbers(log, after: 2, upTo: 2) == [3, 4])
        #expect(self.numbers(log, upTo: 0).isEmpty)
        #expect(log.letter(MessageID("letter-4"))?.number == 4)
        #expect([log.count, log.bytes] == [5, 50])
    }

    @Test("lets the oldest make room when it is full by count, and hands them out")
    func evictsByCount() {
        var log = self.log(1...3, limit: 3)
        #expect(log.append(.made(4), size: 10).map(\.number) == [1])
        #expect(log.append(.made(5), size: 10).map(\.number) == [2])
        #expect(self.numbers(log) == [3, 4, 5])
        #expect([log.count, log.bytes, log.evicted] == [3, 30, 2])
        #expect(log.letter(MessageID("letter-1")) == nil)
    }

    @Test("lets as many make room as the bytes of the newest need, and always keeps the newest")
    func evictsByBytes() {
        var log = DeadLetterLog(limit: 100, byteLimit: 100)
        for number in 1...4 { #expect(log.append(.made(number), size: 25).isEmpty) }
        #expect(log.append(.made(5), size: 50).map(\.number) == [1, 2])
        #expect(log.bytes == 100)
        #expect(log.append(.made(6), size: 1_000).map(\.number) == [3, 4, 5])
        #expect(self.numbers(log) == [6])
        #expect(log.append(.made(7), size: 0).map(\.number) == [6])
        #expect([log.count, log.bytes, log.evicted] == [1, 0, 6])
    }

    @Test("counts bounds below 1 as 1, and sizes below 0 as 0", arguments: [Int.min, -1, 0, 1])
    func takesAbsurdBounds(bound: Int) {
        var log = DeadLetterLog(limit: bound, byteLimit: bound)
        #expect(log.append(.made(1), size: .min).isEmpty)
        #expect(log.append(.made(2), size: .min).map(\.number) == [1])
        #expect([log.count, log.bytes] == [1, 0])
    }

    @Test("gives a letter out once, and takes it back to where it was")
    func takesAndPutsBack() throws {
        var log = self.log(1...5)
        let takenSecond = log.take(MessageID("letter-2"))
        let second = try #require(takenSecond)
        #expect(log.take(MessageID("letter-2")) == nil)
        #expect(self.numbers(log) == [1, 3, 4, 5])
        #expect([log.count, log.bytes] == [4, 40])
        log.putBack(second)
        log.putBack(second)
        #expect(self.numbers(log) == [1, 2, 3, 4, 5])
        #expect([log.count, log.bytes] == [5, 50])
        #expect(log.take(MessageID("letter-2")) != nil)
    }

    @Test("takes a letter back after holes were closed, and evicts it first then")
    func putsBackAfterClosing() throws {
        var log = self.log(1...500, limit: 500)
        let takenThird = log.take(MessageID("letter-3"))
        let third = try #require(takenThird)
        for number in 1...490 where number != 3 { _ = log.take(MessageID("letter-\(number)")) }
        #expect(self.numbers(log) == Array(491...500))
        log.putBack(third)
        #expect(self.numbers(log) == [3] + Array(491...500))
        var evicted: [Int] = []
        for number in 501...990 { evicted += log.append(.made(number), size: 10).map(\.number) }
        #expect(evicted == [3])
    }

    @Test("never evicts a letter that is being redriven, and keeps it beyond the bound when it comes back")
    func putsBackIntoFull() throws {
        var log = self.log(1...3, limit: 3)
        let takenFirst = log.take(MessageID("letter-1"))
        let first = try #require(takenFirst)
        #expect(log.append(.made(4), size: 10).isEmpty)
        log.putBack(first)
        #expect(self.numbers(log) == [1, 2, 3, 4])
        #expect(log.evicted == 0)
        #expect(log.append(.made(5), size: 10).map(\.number) == [1, 2])
    }

    @Test("agrees with a plain list about everything, whatever happens in which order", arguments: 0..<20)
    func agreesWithModel(seed: UInt64) {
        var random = Mix(state: seed)
        var log = DeadLetterLog(limit: 40, byteLimit: 400)
        var model: [(number: Int, size: Int)] = []
        var taken: [(DeadLetterLog.Kept, Int)] = []
        var evicted = 0
        for number in 1...2_000 {
            switch random.next(10) {
            case 0..<5:
                let size = random.next(30)
                model.append((number, size))
                var gone: [Int] = []
                while model.count > 40 || model.reduce(0, { $0 + $1.size }) > 400, model.count > 1 {
                    gone.append(model.removeFirst().number)
                }
                evicted += gone.count
                #expect(log.append(.made(number), size: size).map(\.number) == gone)
            case 5..<8:
                guard !model.isEmpty else { continue }
                let (chosen, _) = model.remove(at: random.next(model.count))
                if let kept = log.take(MessageID("letter-\(chosen)")) { taken.append((kept, chosen)) }
            default:
                guard !taken.isEmpty else { continue }
                let (kept, chosen) = taken.remove(at: random.next(taken.count))
                log.putBack(kept)
                let index = model.firstIndex { $0.number > chosen } ?? model.count
                model.insert((chosen, kept.size), at: index)
            }
            #expect(self.numbers(log) == model.map(\.number))
            #expect([log.count, log.bytes] == [model.count, model.reduce(0) { $0 + $1.size }])
        }
        #expect(log.evicted == evicted)
        #expect(evicted > 0)
    }

    /// Numbers that follow from a seed.
    private struct Mix {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((self.state >> 33) % UInt64(bound))
        }
    }
}
