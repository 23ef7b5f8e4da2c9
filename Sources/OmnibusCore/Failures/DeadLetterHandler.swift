// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something that keeps the messages that were given up on: it lists, redrives, clears and analyses them.
///
/// ``EventBus/deadLetters`` is one. Calls may be made from any task; letters may come, go and be evicted between any
/// two of them, and every call is right about the moment at which it looks.
public protocol DeadLetterHandler: Sendable {
    /// Decides about a message that failed outside of any subscription: another attempt, or a dead letter.
    ///
    /// - Parameters:
    ///   - error: what went wrong.
    ///   - attempt: which attempt has failed; the first is 1.
    ///   - pattern: who should get the message when it is redriven, with `group`; nil is its topic.
    ///   - group: the group that should get it when it is redriven.
    ///   - policy: what decides; nil is the policy of the bus. With `.noRetry` the message is kept at once.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for an attempt below 1 or a policy that makes no
    ///   sense, or what ``Message/validate()`` throws.
    func handle(
        _ message: Message,
        error: any Error,
        attempt: Int,
        pattern: TopicPattern?,
        group: String?,
        policy: FailurePolicy?
    ) async throws(OmnibusError) -> FailureOutcome

    /// Keeps a message for a reason that the caller knows.
    ///
    /// - Returns: the dead letter; nil where the message is the notice of one, of which no further one is made.
    /// - Throws: ``OmnibusError``, as ``Message/validate()`` does.
    @discardableResult
    func keep(
        _ message: Message,
        reason: DeadLetter.Reason,
        attempts: [FailedAttempt],
        pattern: TopicPattern?,
        group: String?
    ) async throws(OmnibusError) -> DeadLetter?

    /// Returns one dead letter; nil where it was redriven, cleared or evicted.
    func letter(_ id: DeadLetter.ID) async throws(OmnibusError) -> DeadLetter?

    /// Returns a page of the dead letters that a filter is true for, the oldest first.
    ///
    /// - Parameters:
    ///   - cursor: the `next` of the page before; nil begins with the oldest letter.
    ///   - limit: how many letters at most.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for a limit below 1 or a cursor that is none.
    func page(
        where filter: DeadLetterFilter,
        after cursor: DeadLetterPage.Cursor?,
        limit: Int
    ) async throws(OmnibusError) -> DeadLetterPage

    /// Counts the dead letters that a filter is true for.
    func count(where filter: DeadLetterFilter) async throws(OmnibusError) -> Int

    /// Redrives one dead letter; its attempts and its time to live begin anew.
    ///
    /// Of several calls for one letter at the same time one delivers it, and the others throw. A call that throws
    /// leaves the letter where it was.
    /// - Throws: ``OmnibusError`` with the code `unknownDeadLetter` where there is none, `unknownSubscription` where
    ///   nobody is there to get it, `overflow` where a queue has no room in time, or what publishing throws.
    func redrive(_ id: DeadLetter.ID, to destination: RedriveDestination) async throws(OmnibusError)

    /// Redrives several dead letters, one after the other; those that cannot be redriven are kept and reported.
    ///
    /// When the calling task is cancelled, the rest is reported as `cancelled`.
    func redrive(_ ids: [DeadLetter.ID], to destination: RedriveDestination) async -> RedriveReport

    /// Redrives the dead letters that a filter is true for when the call is made, the oldest first.
    func redrive(
        where filter: DeadLetterFilter,
        to destination: RedriveDestination
    ) async throws(OmnibusError) -> RedriveReport

    /// Forgets the dead letters that a filter is true for and that are at least so old; returns how many.
    ///
    /// - Parameter age: zero, less than zero or nil forgets them whatever their age.
    @discardableResult
    func clear(where filter: DeadLetterFilter, olderThan age: Duration?) async throws(OmnibusError) -> Int

    /// Counts the dead letters that a filter is true for by error, topic, group, reason and time.
    ///
    /// - Parameters:
    ///   - age: how far back to look; nil is as far as there are letters.
    ///   - interval: how long the stretches of time are that letters are counted by.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for an interval that is not above zero.
    func analyze(
        where filter: DeadLetterFilter,
        within age: Duration?,
        every interval: Duration
    ) async throws(OmnibusError) -> FailureAnalysis
}

extension DeadLetterHandler {
    /// Redrives several dead letters, one after the other; those that cannot be redriven are kept and reported.
    public func redrive(_ ids: [DeadLetter.ID], to destination: RedriveDestination) async -> RedriveReport {
        var report = RedriveReport()
        for id in ids {
            let letter = try? await self.letter(id)
            do throws(OmnibusError) {
                guard !Task.isCancelled else {
                    throw OmnibusError(.cancelled, "The task was cancelled before '\(id)' was redriven.")
                }
                try await self.redrive(id, to: destination)
                report.results.append(RedriveResult(id: id, letter: letter, error: nil))
            } catch {
                report.results.append(RedriveResult(id: id, letter: letter, error: error))
            }
        }
        return report
    }

    /// Redrives the dead letters that a filter is true for when the call is made, the oldest first.
    public func redrive(
        where filter: DeadLetterFilter,
        to destination: RedriveDestination
    ) async throws(OmnibusError) -> RedriveReport {
        // All ids come first: a message that fails again becomes a new letter, which is not redriven again without end.
        var ids: [DeadLetter.ID] = []
        var cursor: DeadLetterPage.Cursor?
        repeat {
            let page = try await self.page(where: filter, after: cursor, limit: 1_000)
            ids += page.letters.map(\.id)
            cursor = page.next
        } while cursor != nil
        return await self.redrive(ids, to: destination)
    }
}
