// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus: AsyncEventPublishing {
    /// Takes an event that is published to its topic as soon as there is room, and returns at once.
    ///
    /// Where nothing waits and nothing may suspend, it is published in the call. Otherwise it waits in memory, behind
    /// everything that was enqueued on this bus before, whatever the topic: so calls made one after the other are
    /// accepted in that order. Room is waited for as long as the queue's overflow policy says. Handlers have a line of
    /// their own, and never wait for room: beyond their allowance they get the error `overflow`.
    ///
    /// A shutdown publishes what was enqueued before it, up to its deadline; the receipts of the rest throw
    /// `busClosed`. A message that is refused later is told by its receipt, and by a signal of the kind `unpublished`.
    ///
    /// - Throws: ``OmnibusError`` with the code `overflow` when more than `enqueueBounds` wait already, or whatever
    ///   refuses the message at once: as ``publishNow(_:)-(E)``, but for full queues outside of handlers and for
    ///   middleware that suspends.
    @discardableResult
    public func enqueue<E: Event>(_ event: E) throws(OmnibusError) -> PendingReceipt {
        let scope = DeliveryScope.active
        guard self.direct != nil, self.line(scope).isIdle else {
            return try self.enqueue(self.message(of: event), scope)
        }
        let direct = self.offerDirectly(event)
        if direct.outcome == .accepted {
            return PendingReceipt(direct.receipt)
        }
        return try self.finishEnqueue(
            try self.offer(event, after: direct),
            event.eventTopic,
            size: event.estimatedSize,
            scope
        )
    }

    /// Takes a value that is published to a topic as soon as there is room, and returns at once.
    ///
    /// - Throws: as for events.
    @discardableResult
    public func enqueue<Value: Encodable & Sendable>(
        _ value: Value,
        to topic: Topic
    ) throws(OmnibusError) -> PendingReceipt {
        try self.enqueue(Message(topic: topic, value: value, codec: self.settings.codec), DeliveryScope.active)
    }

    /// Takes a message that is published as soon as there is room, and returns at once.
    ///
    /// - Throws: as for events, and ``OmnibusError`` with the code `invalidMessage`, `invalidHeader` or `tooLarge`.
    @discardableResult
    public func enqueue(_ message: Message) throws(OmnibusError) -> PendingReceipt {
        try message.validate()
        return try self.enqueue(message, DeliveryScope.active)
    }

    /// Waits until everything that was enqueued before the call has been accepted or refused.
    ///
    /// It says nothing about whether it was accepted, which the receipts do.
    ///
    /// - Throws: ``OmnibusError`` with the code `cancelled` when the calling task is cancelled, or `wouldDeadlock` in a
    ///   handler of this bus, whose queue may be what is waited for.
    public func flush() async throws(OmnibusError) {
        guard DeliveryScope.active?.owner != ObjectIdentifier(self) else {
            throw OmnibusError(
                .wouldDeadlock,
                "flush might wait for room in the queue of the handler that calls it; await single receipts instead."
            )
        }
        guard await self.backlog.flush(), await self.handlersBacklog.flush() else {
            throw OmnibusError(.cancelled, "The task was cancelled while it waited for what was enqueued.")
        }
    }

    // MARK: Steps

    /// Where a call's messages wait, if they do.
    func line(_ scope: DeliveryScope?) -> PublishBacklog {
        scope == nil ? self.backlog : self.handlersBacklog
    }

    func enqueue(_ message: Message, _ scope: DeliveryScope?) throws(OmnibusError) -> PendingReceipt {
        try self.checkOpen(scope)
        let size = message.estimatedSize
        if self.line(scope).isIdle, self.settings.publishMiddleware.firstAsynchronous == nil {
            if let memory = self.memory {
                guard let changed = try self.changed(message) else { return PendingReceipt(.keptBack(message)) }
                let offer = try memory.offer(changed, origin: self.origin, cause: self.cause(scope))
                return try self.finishEnqueue(offer, message.topic, size: size, scope)
            }
            if self.provider.capabilities.has(.synchronousPublish) {
                guard let changed = try self.changed(message) else { return PendingReceipt(.keptBack(message)) }
                let completed = try self.complete(changed, scope)
                return try self.finishEnqueue(try self.provider.offer(completed), message.topic, size: size, scope)
            }
        }
        var message = message
        // The cause is known now, and not when the message is published.
        if let cause = self.cause(scope)?.extras { message.inherit(from: cause) }
        return try self.append(.publish(message, isFromHandler: scope != nil), message.topic, size: size, scope)
    }

    func finishEnqueue(
        _ offer: Offer,
        _ topic: Topic,
        size: Int,
        _ scope: DeliveryScope?
    ) throws(OmnibusError) -> PendingReceipt {
        switch offer {
        case .accepted(let receipt): return PendingReceipt(receipt)
        case .refused(let error): throw error
        case .wait(let token): return try self.append(.wait(token), topic, size: size, scope)
        }
    }

    private func append(
        _ way: PublishBacklog.Entry.Way,
        _ topic: Topic,
        size: Int,
        _ scope: DeliveryScope?
    ) throws(OmnibusError) -> PendingReceipt {
        try self.line(scope).append(way, topic: topic, size: size) { entry in
            let outcome = await self.publishEnqueued(entry.way, entry.topic)
            if case .failure(let error) = outcome {
                self.signals.send {
                    BusSignal(
                        .unpublished,
                        topic: entry.topic,
                        message: "An enqueued message was not accepted: \(error)"
                    )
                }
            }
            return outcome
        }
    }

    private func publishEnqueued(
        _ way: PublishBacklog.Entry.Way,
        _ topic: Topic
    ) async -> Result<PublishReceipt, OmnibusError> {
        switch way {
        case .wait(let token):
            do throws(OmnibusError) {
                return .success(try await self.wait(token, topic))
            } catch {
                return .failure(error)
            }
        case .publish(let message, let isFromHandler):
            let mode: LaneMachine.OfferMode = isFromHandler ? .handler : .outside
            do {
                let receipt = try await self.settings.publishMiddleware.run(message) { changed in
                    if !self.settings.publishMiddleware.isEmpty { try changed.validate() }
                    return try await self.publishToProvider(changed, nil, nil, mode: mode)
                }
                return .success(receipt)
            } catch let error as OmnibusError {
                return .failure(error)
            } catch {
                return .failure(Self.refused(by: error, message.topic))
            }
        }
    }
}
