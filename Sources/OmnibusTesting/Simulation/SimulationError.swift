// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Why a simulation ended before its body was done.
///
/// The description names the seed that brings it back.
public struct SimulationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of end it was.
    public enum Reason: Sendable, Hashable {
        /// Nothing could run, no timer was set, and the body was not done.
        case deadlock
        /// More steps than allowed: something runs in circles, or the limit is too low.
        case tooManySteps
        /// More virtual time than allowed: something waits for ever, again and again, or the limit is too low.
        case tooMuchTime
        /// Work came from another thread, so that the order of things does not follow from the seed.
        case escaped
    }

    /// What kind of end it was.
    public var reason: Reason
    /// The seed of the simulation.
    public var seed: UInt64
    /// How many steps it has run.
    public var steps: Int
    /// How much virtual time had passed.
    public var uptime: Duration

    /// What happened and what to look at.
    public var description: String {
        let place = "seed \(self.seed), after \(self.steps) steps and \(self.uptime) of virtual time"
        switch self.reason {
        case .deadlock:
            return """
                Deadlock (\(place)): nothing is ready to run and no timer is set, but the body is not done. Look for a \
                continuation that nobody resumes, or for work outside of the simulation, such as 'Task {}' without \
                the simulation's executor.
                """
        case .tooManySteps:
            return "Too many steps (\(place)): look for something that runs in circles, or raise the limit."
        case .tooMuchTime:
            return "Too much time (\(place)): look for a timer that is set again and again, or raise the limit."
        case .escaped:
            return """
                Work has escaped (\(place)): it came back from another thread, so that the seed does not decide the \
                order. Use task groups, 'async let' or 'Task(executorPreference: simulation.executor)', and sleep on \
                the simulation's clock.
                """
        }
    }
}
