// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting

extension Workload {
    static let topics = ["sim.a", "sim.b", "sim.a.deep", "job.x", "job.y.z"]
    static let patterns = ["sim.*", "#", "sim.#", "job.*", "*.x", "job.#", "sim.a", "sim.b", "#.deep"]

    /// Makes the workload of a seed.
    init(seed: UInt64) {
        var random = SplitMix64(seed: seed ^ 0x00C0_FFEE)
        var groups = (0..<(1 + random.below(5))).map { _ in GroupPlan(&random) }
        // Dead letters of subscriptions without a group are told apart by their patterns.
        var patterns: Set<String> = []
        for index in groups.indices where !groups[index].isShared {
            groups[index].isShared = !patterns.insert(groups[index].pattern).inserted
        }
        self.init(seed: seed, groups: groups, operations: [], end: Ending(&random))
        var members = groups.map { _ in 0 }
        for group in groups.indices {
            for _ in 0..<(groups[group].isShared ? 1 + random.below(2) : 1) {
                self.operations.append(
                    Operation(actor: .setup, action: .join(group: group, member: members[group]))
                )
                members[group] += 1
            }
        }
        let publishers = 1 + random.below(4)
        for publisher in 0..<publishers { self.addPublisher(publisher, &random) }
        self.addControl(members, publishers: publishers, &random)
        self.addFeatures()
    }

    private mutating func addPublisher(_ publisher: Int, _ random: inout SplitMix64) {
        let isHurried = random.percent(60)
        for number in 0..<(2 + random.below(random.percent(20) ? 60 : 20)) {
            if !isHurried, random.percent(40) {
                self.add(.publisher(publisher), .sleep(milliseconds: random.milliseconds(below: 200)))
            }
            if random.percent(4) {
                self.add(.publisher(publisher), .request(number: number))
            }
            let plan = PublishPlan(number, &random)
            self.add(.publisher(publisher), .publish(plan))
        }
    }

    private mutating func addControl(_ members: [Int], publishers: Int, _ random: inout SplitMix64) {
        var members = members
        for _ in 0..<random.below(16) {
            self.add(.control, .sleep(milliseconds: random.milliseconds(below: 150)))
            let group = random.below(self.groups.count)
            let member = random.below(max(1, members[group]))
            switch random.below(12) {
            case 0, 1:
                guard self.groups[group].isShared else { continue }
                self.add(.control, .join(group: group, member: members[group]))
                members[group] += 1
            case 2, 3:
                self.add(.control, .leave(group: group, member: member))
            case 4, 5, 6:
                self.add(.control, .pause(group: group, member: member))
                self.add(.control, .sleep(milliseconds: random.milliseconds(below: 300)))
                if random.percent(70) { self.add(.control, .resume(group: group, member: member)) }
            case 7, 8:
                self.add(.control, .redrive)
            case 9:
                let jump = (1 + random.below(5_000)) * (random.percent(50) ? 1 : -1)
                self.add(.control, .jumpWallClock(milliseconds: jump))
            default:
                self.add(.control, .cancelPublisher(random.below(publishers)))
            }
        }
    }

    private mutating func add(_ actor: Operation.Actor, _ action: Operation.Action) {
        self.operations.append(Operation(actor: actor, action: action))
    }
}

extension PublishPlan {
    fileprivate init(_ number: Int, _ random: inout SplitMix64) {
        let topic = random.percent(70) ? random.below(2) : random.below(Workload.topics.count)
        self.init(number: number, topic: topic, way: .message)
        if random.percent(50) { self.key = random.below(3) }
        switch random.below(topic < 2 ? 8 : 2) {
        case 0, 1:
            if random.percent(30) { self.priority = Priority.allCases[random.below(4)] }
            if random.percent(20) { self.timeToLive = 1 + random.below(400) }
        case 2: self.way = .eventNow
        case 3, 4: self.way = .publisher
        default: self.way = .event
        }
    }
}

extension GroupPlan {
    fileprivate init(_ random: inout SplitMix64) {
        let isShared = random.percent(60)
        let interface: Interface
        switch random.below(10) {
        case 0, 1, 2: interface = .alphas
        case 3, 4: interface = .betas
        case 5, 6, 7, 8: interface = .deliveries(pattern: Workload.patterns[random.below(Workload.patterns.count)])
        default: interface = .sequence(pattern: Workload.patterns[random.below(Workload.patterns.count)])
        }
        var acknowledging = Acknowledging.onReturn
        switch interface {
        case .alphas:
            break
        case .betas, .deliveries:
            if random.percent(12) { acknowledging = .onReceipt }
            if random.percent(35) {
                acknowledging = .manual(deadline: random.percent(60) ? 20 + random.below(200) : nil)
            }
        case .sequence:
            if random.percent(30) {
                acknowledging = .manual(deadline: random.percent(50) ? 50 + random.below(200) : nil)
            }
        }
        let overflow: Overflow
        switch random.below(8) {
        case 0: overflow = .reject
        case 1: overflow = .dropOldest
        case 2: overflow = .dropNewest
        case 3: overflow = .suspend(milliseconds: 1 + random.below(300))
        default: overflow = .suspend(milliseconds: 30_000)
        }
        let schedules: [Schedule] = [
            .atOnce, .fixed(milliseconds: 1 + random.below(100)), .exponential, .linear,
        ]
        self.init(
            isShared: isShared,
            interface: interface,
            acknowledging: acknowledging,
            concurrency: random.percent(50) ? 1 : 1 + random.below(4),
            attempts: 1 + random.below(4),
            schedule: schedules[random.below(schedules.count)],
            bound: random.percent(50) ? 1 + random.below(4) : 64,
            cascade: random.below(4),
            overflow: overflow,
            ordering: [.key, .key, .strict, .unordered][random.below(4)],
            temper: Temper(
                fails: random.percent(60) ? random.below(50) : 0,
                isSlow: random.percent(60) ? random.below(80) : 0,
                ignoresCancellation: random.percent(20) ? 50 : 0,
                publishes: random.percent(30) ? random.below(30) : 0
            )
        )
    }
}

extension Ending {
    fileprivate init(_ random: inout SplitMix64) {
        if random.percent(70) {
            self = .settle
        } else {
            self = .shutdown(after: random.below(400), deadline: random.percent(40) ? 0 : random.below(500))
        }
    }
}

extension SplitMix64 {
    /// Returns a time, rounded more often than not: things that happen at the same time are what races are made of.
    mutating func milliseconds(below bound: Int) -> Int {
        let milliseconds = self.below(bound)
        return self.percent(60) ? milliseconds / 20 * 20 : milliseconds
    }
}
