// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension DeadLetterQueue: DeadLetterHandler {
    /// Decides about a message that failed outside of any subscription: another attempt, or a dead letter.
    ///
    /// ```swift
    /// switch try bus.deadLetters.handle(message, error: error, attempt: attempt) {
    /// case .retry(let delay): try await clock.sleep(for: delay)
    /// case .deadLettered(let letter): print("kept as \(letter.id)")
    /// case .ignored: break
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - error: what went wrong.
    ///   - attempt: which attempt has failed; the first is 1.
    ///   - pattern: who should get the message when it is redriven, with `group`; nil is its topic.
    ///   - group: the group that should get it when it is redriven; nil leaves redriving to the topic.
    ///   - policy: what decides; nil is the policy of the bus. With `.noRetry` the message is kept at once.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for an attempt below 1 or a policy that makes no
    ///   sense, or what ``Message/validate()`` throws. Nothing is kept then.
    public func handle(
        _ message: Message,
        error: any Error,
        attempt: Int = 1,
        pattern: TopicPattern? = nil,
        group: String? = nil,
        policy: FailurePolicy? = nil
    ) throws(OmnibusError) -> FailureOutcome {
        guard attempt >= 1 else {
            throw OmnibusError(
                .invalidSettings,
                "'attempt' is \(attempt); it says which attempt has failed, and the first one is 1."
            )
        }
        let environment = self.bus.environment
        let policy = policy ?? self.bus.currentSettings.failurePolicy
        try policy.validate()
        let decision = policy.decision(
            for: error,
            attempt: attempt,
            maximumRetries: message.headers.maxRetries,
            fraction: environment.random.fraction()
        )
        switch decision {
        case .retry(let delay):
            return .retry(after: delay)
        case .deadLetter(let reason):
            let failure = FailedAttempt(attempt: attempt, time: environment.clock.now, error: error)
            let letter = try self.keep(
                message,
                reason: reason,
                attempts: [failure],
                count: attempt,
                pattern: pattern,
                group: group
            )
            return letter.map { .deadLettered($0) } ?? .ignored
        }
    }

    /// Keeps a message for a reason that the caller knows.
    ///
    /// - Returns: the dead letter; nil where the message is the notice of one, of which no further one is made.
    /// - Throws: ``OmnibusError``, as ``Message/validate()`` does. Nothing is kept then.
    @discardableResult
    public func keep(
        _ message: Message,
        reason: DeadLetter.Reason,
        attempts: [FailedAttempt] = [],
        pattern: TopicPattern? = nil,
        group: String? = nil
    ) throws(OmnibusError) -> DeadLetter? {
        try self.keep(
            message,
            reason: reason,
            attempts: attempts,
            count: attempts.map(\.attempt).max() ?? 0,
            pattern: pattern,
            group: group
        )
    }

    private func keep(
        _ message: Message,
        reason: DeadLetter.Reason,
        attempts: [FailedAttempt],
        count: Int,
        pattern: TopicPattern?,
        group: String?
    ) throws(OmnibusError) -> DeadLetter? {
        guard !DeadLetter.isNotice(message) else { return nil }
        try message.validate()
        var message = message
        // A message that failed before it was accepted has no id yet, and redriving it needs one.
        if !message.hasID { message.id = self.host.makeID() }
        let letter = DeadLetter(
            id: self.host.makeID(),
            message: message,
            reason: reason,
            attempts: attempts,
            attemptCount: count,
            pattern: pattern,
            group: group,
            time: self.bus.environment.clock.now
        )
        self.host.keep(letter)
        return letter
    }

    // MARK: Redriving

    /// Redrives one dead letter; its attempts and its time to live begin anew.
    ///
    /// Of several calls for one letter at the same time one delivers it, and the others throw. A call that throws
    /// leaves the letter where it was. A queue that is full is waited for as long as its overflow policy says, though
    /// never inside a handler. `to: .topic` publishes the message to everybody, past the publish middleware, which it
    /// has passed before; the overflow policies of their queues apply.
    /// - Throws: ``OmnibusError`` with the code `unknownDeadLetter` where there is none, `unknownSubscription` where
    ///   nobody is there to get it, `overflow`, `partiallyAccepted`, `cancelled`, `unknownTopic` or `busClosed`.
    public func redrive(
        _ id: DeadLetter.ID,
        to destination: RedriveDestination = .group
    ) async throws(OmnibusError) {
        try await self.redrive(id, to: destination, mayWait: true)
    }

    /// Redrives several dead letters, one after the other; those that cannot be redriven are kept and reported.
    ///
    /// A queue that stays full is waited for once, and not for each letter. When the calling task is cancelled, the
    /// rest is reported as `cancelled`.
    public func redrive(
        _ ids: [DeadLetter.ID],
        to destination: RedriveDestination = .group
    ) async -> RedriveReport {
        var report = RedriveReport()
        var full: Set<String> = []
        for id in ids {
            let letter = self.letter(id)
            let queue = letter.map { destination == .topic ? $0.message.topic.name : "\($0.group ?? "") \($0.pattern)" }
            do throws(OmnibusError) {
                guard !Task.isCancelled else {
                    throw OmnibusError(
                        .cancelled,
                        "The task was cancelled before '\(id)' was redriven; the dead letter is kept."
                    )
                }
                try await self.redrive(id, to: destination, mayWait: queue.map { !full.contains($0) } ?? true)
                report.results.append(RedriveResult(id: id, letter: letter, error: nil))
            } catch {
                if error.code == .overflow, let queue { full.insert(queue) }
                report.results.append(RedriveResult(id: id, letter: letter, error: error))
            }
        }
        return report
    }

    /// Redrives the dead letters that a filter is true for when the call is made, the oldest first.
    ///
    /// Those that cannot be redriven are kept and reported; a message that fails again meanwhile becomes a new dead
    /// letter, which this call leaves alone.
    public func redrive(
        where filter: DeadLetterFilter,
        to destination: RedriveDestination = .group
    ) async -> RedriveReport {
        var ids: [DeadLetter.ID] = []
        self.host.deadLetters.forEach(where: filter) { ids.append($0.id) }
        return await self.redrive(ids, to: destination)
    }

    /// Redrives all dead letters of a pattern, and returns how many.
    ///
    /// - Throws: ``OmnibusError``, the first one there was, after all of them have been tried; ``redrive(where:to:)``
    ///   says which were redriven and which were not.
    @discardableResult
    public func redriveAll(
        of pattern: TopicPattern = "#",
        to destination: RedriveDestination = .group
    ) async throws(OmnibusError) -> Int {
        let report = await self.redrive(where: DeadLetterFilter(topics: pattern), to: destination)
        if let error = report.failures.first?.error { throw error }
        return report.redrivenCount
    }

    private func redrive(
        _ id: DeadLetter.ID,
        to destination: RedriveDestination,
        mayWait: Bool
    ) async throws(OmnibusError) {
        let scope = DeliveryScope.active
        try self.bus.checkOpen(scope)
        // Two handlers that wait for each other's queues would wait for ever.
        try await self.host.redrive(id, to: destination, mayWait: mayWait && scope == nil)
    }
}
