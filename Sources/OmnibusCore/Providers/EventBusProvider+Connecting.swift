// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBusProvider {
    /// Connects to the back end, and tries again while that fails and may yet succeed.
    ///
    /// Only an error whose advice is to retry is followed by another attempt, not before the time that it names: a
    /// wrong password does not get better. The waiting runs on the environment's clock.
    ///
    /// - Parameter policy: how often to try in all, and how long to wait in between.
    /// - Throws: ``OmnibusError``: the last attempt's error, with its code and as the cause, when the attempts are used
    ///   up or it is not worth another one; `invalidSettings` for a policy out of range; `cancelled`, promptly, when
    ///   the calling task is cancelled.
    public func connect(
        retrying policy: FailurePolicy,
        environment: BusEnvironment = .live
    ) async throws(OmnibusError) {
        try policy.validate()
        var attempt = 1
        while true {
            do throws(OmnibusError) {
                return try await self.connect()
            } catch {
                guard error.code != .cancelled, case .retry(let earliest) = error.advice else {
                    throw self.notConnected(error, attempt)
                }
                let decision = policy.decision(for: error, attempt: attempt, fraction: environment.random.fraction())
                guard case .retry(let delay) = decision else { throw self.notConnected(error, attempt) }
                try await environment.clock.sleep(for: max(delay, earliest ?? .zero))
            }
            attempt += 1
        }
    }

    private func notConnected(_ error: OmnibusError, _ attempts: Int) -> OmnibusError {
        guard error.code != .cancelled else { return error }
        let times = attempts == 1 ? "once" : "\(attempts) times"
        return OmnibusError(
            error.code,
            "The provider '\(self.capabilities.provider)' could not be connected; tried \(times). See the cause.",
            advice: error.advice,
            cause: error,
            details: error.details
        )
    }
}
