// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Whose queues give up on messages: the in-memory broker, or a bus that does for a provider what that cannot do.
///
/// What a host has of its own is how to find a queue and how to publish; everything else about dead letters is here.
package protocol DeadLetterHost: AnyObject, Sendable {
    /// The letters.
    var deadLetters: DeadLetterStore { get }
    /// Where notices of dead letters are published.
    var deadLetterTopic: DeadLetterTopic { get }
    var environment: BusEnvironment { get }
    /// Where it is said that a letter had to make room.
    var signals: SignalHub { get }

    func makeID() -> MessageID

    /// Finds the queue that gave up, or the one of the same group and pattern that was made where it had ended.
    func lane(for letter: DeadLetter) -> Lane?

    /// Publishes the notice of a dead letter; nobody waits for it, and a full queue drops it.
    func publish(notice: Message)

    /// Publishes a message again that was accepted before, past middleware, its causes staying what they are.
    ///
    /// - Parameter mayWait: whether the call waits for room in full queues as long as they allow.
    func publish(again message: Message, mayWait: Bool) async throws(OmnibusError) -> PublishReceipt
}

extension DeadLetterHost {
    // MARK: Keeping

    /// Keeps a message that a queue has given up on, and tells those who listen to dead letters.
    package func keep(_ entry: HeldEntry, reason: DeadLetter.Reason, from lane: Lane) {
        // No dead letters of dead letters: the queue has counted the failure, and that is all.
        guard !DeadLetter.isNotice(entry.message) else { return }
        self.keep(
            DeadLetter(
                id: self.makeID(),
                message: entry.message,
                reason: reason,
                attempts: entry.failures,
                attemptCount: entry.attempts,
                pattern: lane.pattern,
                group: lane.group,
                time: self.environment.clock.now,
                lane: lane.id
            )
        )
    }

    /// Keeps a dead letter, and tells those who listen to dead letters.
    package func keep(_ letter: DeadLetter) {
        for evicted in self.deadLetters.add(letter) { self.signalEviction(of: evicted) }
        self.publish(notice: letter.notice(on: self.deadLetterTopic.topic(for: letter.message.topic)))
        self.signals.send {
            BusSignal(
                .deadLettered,
                queue: QueueIdentity(pattern: letter.pattern, group: letter.group, callSite: nil),
                topic: letter.message.topic,
                messageID: letter.message.id,
                message: """
                    A message on '\(letter.message.topic)' was given up on, attempts: \(letter.attemptCount), reason: \
                    \(letter.reason.name). Look at the dead letter '\(letter.id)', and redrive it when the cause is mended.
                    """
            )
        }
    }

    private func signalEviction(of letter: DeadLetter) {
        self.signals.send {
            BusSignal(
                .evicted,
                queue: QueueIdentity(pattern: letter.pattern, group: letter.group, callSite: nil),
                topic: letter.message.topic,
                messageID: letter.message.id,
                message: """
                    The dead letter '\(letter.id)' of '\(letter.message.topic)' had to make room and is lost: there \
                    are more than \(self.deadLetters.limit), or than \(self.deadLetters.byteLimit) bytes of them. \
                    Redrive or clear them, or raise the limits of the broker.
                    """
            )
        }
    }

    // MARK: Redriving

    /// Puts a dead letter into the queue where it failed, or publishes it again, its attempts being counted anew.
    ///
    /// The letter is out of the store meanwhile, so that no two calls redrive it; it is back there when this throws.
    ///
    /// - Parameter mayWait: whether the call waits for room in a full queue as long as that allows.
    package func redrive(
        _ id: MessageID,
        to destination: RedriveDestination,
        mayWait: Bool
    ) async throws(OmnibusError) {
        guard let kept = self.deadLetters.take(id) else {
            throw OmnibusError(
                .unknownDeadLetter,
                """
                There is no dead letter '\(id)': it was redriven or cleared before, had to make room for others, or is \
                being redriven now.
                """
            )
        }
        do throws(OmnibusError) {
            switch destination {
            case .group: try await self.redriveToGroup(kept.letter, mayWait: mayWait)
            case .topic: try await self.redriveToTopic(kept.letter, mayWait: mayWait)
            }
        } catch {
            self.deadLetters.putBack(kept)
            throw error
        }
    }

    private func redriveToGroup(_ letter: DeadLetter, mayWait: Bool) async throws(OmnibusError) {
        guard let lane = self.lane(for: letter) else { throw self.nobody(for: letter) }
        var message = letter.message
        // Its time to live begins anew, or an expired message would expire again at once.
        message.acceptedAt = self.environment.clock.now
        // A delivery that was handed in by hand says how often it was tried; it is tried anew.
        if message.headers.retryCount > 0 { message.countRetries(0) }
        switch await lane.offerAgain(message, mayWait: mayWait) {
        case .accepted: return
        case .noRoom: throw self.noRoom(in: lane)
        case .closed: throw self.nobody(for: letter)
        case .cancelled:
            throw OmnibusError(
                .cancelled,
                "The task was cancelled while a redrive waited for room in \(lane.name); the dead letter is kept."
            )
        }
    }

    private func redriveToTopic(_ letter: DeadLetter, mayWait: Bool) async throws(OmnibusError) {
        let receipt = try await self.publish(again: letter.message, mayWait: mayWait)
        guard receipt.matched == 0 else { return }
        throw OmnibusError(
            .unknownSubscription,
            """
            Nobody is subscribed to '\(letter.message.topic)', so that the dead letter is kept; \
            subscribe first, then redrive.
            """
        )
    }

    private func nobody(for letter: DeadLetter) -> OmnibusError {
        OmnibusError(
            .unknownSubscription,
            """
            The group that gave up on '\(letter.message.topic)' is gone ('\(letter.pattern)'); \
            subscribe again with the same group and pattern, or redrive to the topic.
            """
        )
    }

    private func noRoom(in lane: Lane) -> OmnibusError {
        let bounds = lane.settings.bounds
        return OmnibusError(
            .overflow,
            """
            The queue of \(lane.name) is full (\(bounds.count) messages, \(bounds.bytes) bytes, \(bounds.parkedPerKey) \
            behind one key), so that the dead letter is kept; redrive it when more was handled, or raise 'bounds'.
            """,
            advice: .retry(after: nil)
        )
    }
}
