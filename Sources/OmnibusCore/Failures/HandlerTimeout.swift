// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// The details of the error of an attempt whose handler has run out of time; its code is `timeout`.
public struct HandlerTimeout: Sendable, Hashable {
    /// How long the handler was allowed to take.
    public var limit: Duration
    /// When its time was over, which is when the attempt failed; the handler may have returned later.
    public var time: Timestamp

    /// Creates the details of such an error.
    public init(limit: Duration, time: Timestamp) {
        self.limit = limit
        self.time = time
    }

    /// When an attempt failed that ended with an error now.
    package static func timeOfFailure(_ error: any Error, now: @autoclosure () -> Timestamp) -> Timestamp {
        guard let error = error as? OmnibusError, let timeout = error.details as? HandlerTimeout else { return now() }
        return timeout.time
    }
}
