// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a subscription does with a delivery: make a value of the message, then handle it.
struct Handling<Value: Sendable>: Sendable {
    /// Decodes the message, before any attempt: what cannot be decoded will not be by trying again.
    var prepare: @Sendable (Message) throws(OmnibusError) -> Value
    var handle: @Sendable (Value, Delivery) async throws -> Void
    /// Whether handling has a time limit.
    private(set) var isLimited = false

    init(
        prepare: @escaping @Sendable (Message) throws(OmnibusError) -> Value,
        handle: @escaping @Sendable (Value, Delivery) async throws -> Void
    ) {
        self.prepare = prepare
        self.handle = handle
    }

    /// The same, each call of the handler within a time limit.
    func limited(by limit: HandlerTimeLimit?) -> Handling {
        guard let limit else { return self }
        let handle = self.handle
        var limited = Handling(prepare: self.prepare) { value, delivery in
            try await limit.run(delivery) { try await handle(value, delivery) }
        }
        limited.isLimited = true
        return limited
    }
}

/// Hands the deliveries of any provider to a handler, and settles them.
struct DeliveryWorker<Value: Sendable>: Sendable {
    let bus: EventBus
    let provided: any ProviderSubscription
    let handle: Subscription
    let policy: FailurePolicy
    let acknowledging: AckPolicy
    let handling: Handling<Value>
    /// What measures the deliveries; nil where nothing does.
    let meter: HandlingMeter?

    /// Works until the subscription has ended.
    func run() async {
        var goesOn = true
        while goesOn {
            let scope = DeliveryScope(
                source: self.bus.settings.source,
                lane: (self.provided as? LaneSubscription)?.lane,
                owner: ObjectIdentifier(self.bus)
            )
            goesOn = await DeliveryScope.$binding.withValue(DeliveryScope.Binding(scope)) {
                await self.work(scope)
            }
            scope.expire()
        }
    }

    /// Works with one scope; returns false when the subscription has ended, true when a new scope is needed.
    private func work(_ scope: DeliveryScope) async -> Bool {
        let holders = scope.holderCount
        while true {
            do {
                // One at a time: whoever else is free should not wait for what this worker has taken.
                let deliveries = try await self.provided.receive(upTo: 1)
                if deliveries.isEmpty { return false }
                for delivery in deliveries {
                    scope.enter(delivery.message)
                    var owned = self.bus.own(delivery, self.handle, self.meter)
                    if self.handling.isLimited { owned.renewal = TokenRenewal() }
                    await self.process(owned)
                }
            } catch {
                return false
            }
            if scope.holderCount > holders { return true }
        }
    }

    private func process(_ delivery: Delivery) async {
        let middleware = self.bus.settings.handleMiddleware
        var value: Value?
        do {
            // What transforms leave is decoded behind them.
            if !middleware.contains(where: \.changesMessages) { value = try self.handling.prepare(delivery.message) }
        } catch {
            return await self.settle(delivery, .deadLetter(DeadLetter.Reason(error), self.attempt(delivery, error)))
        }
        // Decoding may have taken its time: once cancelled, no handler starts.
        guard self.isWanted else { return await self.settle(delivery, .release) }
        if self.acknowledging == .onReceipt { await self.settle(delivery, .ack) }
        do {
            if let value, middleware.isEmpty {
                try await self.handling.handle(value, delivery)
            } else {
                try await middleware.run(delivery) { [value] delivery in
                    guard self.isWanted else { throw HandlerNotCalled() }
                    try await self.handling.handle(try value ?? self.prepared(delivery), delivery)
                }
            }
            if self.acknowledging == .onReturn { await self.settle(delivery, .ack) }
        } catch is HandlerNotCalled {
            await self.settle(delivery, .release)
        } catch let error as NotPrepared {
            let failure = self.attempt(delivery, error.error)
            await self.settle(delivery, .deadLetter(DeadLetter.Reason(error.error), failure))
        } catch {
            if self.acknowledging != .onReceipt { await self.failed(delivery, error) }
        }
    }

    /// What transforms have left could not be decoded, which trying again will not mend.
    private struct NotPrepared: Error {
        var error: OmnibusError
    }

    private func prepared(_ delivery: Delivery) throws -> Value {
        do throws(OmnibusError) {
            return try self.handling.prepare(delivery.message)
        } catch {
            throw NotPrepared(error: error)
        }
    }

    /// Whether the subscription has not been cancelled.
    ///
    /// Where the queue is the provider's, the bus's own table says so: a subscription leaves it before the provider is
    /// told.
    private var isWanted: Bool {
        (self.provided as? LaneSubscription)?.isMember ?? (self.bus.subscriptions.record(self.handle.id) != nil)
    }

    private func failed(_ delivery: Delivery, _ error: any Error) async {
        let failure = self.attempt(delivery, error)
        let decision = self.policy.decision(
            for: error,
            attempt: delivery.attempt,
            maximumRetries: delivery.message.headers.maxRetries,
            fraction: self.bus.environment.random.fraction()
        )
        switch decision {
        case .retry(let delay):
            await self.settle(delivery, .nack(after: delay, failure))
        case .deadLetter(let reason):
            await self.settle(delivery, .deadLetter(reason, failure))
        }
    }

    private func attempt(_ delivery: Delivery, _ error: any Error) -> FailedAttempt {
        FailedAttempt(
            attempt: delivery.attempt,
            time: HandlerTimeout.timeOfFailure(error, now: self.bus.environment.clock.now),
            error: error
        )
    }

    /// Settles unless the handler has done so itself, which takes precedence and leaves the handle stale.
    private func settle(_ delivery: Delivery, _ action: Settlement.Action) async {
        do {
            try delivery.settler.settle([Settlement(delivery.renewal?.token ?? delivery.token, action)])
            try await delivery.settler.flush()
        } catch {
            return
        }
    }
}
