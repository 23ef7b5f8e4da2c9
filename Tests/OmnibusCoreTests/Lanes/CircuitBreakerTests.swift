// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Testing

@Suite("A circuit breaker")
struct CircuitBreakerTests {
    private let settings = CircuitBreaker(failures: 3, within: .seconds(10), cooldown: .seconds(5), trials: 2)

    /// Opens a circuit breaker at a time.
    private func opened(at now: Duration) -> CircuitBreakerMachine {
        var machine = CircuitBreakerMachine(self.settings)
        for _ in 0..<3 { machine.attemptFailed(epoch: 0, now: now) }
        return machine
    }

    @Test("opens when enough attempts have failed within the window, and not before")
    func opens() {
        var machine = CircuitBreakerMachine(self.settings)
        #expect(machine.attemptFailed(epoch: 0, now: .seconds(0)) == nil)
        #expect(machine.attemptFailed(epoch: 0, now: .seconds(5)) == nil)
        #expect(machine.attemptFailed(epoch: 0, now: .seconds(11)) == nil)
        #expect(machine.mayTake(now: .seconds(11)) == .allowed(.max))
        #expect(machine.attemptFailed(epoch: 0, now: .seconds(15)) == .opened(until: .seconds(20)))
        #expect(machine.mayTake(now: .seconds(19)) == .until(.seconds(20)))
        #expect(machine.state == .open(until: .seconds(20)))
    }

    @Test("lets a few attempts through after the cooldown, and closes with the first success")
    func closes() {
        var machine = self.opened(at: .zero)
        #expect(machine.mayTake(now: .seconds(5)) == .allowed(2))
        machine.took(1)
        #expect(machine.mayTake(now: .seconds(5)) == .allowed(1))
        machine.took(1)
        #expect(machine.mayTake(now: .seconds(50)) == .afterResult)
        let trial = machine.epoch
        #expect(machine.attemptSucceeded(epoch: trial) == .closed)
        #expect(machine.mayTake(now: .seconds(50)) == .allowed(.max))
        // The other trial is late and says nothing about the present.
        #expect(machine.attemptFailed(epoch: trial, now: .seconds(50)) == nil)
        #expect(machine.attemptFailed(epoch: machine.epoch, now: .seconds(50)) == nil)
        #expect(machine.attemptFailed(epoch: machine.epoch, now: .seconds(50)) == nil)
        #expect(machine.attemptFailed(epoch: machine.epoch, now: .seconds(50)) == .opened(until: .seconds(55)))
    }

    @Test("opens again when a trial fails")
    func opensAgain() {
        var machine = self.opened(at: .zero)
        _ = machine.mayTake(now: .seconds(6))
        machine.took(2)
        let trial = machine.epoch
        #expect(machine.attemptFailed(epoch: trial, now: .seconds(7)) == .opened(until: .seconds(12)))
        // The second trial belongs to the past as well, whatever it brings.
        #expect(machine.attemptSucceeded(epoch: trial) == nil)
        #expect(machine.mayTake(now: .seconds(11)) == .until(.seconds(12)))
        #expect(machine.mayTake(now: .seconds(12)) == .allowed(2))
    }

    @Test("is not confused by attempts that began before it opened")
    func ignoresThePast() {
        var machine = self.opened(at: .zero)
        #expect(machine.attemptSucceeded(epoch: 0) == nil)
        #expect(machine.attemptFailed(epoch: 0, now: .seconds(4)) == nil)
        #expect(machine.mayTake(now: .seconds(4)) == .until(.seconds(5)))
        #expect(machine.mayTake(now: .seconds(5)) == .allowed(2))
        #expect(machine.attemptSucceeded(epoch: 0) == nil)
        #expect(machine.attemptFailed(epoch: 0, now: .seconds(6)) == nil)
        machine.gaveBack(epoch: 0)
        #expect(machine.state == .halfOpen)
        machine.took(2)
        #expect(machine.mayTake(now: .seconds(6)) == .afterResult)
        // A trial that nobody handled leaves its place to another one.
        machine.gaveBack(epoch: machine.epoch)
        #expect(machine.mayTake(now: .seconds(6)) == .allowed(1))
    }

