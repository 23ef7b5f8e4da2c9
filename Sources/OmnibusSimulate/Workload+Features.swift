// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import OmnibusTesting

/// What only some of the seeds have. Each feature has random numbers of its own: with a further one, whatever else a
/// seed decides stays as it was.
extension Workload {
    private enum Feature: UInt64 {
        case timeouts = 1
        case throttles
        case circuitBreakers
    }

    private func random(for feature: Feature) -> SplitMix64 {
        var seeds = SplitMix64(seed: self.seed ^ 0xFEA7_00AE &+ feature.rawValue << 40)
        return SplitMix64(seed: seeds.next())
    }

    /// Gives the groups and the operations of a seed what they have beyond the usual.
    mutating func addFeatures() {
        self.addTimeouts()
        self.addThrottles()
        self.addCircuitBreakers()
    }

    private mutating func addTimeouts() {
        var random = self.random(for: .timeouts)
        guard random.percent(20) else { return }
        for index in self.groups.indices where random.percent(60) {
            if case .sequence = self.groups[index].interface { continue }
            self.groups[index].timeout = 20 + random.milliseconds(below: 80)
            self.groups[index].temper.isSlow = max(self.groups[index].temper.isSlow, 40)
            if random.percent(30) { self.groups[index].temper.ignoresCancellation = 50 }
        }
    }

    private mutating func addThrottles() {
        var random = self.random(for: .throttles)
        guard random.percent(15) else { return }
        for index in self.groups.indices where random.percent(50) {
            let count = 1 + random.below(4)
            let period = Duration.milliseconds(10 + random.milliseconds(below: 60))
            let burst = random.percent(50) ? nil : 1 + random.below(6)
            self.groups[index].throttle = Throttle(count, per: period, burst: burst)
        }
    }

    private mutating func addCircuitBreakers() {
        var random = self.random(for: .circuitBreakers)
        guard random.percent(15) else { return }
        for index in self.groups.indices where random.percent(50) {
            self.groups[index].circuitBreaker = CircuitBreaker(
                failures: 1 + random.below(3),
                within: .milliseconds(20 + random.milliseconds(below: 400)),
                cooldown: .milliseconds(10 + random.milliseconds(below: 150)),
                trials: 1 + random.below(2)
            )
            self.groups[index].temper.fails = max(self.groups[index].temper.fails, 25)
        }
    }
}
