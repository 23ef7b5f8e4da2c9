// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// How many handlers of requests may run inside each other on one thread, whose stack they share.
    private static let deepest = 8

    /// Has a request handled on the caller's thread, in the place of a responder's worker that sleeps; returns whether it
    /// was, and otherwise nothing has happened.
    ///
    /// Design note: waking a worker, and being woken by its answer, takes ten times as long as all the rest. The handler
    /// still runs in a task of its own, which goes on elsewhere once it has to wait for something; the caller waits for
    /// it then as for any answer. Only a caller without an actor does this: a handler must not keep an actor from going
    /// on. Where more than the one responder would see the message, it has to be made; so the request is queued there.
    ///
    /// - Throws: ``OmnibusError`` with the code `requestFailed`, `timeout` or `cancelled`.
    @usableFromInline
    func handleInPlace(
        _ request: PlacedRequest,
        on topic: Topic,
        timeout: Duration
    ) async throws(OmnibusError) -> Bool {
        let scope = DeliveryScope.active(in: self.bindings)
        let depth = (scope?.depth ?? 0) + 1
        guard let direct = self.direct, self.environment.canDetachHere, self.isOpen(scope), depth <= Self.deepest,
            !self.activities.isOn, !Task.isCancelled
        else { return false }
        let memory = direct.takeUnretainedValue()
        guard let place = memory.lend(on: topic, for: request.kind) else { return false }
        let own = DeliveryScope(
            source: self.settings.source,
            lane: place.lane,
            owner: ObjectIdentifier(self),
            depth: depth
        )
        own.enter(idHigh: place.idHigh, idLow: place.idLow, self.cause(scope))
        let started = memory.coarseMilliseconds
        let handling = self.handle(request, place, own)
        let kept = memory.coarseMilliseconds - started
        place.loan.responder.keptRequester(milliseconds: kept)
        if let handling, !request.isHandled {
            try await self.wait(for: request, handling, place, topic, timeout, after: .milliseconds(kept))
        } else if kept > 0, .milliseconds(kept) > timeout {
            self.inbox.countLate()
            throw Self.noAnswer(on: topic, within: timeout)
        }
        if let failure = request.failure {
            throw Self.requestFailed(on: topic, HeaderRules.cleaned("\(failure)"))
        }
        return true
    }

    // MARK: Steps

    /// Begins to handle a request; returns the task that goes on with it, or nil where there is none.
    @inline(__always)
    private func handle(_ request: PlacedRequest, _ place: RequestPlace, _ scope: DeliveryScope) -> Task<Void, Never>? {
        let responder = place.loan.responder
        let handler = responder.handler
        if responder.isSynchronous {
            DeliveryScope.$binding.withValue(DeliveryScope.Binding(scope)) { request.handleSynchronously(by: handler) }
            scope.expire()
            place.lane.giveBack(place: place.loan.id)
            return nil
        }
        guard #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) else {
            return self.environment.detach { await self.handle(request, by: handler, place, scope) }
        }
        return Task.immediateDetached { await self.handle(request, by: handler, place, scope) }
    }

    /// The same in a task of the handler's own.
    @inline(__always)
    private func handle(
        _ request: PlacedRequest,
        by handler: any AnyObject & Sendable,
        _ place: RequestPlace,
        _ scope: DeliveryScope
    ) async {
        await DeliveryScope.$binding.withValue(DeliveryScope.Binding(scope)) { await request.handle(by: handler) }
        scope.expire()
        // Before the requester goes on, so that its next request finds the place.
        place.lane.giveBack(place: place.loan.id)
        if !request.finish() { self.inbox.countLate() }
    }

    /// Waits until the handler, which goes on elsewhere, has answered.
    private func wait(
        for request: PlacedRequest,
        _ handling: Task<Void, Never>,
        _ place: RequestPlace,
        _ topic: Topic,
        _ timeout: Duration,
        after kept: Duration
    ) async throws(OmnibusError) {
        place.lane.note(handling, inPlace: place.loan.id)
        // Nothing arrives there; it says on which topic an answer is waited for.
        let id = MessageID(high: place.idHigh, low: place.idLow)
        self.inbox.expect(id, on: topic) { _ in }
        let clock = self.environment.clock
        let timer = clock.schedule(at: clock.deadline(after: timeout - kept)) {
            request.abandon(Self.noAnswer(on: topic, within: timeout))
        }
        defer {
            self.inbox.forget(id)
            clock.cancel(timer)
        }
        let reason = await withTaskCancellationHandler {
            await request.wait()
        } onCancel: {
            request.abandon(Self.cancelled(on: topic))
        }
        if let reason { throw reason }
    }
}

// MARK: Errors

extension EventBus {
    static func requestFailed(on topic: Topic, _ failure: String) -> OmnibusError {
        OmnibusError(.requestFailed, "The responder on '\(topic)' has failed: \(failure)")
    }

    @usableFromInline
    static func noAnswer(on topic: Topic, within timeout: Duration) -> OmnibusError {
        OmnibusError(
            .timeout,
            "No answer came on '\(topic)' within \(timeout). Allow more time, or look at the responder's health.",
            advice: .retry(after: nil)
        )
    }

    @usableFromInline
    static func cancelled(on topic: Topic) -> OmnibusError {
        OmnibusError(.cancelled, "The task was cancelled while it waited for an answer on '\(topic)'.")
    }
}
