// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

/// A numbered event; most tests need nothing else.
struct Step: Event, Equatable {
    static let topic: Topic = "job.step"
    var number: Int
}

/// An event that a handler of ``Step`` publishes.
struct StepDone: Event, Equatable {
    static let topic: Topic = "job.done"
    var number: Int
}

/// An event that overtakes a backlog of steps.
struct Alarm: Event, Equatable {
    static let topic: Topic = "job.step"
    static let priority: Priority = .critical
    var number: Int
}

/// What handlers throw in tests.
struct Broken: Error, CustomStringConvertible {
    var description = "it is broken"
}

/// Expects an error of the bus with a code, and returns it.
@discardableResult
func expectError(
    _ code: OmnibusError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async -> OmnibusError? {
    do {
        try await body()
        Issue.record("Nothing was thrown, but '\(code)' was expected.", sourceLocation: sourceLocation)
    } catch let error as OmnibusError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record(error, "An error of the bus with the code '\(code)' was expected.", sourceLocation: sourceLocation)
    }
    return nil
}

extension FailurePolicy {
    /// Three attempts, one second apart.
    static let threeTimes = FailurePolicy.retry(.fixed([], then: .seconds(1)), attempts: 3)
}
