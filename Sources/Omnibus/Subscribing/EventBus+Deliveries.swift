// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Subscribes, and hands out the messages as an asynchronous sequence.
    ///
    /// Each call makes a subscription of its own: two sequences both get every message, unless they share a group.
    ///
    /// - Throws: as for handlers of events.
    public func deliveries(
        of pattern: TopicPattern,
        group: String? = nil,
        from start: StartPosition? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line
    ) async throws -> Deliveries {
        let acknowledging = settings.acknowledging ?? .onNext
        guard acknowledging != .onReturn else {
            throw OmnibusError(
                .invalidSettings,
                "A sequence has no handler that returns; acknowledge with .onNext, .onReceipt or .manual."
            )
        }
        guard settings.timeout == nil else {
            throw OmnibusError(
                .invalidSettings,
                "'timeout' is for handlers, and a sequence has none; use 'acknowledging: .manual' with 'ackDeadline'."
            )
        }
        let request = SubscribeRequest(pattern, group, start, settings, CallSite(file: file, line: line))
        let provided = try await self.provide(request)
        let handle = self.handle(of: provided.subscription.id, request)
        let meter = self.meter(request, handle)
        let source = Deliveries.Source(
            provided.subscription,
            acknowledging: acknowledging,
            prepare: { delivery in self.own(delivery, handle, meter) },
            whenUnused: { self.abandon(handle.id) }
        )
        self.subscriptions.add(
            SubscriptionTable.Record(
                subscription: handle,
                provided,
                sequence: SubscriptionTable.WeakSource(source),
                request
            )
        )
        try await self.endIfClosing(handle.id)
        return Deliveries(source: source)
    }

    /// Ends the subscription of a sequence that nobody can read any more.
    private func abandon(_ id: SubscriptionID) {
        guard let record = self.subscriptions.remove(id) else { return }
        if let memory = self.memory {
            memory.unsubscribe(id)
            record.takeBack()
        } else if let hosted = record.hosted {
            hosted.leave(id)
            record.takeBack()
        } else if let provider = record.provider {
            self.environment.detach { await provider.cancel() }
        }
    }
}
