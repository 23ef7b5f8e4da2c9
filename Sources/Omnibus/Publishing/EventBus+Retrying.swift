// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus: EventPublisher {
    /// Publishes a message, and tries again while that fails and may yet succeed.
    ///
    /// ```swift
    /// try await bus.publish(message, retrying: .publishing)      // three more attempts, after 1, 2 and 4 seconds at most
    /// ```
    ///
    /// Only an error whose advice is to retry is followed by another attempt, not before the time that it names: a full
    /// queue, or a back end that cannot be reached. What middleware refuses stays refused, unless its error says otherwise
    /// (``RetryAdvising``). Where some queues have the message and others are full, the others alone are tried again. All
    /// attempts have the same id, so that a deduplication window notices a repetition whose receipt was lost. The waiting
    /// runs on the bus's clock.
    ///
    /// - Parameter policy: how often to try in all, and how long to wait in between.
    /// - Throws: ``OmnibusError``: the last attempt's error, with its code and as the cause, when the attempts are used up
    ///   or it is not worth another one, `partiallyAccepted` wherever some queues have the message by then;
    ///   `invalidSettings` for a policy out of range; `cancelled`, promptly, when the calling task is cancelled. Whatever
    ///   publish middleware throws.
    @discardableResult
    public func publish(_ message: Message, retrying policy: FailurePolicy) async throws -> PublishReceipt {
        try policy.validate()
        var message = message
        if !message.hasID { message.id = self.makeID() }
        var attempt = 1
        var partial: (error: OmnibusError, acceptance: PartialAcceptance)?
        while true {
            do {
                if let partial { return try await partial.acceptance.resume() }
                return try await self.publish(message)
            } catch {
                if let error = error as? OmnibusError, let acceptance = error.details as? PartialAcceptance {
                    partial = (error, acceptance)
                }
                // Who has the message, and how to go on, must not get lost behind what came in between.
                let failure: any Error = partial?.error ?? error
                guard let delay = self.delay(after: error, attempt, policy) else {
                    throw Self.notPublished(failure, attempt, message.topic)
                }
                do throws(OmnibusError) {
                    try await self.environment.clock.sleep(for: delay)
                } catch {
                    throw partial?.error ?? error
                }
            }
            attempt += 1
            self.publisherCounts.retry()
        }
    }

    /// Publishes an event, and tries again while that fails and may yet succeed.
    ///
    /// - Throws: as for messages.
    @discardableResult
    public func publish<E: Event>(_ event: E, retrying policy: FailurePolicy) async throws -> PublishReceipt {
        try await self.publish(self.message(of: event), retrying: policy)
    }

    /// How long to wait for the next attempt; nil where there is none.
    private func delay(after error: any Error, _ attempt: Int, _ policy: FailurePolicy) -> Duration? {
        let advice = (error as? OmnibusError)?.advice ?? (error as? any RetryAdvising)?.retryAdvice
        guard case .retry(let earliest) = advice else { return nil }
        let fraction = self.environment.random.fraction()
        guard case .retry(let delay) = policy.decision(for: error, attempt: attempt, fraction: fraction) else {
            return nil
        }
        return max(delay, earliest ?? .zero)
    }

    private static func notPublished(_ error: any Error, _ attempts: Int, _ topic: Topic) -> any Error {
        guard attempts > 1, let error = error as? OmnibusError, error.code != .cancelled else { return error }
        return OmnibusError(
            error.code,
            "The message for '\(topic)' could not be published; tried \(attempts) times. See the cause.",
            advice: error.advice,
            cause: error,
            details: error.details
        )
    }
}
