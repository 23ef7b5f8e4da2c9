// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension BusHost: DeadLetterHost {
    func publish(notice: Message) {
        self.notices.send(notice)
    }

    func publish(again message: Message, mayWait: Bool) async throws(OmnibusError) -> PublishReceipt {
        var message = message
        // Its time to live begins anew, or an expired message would expire again at once.
        message.acceptedAt = self.environment.clock.now
        return try await self.provider.publish(message)
    }
}
