// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting

/// What a handler does with one attempt at one message: it follows from the seed, the message, the group and the
/// attempt alone, so that it stays the same when other operations are left out.
struct Behaviour: Sendable {
    var milliseconds = 0
    var yields = 0
    var ignoresCancellation = false
    var publishes = 0
    var outcome = Outcome.succeeds

    enum Outcome: Sendable {
        case succeeds
        case throwsError
        case rejects
        case nacks(milliseconds: Int?)
        /// For handlers that settle by hand: it asks for more time first.
        case extends
        /// For handlers that settle by hand: it returns, and settles later.
        case settlesLater(milliseconds: Int)
        /// For handlers that settle by hand within a deadline: it never does.
        case forgets
    }

    init(seed: UInt64, name: String, isChild: Bool, group: Int, attempt: Int, plan: GroupPlan) {
        var hash = seed ^ 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash = (hash ^ UInt64(group)) &* 0x0000_0100_0000_01B3
        hash = (hash ^ UInt64(attempt)) &* 0x0000_0100_0000_01B3
        var random = SplitMix64(seed: hash)
        if random.percent(plan.temper.isSlow) { self.milliseconds = random.milliseconds(below: 120) }
        if random.percent(30) { self.yields = 1 + random.below(3) }
        self.ignoresCancellation = random.percent(plan.temper.ignoresCancellation)
        if !isChild, random.percent(plan.temper.publishes) { self.publishes = 1 + random.below(3) }
        let fails = random.percent(plan.temper.fails)
        switch plan.acknowledging {
        case .onReceipt:
            if fails { self.outcome = .throwsError }
        case .onReturn:
            if case .sequence = plan.interface { return }
            if fails { self.outcome = .throwsError }
        case .manual(let deadline):
            self.outcome = Self.manual(fails: fails, deadline: deadline, plan, &random)
        }
    }

    private static func manual(
        fails: Bool,
        deadline: Int?,
        _ plan: GroupPlan,
        _ random: inout SplitMix64
    ) -> Outcome {
        switch random.below(fails ? 4 : 8) {
        case 0: return .rejects
        case 1: return .nacks(milliseconds: random.percent(50) ? 1 + random.below(100) : nil)
        case 2:
            if case .sequence = plan.interface { return .nacks(milliseconds: 10) }
            return .throwsError
        case 3: return deadline == nil ? .nacks(milliseconds: 0) : .forgets
        case 4: return .extends
        case 5: return .settlesLater(milliseconds: random.below(150))
        default: return .succeeds
        }
    }
}
