// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How often something of the program's has happened: a number that never goes down.
///
/// Keep it where it is used often: incrementing takes a few nanoseconds, finding it by name a few hundred.
public final class MetricCounter: Sendable {
    private let count = Atomic<UInt64>(0)

    init() {}

    /// Counts one more time, or so many more.
    public func increment(by amount: UInt64 = 1) {
        self.count.wrappingAdd(amount, ordering: .relaxed)
    }

    /// How often it has happened.
    public var value: UInt64 { self.count.load(ordering: .relaxed) }
}

/// How much there is of something of the program's: a number that goes up and down.
///
/// Keep it where it is used often: setting takes a few nanoseconds, finding it by name a few hundred.
public final class MetricGauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    init() {}

    /// Sets the value.
    public func set(_ value: Double) {
        self.bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Adds to the value; a negative amount takes away.
    public func add(_ amount: Double) {
        var old = self.bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let result = self.bits.compareExchange(expected: old, desired: new, ordering: .relaxed)
            if result.exchanged { return }
            old = result.original
        }
    }

    /// The value now; 0 where none was set.
    public var value: Double { Double(bitPattern: self.bits.load(ordering: .relaxed)) }
}
