// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore

extension BrokerCore {
    /// Reports what the queues that are full mean for the call.
    func finish(
        _ answers: QueueAnswers,
        _ entry: HeldEntry,
        _ route: Route,
        _ mode: LaneMachine.OfferMode
    ) throws(OmnibusError) -> Offer {
        // A handler never waits, and a full queue has said so already; only publishers outside get here with one.
        let full = mode == .handler ? [] : answers.full.filter { self.suspends($0) }
        let refused = answers.refused + answers.full.filter { lane in !full.contains { $0 === lane } }
        let unfinished = UnfinishedPublish(
            core: self,
            entry: entry,
            missing: full + refused,
            accepted: answers.accepted
        )
        // A call that nobody has accepted yet is counted when it is known what becomes of it.
        if answers.accepted == 0 { self.count(entry.message.topic, CallCounts(published: -1)) }
        guard !full.isEmpty else { throw self.overflow(unfinished, missing: refused) }
        return .wait(
            WaitToken(
                giveUp: { self.overflow(unfinished, missing: full + refused) },
                { () async throws(OmnibusError) -> PublishReceipt in
                    try await self.wait(for: full, unfinished, route, hadNobody: answers.accepted == 0)
                }
            )
        )
    }

    private func suspends(_ lane: Lane) -> Bool {
        if case .suspend = lane.settings.overflow { return true }
        return false
    }

    /// Waits for room in queues that are full, side by side.
    private func wait(
        for full: [Lane],
        _ unfinished: UnfinishedPublish,
        _ route: Route,
        hadNobody: Bool
    ) async throws(OmnibusError) -> PublishReceipt {
        let isCancelled = await unfinished.waitForRoom(in: full)
        let missing = unfinished.missing
        let receipt = unfinished.receipt
        let topic = unfinished.entry.message.topic
        if hadNobody, receipt.matched != 0 {
            self.count(topic, CallCounts(published: 1))
            route.showTaps(unfinished.entry.message)
        }
        guard missing.isEmpty else {
            if isCancelled, receipt.matched == 0 {
                self.count(topic, CallCounts(published: 1, cancelled: 1))
                throw OmnibusError(
                    .cancelled,
                    "The task was cancelled while it waited for room in \(missing[0].name); nothing was published."
                )
            }
            throw self.overflow(unfinished, missing: missing)
        }
        if receipt.matched == 0 {
            route.showTaps(unfinished.entry.message)
            self.wasUnrouted(unfinished.entry.message, CallCounts(published: 1, unrouted: 1))
        }
        return receipt
    }

    /// The error of a publish that queues have not accepted: partial where others have, and to be resumed then.
    func overflow(_ unfinished: UnfinishedPublish, missing: [Lane]) -> OmnibusError {
        let names = missing.map(\.name)
        let list = names.joined(separator: ", ")
        let receipt = unfinished.receipt
        let topic = unfinished.entry.message.topic
        guard receipt.matched == 0 else {
            return OmnibusError(
                .partiallyAccepted,
                """
                \(receipt.matched ?? 0) queues have the message for '\(topic)', but these are full: \(list). \
                Handle faster there, raise their bounds, or choose another overflow policy; 'resume()' of the \
                details publishes to them alone.
                """,
                advice: .retry(after: nil),
                details: PartialAcceptance(receipt: receipt, missing: names) {
                    () async throws(OmnibusError) in try await unfinished.resume()
                }
            )
        }
        self.count(topic, CallCounts(published: 1, refused: 1))
        let bounds = missing.first?.settings.bounds ?? QueueBounds()
        return OmnibusError(
            .overflow,
            """
            The queue of \(list) is full (\(bounds.count) messages, \(bounds.bytes) bytes) and \
            '\(topic)' got no room in time. \
            Handle faster, raise 'bounds', or choose another overflow policy.
            """,
            advice: .retry(after: nil)
        )
    }
}
