// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore {
    /// Keeps a message that a queue has given up on, and tells those who listen to dead letters.
    func keep(_ entry: HeldEntry, reason: DeadLetter.Reason, from lane: Lane) {
        let message = entry.message
        // No dead letters of dead letters: the queue has counted the failure, and that is all.
        guard !message.topic.isSystem else { return }
        let now = self.environment.clock.now
        var notice = message
        notice.topic = Topic(unchecked: "omnibus.dead.\(message.topic.name)")
        notice.id = self.makeID()
        notice.acceptedAt = now
        notice.causationID = message.id
        notice.correlationID = message.correlationID
        notice.timeToLive = nil
        notice.replyTo = nil
        notice.type = message.type
        let letter = DeadLetter(
            id: notice.id,
            message: message,
            reason: reason,
            attempts: entry.failures,
            pattern: lane.pattern,
            group: lane.group,
            time: now,
            lane: lane.id
        )
        notice.headers = letter.headers(adding: message.headers)
        self.deadLetters.add(letter)
        // Nobody waits for this publish: a full queue of dead letters drops the notice, and the store has the letter.
        _ = try? self.offer(notice, origin: 0, cause: nil, allowsSystem: true, mode: .handler)
    }

    package func makeID() -> MessageID {
        let milliseconds = self.environment.clock.coarseWallNanoseconds() / 1_000_000
        return self.stripe.takeUnretainedValue().state.withLock { $0.ids.next(milliseconds: milliseconds) }
    }

    /// Puts a dead letter into the queue where it failed, with its attempts counted anew.
    package func redrive(_ id: MessageID) throws(OmnibusError) {
        guard let letter = self.deadLetters.take(id) else {
            throw OmnibusError(
                .unknownSubscription,
                "There is no dead letter '\(id)': it was redriven or cleared before, or had to make room for others."
            )
        }
        let lane = self.table.withLock { table in
            table.lanes.values.first { $0.id == letter.lane } ?? table.lane(for: letter)
        }
        var message = letter.message
        // Its time to live begins anew, or an expired message would expire again at once.
        message.acceptedAt = self.environment.clock.now
        guard let lane, lane.offer(HeldEntry(message: message), mode: .returned) == .accepted else {
            self.deadLetters.putBack(letter)
            throw OmnibusError(
                .unknownSubscription,
                """
                The group that gave up on '\(letter.message.topic)' is gone ('\(letter.pattern)'); \
                subscribe again with the same group and pattern, or redrive to the topic.
                """
            )
        }
    }
}

extension Routing {
    /// The queue of the group that gave up, where it ended and was made again.
    fileprivate func lane(for letter: DeadLetter) -> Lane? {
        guard let group = letter.group else { return nil }
        return self.groups[GroupKey(group: group, pattern: letter.pattern)].flatMap { self.lanes[$0] }
    }
}
