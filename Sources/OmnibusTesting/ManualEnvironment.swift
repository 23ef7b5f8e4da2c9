// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

/// What a bus takes from the outside, in a test's hands: a clock that stands still and random numbers from a seed.
///
/// ```swift
/// let manual = ManualEnvironment(seed: 7)
/// let bus = manual.makeBus()
/// …
/// manual.clock.advance(by: .seconds(30))
/// ```
public struct ManualEnvironment: Sendable {
    /// The clock, which the test advances.
    public let clock: ManualClock
    /// The random numbers, which follow from the seed.
    public let random: SeededRandom

    /// Creates an environment.
    ///
    /// - Parameters:
    ///   - seed: what the random numbers follow from; one of the machine's choosing where it is left out.
    ///   - start: what the wall clock shows at first.
    public init(seed: UInt64? = nil, start: Timestamp? = nil) {
        self.clock = start.map { ManualClock(start: $0) } ?? ManualClock()
        self.random = seed.map { SeededRandom(seed: $0) } ?? SeededRandom()
    }

    /// The environment as buses and brokers take it.
    public var environment: BusEnvironment {
        BusEnvironment(clock: self.clock, random: self.random)
    }

    /// Makes a bus over an in-memory broker of its own, both in this environment.
    public func makeBus(settings: BusSettings = BusSettings()) -> EventBus {
        EventBus(environment: self.environment, settings: settings)
    }
}

extension ManualEnvironment: CustomStringConvertible {
    /// The seed that brings a failure back.
    public var description: String { "ManualEnvironment(seed: \(self.random.seed))" }
}

extension BusEnvironment {
    /// An environment in a test's hands, to be made first and handed to the bus as `manual.environment`.
    ///
    /// - Parameter seed: what the random numbers follow from.
    public static func manual(seed: UInt64? = nil) -> ManualEnvironment {
        ManualEnvironment(seed: seed)
    }
}