    /// What the words say, with every failure kept.
    struct ObviousBreaker {
        let settings: CircuitBreaker
        var failures: [Int] = []
        var openUntil: Int?
        var isHalfOpen = false
        var trials = 0

        mutating func allowance(_ now: Int) -> Int? {
            if let end = self.openUntil, now >= end {
                self.openUntil = nil
                self.isHalfOpen = true
                self.trials = 0
            }
            if self.openUntil != nil { return 0 }
            return self.isHalfOpen ? self.settings.trials - self.trials : nil
        }

        mutating func fail(_ now: Int) {
            self.failures.append(now)
            let recent = self.failures.filter { .seconds(now - $0) <= self.settings.window }
            guard self.isHalfOpen || recent.count >= self.settings.failures else { return }
            self.failures = []
            self.isHalfOpen = false
            self.openUntil = now + Int(self.settings.cooldown.components.seconds)
        }
    }

    @Test("does what an obvious one does", arguments: 1...300 as ClosedRange<UInt64>)
    func matchesModel(seed: UInt64) {
        var random = MessageRandom(seed: seed)
        let settings = CircuitBreaker(
            failures: Int.random(in: 1...5, using: &random),
            within: .seconds(Int.random(in: 1...20, using: &random)),
            cooldown: .seconds(Int.random(in: 1...9, using: &random)),
            trials: Int.random(in: 1...3, using: &random)
        )
        var machine = CircuitBreakerMachine(settings)
        var model = ObviousBreaker(settings: settings)
        // Attempts that are under way, and how often the model had changed when they began.
        var running: [(epoch: UInt64, generation: Int)] = []
        var generation = 0
        var now = 0
        for step in 0..<300 {
            now += Int.random(in: 0...2, using: &random)
            let before = (model.openUntil != nil, model.isHalfOpen)
            let allowed = model.allowance(now)
            if before != (model.openUntil != nil, model.isHalfOpen) { generation += 1 }
            switch machine.mayTake(now: .seconds(now)) {
            case .allowed(.max): #expect(allowed == nil, "seed \(seed), step \(step)")
            case .allowed(let count): #expect(allowed == count, "seed \(seed), step \(step)")
            case .until(let end):
                #expect(model.openUntil.map { .seconds($0) } == end, "seed \(seed), step \(step)")
            case .afterResult: #expect(allowed == 0 && model.isHalfOpen, "seed \(seed), step \(step)")
            }
            if allowed != 0, random.once(in: 2) {
                machine.took(1)
                if model.isHalfOpen { model.trials += 1 }
                running.append((machine.epoch, generation))
            }
            guard !running.isEmpty, random.once(in: 2) else { continue }
            let attempt = running.remove(at: Int.random(in: 0..<running.count, using: &random))
            let counts = attempt.generation == generation
            if random.once(in: 2) {
                machine.attemptSucceeded(epoch: attempt.epoch)
                if counts, model.isHalfOpen {
                    model.isHalfOpen = false
                    model.failures = []
                    generation += 1
                }
            } else {
                machine.attemptFailed(epoch: attempt.epoch, now: .seconds(now))
                if counts {
                    model.fail(now)
                    if model.openUntil != nil { generation += 1 }
                }
            }
        }
    }

