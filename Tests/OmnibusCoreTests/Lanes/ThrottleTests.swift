// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Testing

@Suite("A throttle")
struct ThrottleTests {
    /// Fills a bucket attosecond by attosecond, as the words say it.
    struct ObviousBucket {
        let throttle: Throttle
        var time: Int128 = 0
        var units: Int128

        init(_ throttle: Throttle) {
            self.throttle = throttle
            self.units = Int128(throttle.burst) * throttle.period.attoseconds
        }

        mutating func advance(to time: Int128) {
            while self.time < time {
                self.time += 1
                let full = Int128(self.throttle.burst) * self.throttle.period.attoseconds
                self.units = min(full, self.units + Int128(self.throttle.count))
            }
        }

        var permits: Int { Int(self.units / self.throttle.period.attoseconds) }
    }

    @Test("gives out what an obvious bucket does", arguments: 1...200 as ClosedRange<UInt64>)
    func matchesModel(seed: UInt64) {
        var random = MessageRandom(seed: seed)
        let throttle = Throttle(
            Int.random(in: 1...12, using: &random),
            per: Duration(attoseconds: Int128(Int.random(in: 1...60, using: &random))),
            burst: random.once(in: 3) ? nil : Int.random(in: 1...9, using: &random)
        )
        var machine = ThrottleMachine(throttle)
        var model = ObviousBucket(throttle)
        _ = machine.allowance(now: .zero)
        var now: Int128 = 0
        for step in 0..<200 {
            now += Int128(random.once(in: 2) ? 0 : Int.random(in: 0...40, using: &random))
            // A clock that goes back for a moment changes nothing.
            let seen = random.once(in: 5) ? now - 3 : now
            model.advance(to: seen)
            let time = Duration(attoseconds: seen)
            #expect(machine.allowance(now: time) == model.permits, "seed \(seed), step \(step)")
            if random.once(in: 3) {
                let count = Int.random(in: 0...max(0, model.permits), using: &random)
                machine.took(count)
                model.units -= Int128(count) * throttle.period.attoseconds
            } else if machine.take(now: time) == .allowed {
                #expect(model.permits > 0, "seed \(seed), step \(step)")
                model.units -= throttle.period.attoseconds
            } else if let next = machine.nextAllowed(now: time) {
                var later = model
                later.advance(to: next.attoseconds - 1)
                #expect(later.permits == 0, "seed \(seed), step \(step)")
                later.advance(to: next.attoseconds)
                #expect(
                    later.permits == 1 || throttle.count > throttle.period.attoseconds,
                    "seed \(seed), step \(step)"
                )
            }
        }
    }

    @Test("does not drift, however long it runs")
    func isExact() {
        // Three in seven seconds: no permit but every third falls on a whole attosecond.
        let throttle = Throttle(3, per: .seconds(7), burst: 2)
        var machine = ThrottleMachine(throttle)
        let period = throttle.period.attoseconds
        var now = Duration.zero
        #expect(machine.take(now: now) == .allowed)
        #expect(machine.take(now: now) == .allowed)
        var wrong: [Int128] = []
        for index in 1...100_000 as ClosedRange<Int128> {
            now = machine.nextAllowed(now: now) ?? .zero
            let isExact =
                now.attoseconds == (index * period + 2) / 3
                && machine.take(now: now - Duration(attoseconds: 1)) == .until(now)
                && machine.take(now: now) == .allowed
            if !isExact { wrong.append(index) }
        }
        #expect(wrong.isEmpty)
    }

    @Test("holds back no more than a full bucket after a quiet time")
    func fillsUp() {
        var machine = ThrottleMachine(Throttle(10, per: .seconds(1), burst: 4))
        #expect(machine.allowance(now: .zero) == 4)
        machine.took(4)
        #expect(machine.nextAllowed(now: .zero) == .milliseconds(100))
        #expect(machine.allowance(now: .seconds(3_600)) == 4)
        machine.took(1)
        machine.giveBack(1)
        #expect(machine.allowance(now: .seconds(3_600)) == 4)
        machine.giveBack(.max)
        #expect(machine.allowance(now: .seconds(3_600)) == 4)
    }

    @Test("takes what nobody can wait for without a trap")
    func isHarmless() {
        let counts = [Int.min, -1, 0, 1, 1_000_000_000, Int.max]
        let endless = Duration(attoseconds: .max)
        let before = Duration(attoseconds: .min)
        for count in counts {
            for period in [before, .seconds(-1), .zero, Duration(attoseconds: 1), .seconds(1), endless] {
                let throttle = Throttle(count, per: period, burst: counts.randomElement())
                var machine = ThrottleMachine(throttle)
                for now in [before, .zero, .seconds(1), endless, before, endless] {
                    #expect((1...1_000_000_000).contains(machine.allowance(now: now)), "\(throttle)")
                    machine.took(.max)
                    if let next = machine.nextAllowed(now: now) {
                        #expect(next > before && next < endless, "\(throttle)")
                        machine.giveBack(1)
                    }
                    machine.took(.min)
                    machine.giveBack(.min)
                    machine.giveBack(.max)
                }
            }
        }
    }

    @Test("says which of its settings is out of range")
    func validates() throws {
        try Throttle(1, per: Duration(attoseconds: 1)).validate()
        try Throttle(1_000_000_000, per: .seconds(10 * 365 * 86_400)).validate()
        let cases: [(Throttle, String)] = [
            (Throttle(0, per: .seconds(1)), "throttle.count"), (Throttle(.max, per: .seconds(1)), "throttle.count"),
            (Throttle(.min, per: .seconds(1), burst: 1), "throttle.count"),
            (Throttle(1, per: .zero), "throttle.period"), (Throttle(1, per: .seconds(-1)), "throttle.period"),
            (Throttle(1, per: .seconds(Int64.max) * 4), "throttle.period"),
            (Throttle(1, per: .seconds(1), burst: 0), "throttle.burst"),
            (Throttle(1, per: .seconds(1), burst: .max), "throttle.burst"),
        ]
        for (throttle, name) in cases {
            let error = try #require(throws: OmnibusError.self) { try throttle.validate() }
            #expect(error.code == .invalidSettings)
            #expect(error.message.contains("'\(name)'"), "\(throttle)")
        }
    }
}
