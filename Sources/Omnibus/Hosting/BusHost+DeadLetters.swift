// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension BusHost: DeadLetterHost {
    func publish(notice: Message) {
        self.notices.send(notice)
    }

    func publish(again message: Message, mayWait: Bool) async throws(OmnibusError) -> PublishReceipt {
        try await self.provider.publish(message)
    }
}
