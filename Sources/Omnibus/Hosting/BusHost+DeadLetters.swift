// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension BusHost: DeadLetterKeeper {
    /// Keeps a message that a queue has given up on, and tells those who listen to dead letters.
    func keep(_ entry: HeldEntry, _ reason: DeadLetter.Reason, from lane: Lane) {
        let message = entry.message
        // No dead letters of dead letters: the queue has counted the failure, and that is all.
        guard !message.topic.isSystem else { return }
        let letter = DeadLetter(
            id: self.makeID(),
            message: message,
            reason: reason,
            attempts: entry.failures,
            pattern: lane.pattern,
            group: lane.group,
            time: self.environment.clock.now,
            lane: lane.id
        )
        var notice = message
        notice.topic = Topic(unchecked: "omnibus.dead.\(message.topic.name)")
        notice.id = letter.id
        notice.acceptedAt = letter.time
        notice.causationID = message.id
        notice.correlationID = message.correlationID
        notice.timeToLive = nil
        notice.replyTo = nil
        notice.type = message.type
        notice.headers = letter.headers(adding: message.headers)
        self.deadLetters.add(letter)
        self.notices.send(notice)
    }

    func redrive(_ id: MessageID) throws(OmnibusError) {
        guard let letter = self.deadLetters.take(id) else {
            throw OmnibusError(
                .unknownSubscription,
                "There is no dead letter '\(id)': it was redriven or cleared before, or had to make room for others."
            )
        }
        var message = letter.message
        // Its time to live begins anew, or an expired message would expire again at once.
        message.acceptedAt = self.environment.clock.now
        let lane = self.lane(for: letter)
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
