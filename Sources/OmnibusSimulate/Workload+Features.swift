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
        case delays
        case repetitions
        case predicates
        case coalescing
        case histories
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
        self.addDelays()
        self.addRepetitions()
        self.addPredicates()
        self.addCoalescing()
        self.addHistories()
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

    private mutating func addDelays() {
        var random = self.random(for: .delays)
        guard random.percent(15) else { return }
        let share = random.percent(50) ? 20 : 60
        for index in self.operations.indices where random.percent(share) {
            guard case .publish(var plan) = self.operations[index].action else { continue }
            let delay = random.milliseconds(below: 300)
            plan.delay = PublishPlan.Delay(milliseconds: delay, isTime: random.percent(30))
            if random.percent(25) { plan.delay?.cancelled = random.milliseconds(below: 2 * delay + 1) }
            self.operations[index].action = .publish(plan)
        }
    }

    private mutating func addRepetitions() {
        var random = self.random(for: .repetitions)
        guard random.percent(15) else { return }
        for topic in 0..<2 where random.percent(70) {
            let time = Duration.milliseconds(20 + random.milliseconds(below: 300))
            self.windows[topic] = DeduplicationWindow(time: time, count: random.percent(50) ? 1 + random.below(4) : 100)
        }
        for index in self.operations.indices where random.percent(50) {
            let identity = random.below(4)
            guard case .publish(var plan) = self.operations[index].action, plan.delay == nil,
                self.windows[plan.topic] != nil
            else { continue }
            plan.identity = identity
            plan.way = .message
            self.operations[index].action = .publish(plan)
        }
    }

    private mutating func addPredicates() {
        var random = self.random(for: .predicates)
        guard random.percent(15) else { return }
        for index in self.groups.indices where random.percent(50) {
            self.groups[index].wantedKeys = random.percent(50) ? [random.below(3)] : [0, 1 + random.below(2)]
        }
    }

    private mutating func addCoalescing() {
        var random = self.random(for: .coalescing)
        guard random.percent(15) else { return }
        for index in self.groups.indices where random.percent(50) {
            self.groups[index].overflow = .coalesce
            self.groups[index].bound = 1 + random.below(6)
            self.groups[index].temper.isSlow = max(self.groups[index].temper.isSlow, 50)
        }
    }

    private mutating func addHistories() {
        var random = self.random(for: .histories)
        guard random.percent(15) else { return }
        self.histories = (0..<(1 + random.below(2))).map { _ in random.percent(70) ? 1 + random.below(8) : 1_000 }
        let actors = Set(self.operations.map(\.actor)).filter { $0 != .setup && $0 != .control }
        let publishers = actors.sorted { "\($0)" < "\($1)" }
        guard !publishers.isEmpty else { return }
        for number in 0..<(5 + random.below(30)) {
            let topic = random.below(self.histories.count)
            let key = random.percent(50) ? random.below(3) : nil
            self.insert(.append(number: number, topic: topic, key: key), for: publishers, &random)
        }
        for _ in 0..<(1 + random.below(3)) {
            let reader = self.groups.count
            self.groups.append(GroupPlan(reading: self.histories.count, &random))
            self.insert(.join(group: reader, member: 0), for: publishers, &random)
            guard random.percent(40) else { continue }
            self.insert(.pause(group: reader, member: 0), for: publishers, &random)
            if random.percent(60) { self.insert(.resume(group: reader, member: 0), for: publishers, &random) }
        }
    }

    /// Has one of the actors do something at some time.
    private mutating func insert(
        _ action: Operation.Action,
        for actors: [Operation.Actor],
        _ random: inout SplitMix64
    ) {
        let first = self.operations.firstIndex { $0.actor != .setup } ?? self.operations.count
        let place = first + random.below(self.operations.count - first + 1)
        self.operations.insert(Operation(actor: actors[random.below(actors.count)], action: action), at: place)
    }
}

extension GroupPlan {
    /// A reader of histories.
    fileprivate init(reading histories: Int, _ random: inout SplitMix64) {
        let isWildcard = random.percent(30)
        let pattern = isWildcard ? "log.*" : "log.\(random.below(histories))"
        let starts: [Start] = [.earliest, .earliest, .latest, .last]
        self.init(
            isShared: true,
            interface: random.percent(80) ? .deliveries(pattern: pattern) : .sequence(pattern: pattern),
            acknowledging: .onReturn,
            concurrency: random.percent(70) ? 1 : 1 + random.below(3),
            attempts: 1 + random.below(3),
            schedule: [.atOnce, .fixed(milliseconds: 1 + random.below(60)), .linear][random.below(3)],
            bound: random.percent(50) ? 1 + random.below(4) : 64,
            cascade: 1,
            overflow: .suspend(milliseconds: 30_000),
            ordering: [.key, .strict, .unordered][random.below(3)],
            temper: Temper(fails: random.percent(40) ? 20 : 0, isSlow: random.percent(70) ? 60 : 0)
        )
        self.start = starts[random.below(starts.count)]
        if !isWildcard, random.percent(25) { self.start = .offset(percent: random.below(101)) }
    }
}
