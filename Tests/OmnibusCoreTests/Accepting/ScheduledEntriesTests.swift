// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import OmnibusCore

@Suite("Entries that wait for their time")
struct ScheduledEntriesTests {
    @Test("come in the order of their times, and those of one time in the order in which they were added")
    func ordersEntries() {
        var entries = ScheduledEntries<String>(maximumCount: 10, maximumBytes: 100)
        for (name, due) in [("c", 3), ("a", 1), ("b1", 2), ("b2", 2), ("b3", 2)] {
            #expect(entries.add(name, due: .seconds(due), size: 1) != nil)
        }

        #expect(entries.earliest == .seconds(1))
        #expect(entries.takeDue(by: .milliseconds(999)) == nil)
        var taken: [String] = []
        while let entry = entries.takeDue(by: .seconds(3)) { taken.append(entry) }
        #expect(taken == ["a", "b1", "b2", "b3", "c"])
        #expect(entries.earliest == nil)
        #expect(entries.bytes == 0)
    }

    @Test("are bounded by count and by bytes, but one that is too large for all is taken alone")
    func isBounded() {
        var entries = ScheduledEntries<Int>(maximumCount: 2, maximumBytes: 10)
        #expect(entries.add(1, due: .zero, size: 6) != nil)
        #expect(entries.add(2, due: .zero, size: 5) == nil)
        #expect(entries.add(3, due: .zero, size: 4) != nil)
        #expect(entries.add(4, due: .zero, size: 0) == nil)
        #expect(entries.count == 2)
        #expect(entries.bytes == 10)

        _ = entries.takeDue(by: .zero)
        _ = entries.takeDue(by: .zero)
        #expect(entries.add(5, due: .zero, size: 1_000) != nil)
        #expect(entries.add(6, due: .zero, size: 0) == nil)
    }

    @Test("can be cancelled once, until they are due")
    func cancels() throws {
        var entries = ScheduledEntries<Int>(maximumCount: 10, maximumBytes: 100)
        let (one, two) = (entries.add(1, due: .seconds(1), size: 7), entries.add(2, due: .seconds(2), size: 8))
        let first = try #require(one)
        let second = try #require(two)

        #expect(entries.cancel(first) == 1)
        #expect(entries.cancel(first) == nil)
        #expect(entries.earliest == .seconds(2))
        #expect(entries.bytes == 8)
        #expect(entries.takeDue(by: .seconds(2)) == 2)
        #expect(entries.cancel(second) == nil)
    }

    @Test("agree with a sorted list, whatever is added, cancelled and taken", arguments: [UInt64](1...20))
    func agreesWithModel(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var entries = ScheduledEntries<Int>(maximumCount: 200, maximumBytes: 2_000)
        var model: [(due: Int, number: Int, id: UInt64, size: Int)] = []
        var now = 0
        for number in 0..<2_000 {
            switch random.next() % 10 {
            case 0..<6:
                let due = now + Int.random(in: 0..<50, using: &random)
                let size = Int.random(in: 0..<40, using: &random)
                let bytes = model.reduce(0) { $0 + $1.size }
                let fits = model.count < 200 && (model.isEmpty || bytes + size <= 2_000)
                let id = entries.add(number, due: .seconds(due), size: size)
                #expect((id != nil) == fits, "\(random)")
                if let id { model.append((due, number, id, size)) }
            case 6, 7:
                guard let victim = model.randomElement(using: &random) else { continue }
                #expect(entries.cancel(victim.id) == victim.number, "\(random)")
                model.removeAll { $0.id == victim.id }
            case 8:
                let wanted = model.filter { $0.number % 7 == 3 }.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
                guard number % 50 == 0 else { continue }
                #expect(entries.earliest { $0 % 7 == 3 } == wanted.first.map { .seconds($0.due) }, "\(random)")
                #expect(entries.removeAll { $0 % 7 == 3 } == wanted.map(\.number), "\(random)")
                model.removeAll { $0.number % 7 == 3 }
            default:
                now += Int.random(in: 0..<10, using: &random)
                let due = model.filter { $0.due <= now }.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
                var taken: [Int] = []
                while let entry = entries.takeDue(by: .seconds(now)) { taken.append(entry) }
                #expect(taken == due.map(\.number), "\(random)")
                model.removeAll { $0.due <= now }
            }
            #expect(entries.count == model.count, "\(random)")
            #expect(entries.earliest == model.map(\.due).min().map { .seconds($0) }, "\(random)")
        }
        let rest = model.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
        #expect(entries.sorted.map(\.element) == rest.map(\.number), "\(random)")
    }
}

@Suite("The time of a delivery")
struct DeliveryTimeTests {
    private let now = Timestamp(secondsSinceEpoch: 1_000_000)

    @Test("is a delay from now, whichever clock it names")
    func hasDelay() throws {
        #expect(try DeliveryTime.after(.seconds(5)).delay(from: self.now) == .seconds(5))
        #expect(try DeliveryTime.after(.zero).delay(from: self.now) == .zero)
        #expect(try DeliveryTime.at(self.now.advanced(by: .seconds(5))).delay(from: self.now) == .seconds(5))
        #expect(try DeliveryTime.at(.earliest).delay(from: self.now) < .zero)
        #expect(try DeliveryTime.after(DeliveryTime.longestWait).delay(from: self.now) == DeliveryTime.longestWait)
    }

    @Test(
        "is neither negative nor beyond ten years",
        arguments: [
            .after(.nanoseconds(-1)), .after(DeliveryTime.longestWait + .nanoseconds(1)), .after(.seconds(Int64.max)),
            .after(.seconds(Int64.min)), .at(.latest),
        ] as [DeliveryTime]
    )
    func isBounded(time: DeliveryTime) {
        let error = #expect(throws: OmnibusError.self) { try time.delay(from: self.now) }
        #expect(error?.code == .invalidSettings)
    }
}
