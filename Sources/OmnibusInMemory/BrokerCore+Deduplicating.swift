// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore

extension BrokerCore {
    /// Makes the window of a topic that has one of its own.
    func makeWindow(_ window: DeduplicationWindow?) -> DeduplicationStore? {
        window.map { DeduplicationStore(window: $0, clock: self.environment.clock) }
    }

    /// Publishes a message that brings its own id, unless it was accepted before. The call has been counted.
    func offerOnce(
        _ message: Message,
        _ route: Route,
        _ mode: LaneMachine.OfferMode,
        _ window: DeduplicationStore,
        expecting expected: ExpectedSequence?
    ) throws(OmnibusError) -> Offer {
        switch window.begin(message) {
        case .mine(let reservation): return try self.offer(message, route, mode, reservation, expecting: expected)
        case .known(let outcome):
            self.count(message.topic, CallCounts(duplicate: 1))
            switch outcome {
            case .accepted(let receipt): return .accepted(receipt.asDuplicate)
            case .partial(let details): return self.complete(message, details, window)
            }
        case .inProgress(let pending, let isWaiting):
            // Nothing is known yet of what becomes of the call.
            self.count(message.topic, CallCounts(published: -1))
            guard mode != .handler || !isWaiting else { throw self.mustNotWait(message) }
            return .wait(
                WaitToken(
                    giveUp: { self.mustNotWait(message) },
                    { () async throws(OmnibusError) in
                        try await self.wait(for: pending, message, mode, expecting: expected)
                    }
                )
            )
        }
    }

    /// Publishes a message whose id is reserved.
    private func offer(
        _ message: Message,
        _ route: Route,
        _ mode: LaneMachine.OfferMode,
        _ reservation: DeduplicationStore.Reservation,
        expecting expected: ExpectedSequence?
    ) throws(OmnibusError) -> Offer {
        let offer: Offer
        do throws(OmnibusError) {
            offer = try self.offer(message, route, mode, expecting: expected)
        } catch {
            reservation.end(with: error)
            throw error
        }
        switch offer {
        case .accepted(let receipt):
            reservation.accept(.accepted(receipt))
            return offer
        case .refused(let error):
            reservation.end(with: error)
            return offer
        case .wait(let token):
            reservation.wait()
            return .wait(self.token(token, reservation))
        }
    }

    /// The rest of a publish whose id is reserved: dropping the token gives the reservation up.
    private func token(_ token: WaitToken, _ reservation: DeduplicationStore.Reservation) -> WaitToken {
        WaitToken(
            giveUp: {
                let error = token.giveUp?() ?? OmnibusError(.overflow, "A queue is full.", advice: .retry(after: nil))
                reservation.end(with: error)
                return error
            },
            { () async throws(OmnibusError) -> PublishReceipt in
                do throws(OmnibusError) {
                    let receipt = try await token.wait()
                    reservation.accept(.accepted(receipt))
                    return receipt
                } catch {
                    reservation.end(with: error)
                    throw error
                }
            }
        )
    }

    /// Goes on with a message that some queues had no room for.
    private func complete(_ message: Message, _ details: PartialAcceptance, _ window: DeduplicationStore) -> Offer {
        .wait(
            WaitToken { () async throws(OmnibusError) in
                let receipt = try await details.resume()
                window.complete(message, receipt)
                return receipt.asDuplicate
            }
        )
    }

    /// Waits for what becomes of the same message elsewhere, and looks again.
    private func wait(
        for pending: Pending<Bool>,
        _ message: Message,
        _ mode: LaneMachine.OfferMode,
        expecting expected: ExpectedSequence?
    ) async throws(OmnibusError) -> PublishReceipt {
        try await self.wait(for: pending, message)
        self.count(message.topic, CallCounts(published: 1))
        switch try self.offerAgain(message, mode, expecting: expected) {
        case .accepted(let receipt): return receipt
        case .wait(let token): return try await token.wait()
        case .refused(let error): throw error
        }
    }

    /// Waits for what becomes of the same message elsewhere.
    func wait(for pending: Pending<Bool>, _ message: Message) async throws(OmnibusError) {
        guard await !pending.value(whenCancelled: false) else { return }
        self.count(message.topic, CallCounts(published: 1, cancelled: 1))
        throw OmnibusError(
            .cancelled,
            """
            The task was cancelled while the same message was being published to '\(message.topic)' elsewhere; \
            nothing was published by this call.
            """
        )
    }

    /// The topic may have changed since the message came.
    private func offerAgain(
        _ message: Message,
        _ mode: LaneMachine.OfferMode,
        expecting expected: ExpectedSequence?
    ) throws(OmnibusError) -> Offer {
        let route = self.resolve(message.topic)
        if let refusal = self.refusal(of: message, route, allowsSystem: false) {
            self.count(message.topic, CallCounts(refused: 1))
            throw refusal
        }
        guard let window = route.deduplication else {
            return try self.offer(message, route, mode, expecting: expected)
        }
        return try self.offerOnce(message, route, mode, window, expecting: expected)
    }

    func mustNotWait(_ message: Message) -> OmnibusError {
        self.count(message.topic, CallCounts(published: 1, refused: 1))
        return OmnibusError(
            .overflow,
            """
            The same message is being published to '\(message.topic)' elsewhere and waits for room there; this call \
            must not wait. Publish it again later.
            """,
            advice: .retry(after: nil)
        )
    }
}

extension PublishReceipt {
    /// The receipt of a message that was accepted before.
    var asDuplicate: PublishReceipt {
        var receipt = self
        receipt.isDuplicate = true
        return receipt
    }
}