    @Test("takes settings and times that nobody can wait for without a trap")
    func isHarmless() {
        let times = [Duration(attoseconds: .min), .seconds(-1), .zero, .seconds(1), Duration(attoseconds: .max)]
        for count in [Int.min, -1, 0, 1, Int.max] {
            for time in times {
                let settings = CircuitBreaker(failures: count, within: time, cooldown: time, trials: count)
                var machine = CircuitBreakerMachine(settings)
                for now in times + times.reversed() {
                    for _ in 0..<3 { machine.attemptFailed(epoch: machine.epoch, now: now) }
                    machine.took(.max)
                    machine.gaveBack(.min, epoch: machine.epoch)
                    if case .allowed(let count) = machine.mayTake(now: now) { #expect(count > 0) }
                    machine.gaveBack(.max, epoch: machine.epoch)
                    machine.took(.min)
                }
            }
        }
    }

    @Test("says which of its settings is out of range")
    func validates() throws {
        try CircuitBreaker().validate()
        let endless = Duration.seconds(Int64.max) * 4
        let cases: [(CircuitBreaker, String)] = [
            (CircuitBreaker(failures: 0), "failures"), (CircuitBreaker(failures: .max), "failures"),
            (CircuitBreaker(within: .zero), "window"), (CircuitBreaker(within: endless), "window"),
            (CircuitBreaker(cooldown: .zero), "cooldown"), (CircuitBreaker(cooldown: endless), "cooldown"),
            (CircuitBreaker(trials: -1), "trials"), (CircuitBreaker(trials: .max), "trials"),
        ]
        for (settings, name) in cases {
            let error = try #require(throws: OmnibusError.self) { try settings.validate() }
            #expect(error.code == .invalidSettings)
            #expect(error.message.contains("'circuitBreaker.\(name)'"), "\(settings)")
        }
    }
}

@Suite("The gates of a group")
struct LaneGatesTests {
    @Test("keep the permit of a rejected message, and give back that of one that nobody has seen")
    func rejected() throws {
        var gates = try #require(LaneGates(throttle: Throttle(1, per: .seconds(1)), breaker: nil))
        #expect(gates.mayTake(now: .zero) == .allowed(1))
        gates.took(1)
        gates.attemptRejected(epoch: gates.epoch)
        #expect(gates.mayTake(now: .zero) == .until(.seconds(1)))

        gates.gaveBack(epoch: gates.epoch)
        #expect(gates.mayTake(now: .zero) == .allowed(1))
    }

    @Test("let another trial through after one that was rejected")
    func rejectedTrial() throws {
        let breaker = CircuitBreaker(failures: 1, cooldown: .seconds(5))
        var gates = try #require(LaneGates(throttle: nil, breaker: breaker))
        gates.attemptFailed(epoch: gates.epoch, now: .zero)
        #expect(gates.mayTake(now: .seconds(5)) == .allowed(1))
        gates.took(1)
        #expect(gates.mayTake(now: .seconds(5)) == .afterResult)

        gates.attemptRejected(epoch: gates.epoch)
        #expect(gates.mayTake(now: .seconds(5)) == .allowed(1))
        #expect(gates.breakerState == .halfOpen)
    }

    @Test("do not exist where none is asked for")
    func costNothing() {
        #expect(LaneGates(throttle: nil, breaker: nil) == nil)
    }

    @Test("let through what both let through")
    func combine() throws {
        var gates = try #require(
            LaneGates(
                throttle: Throttle(2, per: .seconds(1)),
                breaker: CircuitBreaker(failures: 1, cooldown: .seconds(10))
            )
        )
        #expect(gates.mayTake(upTo: 9, now: .zero) == .allowed(2))
        gates.took(2)
        #expect(gates.mayTake(now: .zero) == .until(.milliseconds(500)))
        gates.gaveBack(epoch: gates.epoch)
        #expect(gates.mayTake(upTo: 9, now: .zero) == .allowed(1))

        #expect(gates.attemptFailed(epoch: gates.epoch, now: .seconds(5)) == .opened(until: .seconds(15)))
        #expect(gates.mayTake(upTo: 9, now: .seconds(5)) == .until(.seconds(15)))
        #expect(gates.breakerState == .open(until: .seconds(15)))
        #expect(gates.mayTake(upTo: 9, now: .seconds(15)) == .allowed(1))
        gates.took(1)
        #expect(gates.mayTake(upTo: 9, now: .seconds(15)) == .afterResult)
        #expect(gates.attemptSucceeded(epoch: gates.epoch) == .closed)
        #expect(gates.mayTake(upTo: 9, now: .seconds(16)) == .allowed(2))
    }

    @Test("leave either out")
    func areOptional() throws {
        var throttled = try #require(LaneGates(throttle: Throttle(1, per: .seconds(1)), breaker: nil))
        throttled.took(1)
        #expect(throttled.attemptFailed(epoch: throttled.epoch, now: .zero) == nil)
        #expect(throttled.mayTake(now: .zero) == .until(.seconds(1)))
        var broken = try #require(LaneGates(throttle: nil, breaker: CircuitBreaker()))
        #expect(broken.mayTake(upTo: 7, now: .zero) == .allowed(7))
        #expect(broken.breakerState == .closed)
    }
}
