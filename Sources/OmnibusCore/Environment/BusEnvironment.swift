// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a broker and a bus take from the world around them: time, randomness, and where their tasks run.
///
/// Production passes ``live``; a test passes a clock that it moves and a seed, and has the same run twice.
public struct BusEnvironment: Sendable {
    /// The wall clock, the clock that never goes back, and timers.
    public var clock: any BusClock
    /// Where seeds and jitter come from.
    public var random: any BusRandom
    /// Where the tasks that run handlers are executed; nil is Swift's global executor.
    public var executor: (any TaskExecutor)?

    /// Creates an environment from a clock, a source of random numbers and an executor.
    public init(clock: any BusClock, random: any BusRandom, executor: (any TaskExecutor)? = nil) {
        self.clock = clock
        self.random = random
        self.executor = executor
    }

    /// Starts a task on the environment's executor, which inherits nothing from the caller.
    ///
    /// A task that has an executor preference, be it none, pays for it whenever it goes on: hence the two calls.
    @discardableResult
    package func detach<Success: Sendable>(
        _ body: @escaping @Sendable () async throws -> Success
    ) -> Task<Success, any Error> {
        guard let executor = self.executor else { return Task.detached { try await body() } }
        return Task.detached(executorPreference: executor) { try await body() }
    }

    /// Starts a task that cannot fail on the environment's executor, which inherits nothing from the caller.
    @discardableResult
    package func detach<Success: Sendable>(
        _ body: @escaping @Sendable () async -> Success
    ) -> Task<Success, Never> {
        guard let executor = self.executor else { return Task.detached { await body() } }
        return Task.detached(executorPreference: executor) { await body() }
    }

    /// Whether a task may begin on its maker's thread: there is no executor, and the system can.
    package var canDetachHere: Bool {
        guard self.executor == nil, #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) else {
            return false
        }
        return true
    }

    /// The machine's own clocks and random numbers.
    public static let live = BusEnvironment(clock: SystemClock(), random: SystemRandom())
}

/// A source of random numbers that may be used from any thread.
public protocol BusRandom: Sendable {
    /// Returns 64 random bits.
    func next() -> UInt64
}

extension BusRandom {
    /// Returns a number from 0 up to, but not including, 1.
    package func fraction() -> Double {
        Double(self.next() >> 11) * 0x1p-53
    }
}

/// The system's cryptographically secure random numbers.
public struct SystemRandom: BusRandom {
    /// Creates the source of random numbers that the system offers.
    public init() {}

    /// Returns 64 bits that nobody can predict.
    public func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
