// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Decides which of the jobs that are ready runs next.
///
/// A plain value: it knows how many jobs there are and nothing about them, so that its choices follow from the seed.
struct SimulationScheduler: Sendable {
    /// What a seed's choices look like; different mistakes show under different ones.
    enum Habit: Sendable, CaseIterable {
        /// Any job, each as likely as the others.
        case any
        /// The job that has waited longest, and now and then any other.
        case mostlyOldest
        /// The job that came last, and now and then any other: those that came early starve.
        case mostlyNewest
        /// Any job but a few, which wait for many steps before they may run.
        case stalling
    }

    let habit: Habit
    private var random: SplitMix64
    /// Jobs at the start of the list that may not run yet, and for how many steps.
    private var stalled = 0
    private var stallEnd = 0
    private var step = 0

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        self.habit = Habit.allCases[random.below(Habit.allCases.count)]
        self.random = random
    }

    /// Returns the index of the job that runs next, of so many; the list is ordered by when jobs became ready.
    mutating func choose(from count: Int) -> Int {
        self.step += 1
        guard count > 1 else { return 0 }
        switch self.habit {
        case .any:
            return self.random.below(count)
        case .mostlyOldest:
            return self.random.below(8) == 0 ? self.random.below(count) : 0
        case .mostlyNewest:
            return self.random.below(8) == 0 ? self.random.below(count) : count - 1
        case .stalling:
            return self.chooseStalling(from: count)
        }
    }

    private mutating func chooseStalling(from count: Int) -> Int {
        if self.step >= self.stallEnd {
            self.stalled = self.random.below(2) == 0 ? 0 : 1 + self.random.below(2)
            self.stallEnd = self.step + 1 + self.random.below(60)
        }
        let first = min(self.stalled, count - 1)
        return first + self.random.below(count - first)
    }
}

/// SplitMix64 as a plain value: what one owner alone draws from.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        self.state = seed
    }

    package mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(self.state)
    }

    /// Returns a number from 0 up to, but not including, a bound, which is at least 1.
    package mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: self.next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// True so many times in a hundred.
    package mutating func percent(_ chance: Int) -> Bool {
        self.below(100) < chance
    }

    static func mix(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
