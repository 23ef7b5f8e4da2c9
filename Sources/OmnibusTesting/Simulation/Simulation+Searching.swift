// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension Simulation {
    /// A seed for which simulated code has failed, and what led to it.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// The seed that brings the failure back.
        public var seed: UInt64
        /// What was thrown.
        public var error: any Error
        /// What had happened until then.
        public var trace: SimulationTrace

        /// The seed, the error and the trace.
        public var description: String {
            "seed \(self.seed) failed with \(self.error):\n\(self.trace)"
        }
    }

    /// Runs a scenario under one seed after the other, and returns the first failure; nil when no seed fails.
    ///
    /// ```swift
    /// let failure = Simulation.firstFailure(in: 1...1_000) { simulation in
    ///     let order = try simulation.run { try await placeOrder(in: simulation) }
    ///     guard order.isConsistent else { throw Inconsistent() }
    /// }
    /// if let failure { print(failure) }
    /// ```
    ///
    /// - Parameters:
    ///   - seeds: which seeds to run, in order.
    ///   - limits: how far each run may go.
    ///   - scenario: runs what is tested in a new simulation, and throws when the outcome is wrong.
    public static func firstFailure(
        in seeds: some Sequence<UInt64>,
        limits: Limits = Limits(),
        _ scenario: (Simulation) throws -> Void
    ) -> Failure? {
        for seed in seeds {
            let simulation = Simulation(seed: seed, limits: limits)
            do {
                try scenario(simulation)
            } catch {
                return Failure(seed: seed, error: error, trace: simulation.trace)
            }
        }
        return nil
    }
}
