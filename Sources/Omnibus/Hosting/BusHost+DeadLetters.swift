// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension BusHost: DeadLetterHost {
    func publish(notice: Message) {
        self.notices.send(notice) { self.handOver($0) }
    }

    /// Gives a notice that the provider does not take to the queues of this bus.
    ///
    /// Where dead letters are kept here, every queue is here. A full one does without it.
    private func handOver(_ notice: Message) {
        var notice = notice
        if notice.acceptedAt == nil { notice.acceptedAt = self.environment.clock.now }
        let entry = HeldEntry(message: notice)
        for hosted in self.hostedLanes where hosted.wants(notice) { _ = hosted.lane.offer(entry, mode: .handler) }
    }

    func publish(again message: Message, mayWait: Bool) async throws(OmnibusError) -> PublishReceipt {
        var message = message
        // Its time to live begins anew, or an expired message would expire again at once.
        message.acceptedAt = self.environment.clock.now
        return try await self.provider.publish(message)
    }
}
