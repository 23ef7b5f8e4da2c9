// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension EventBus {
    /// Subscribes a handler to events of a type.
    ///
    /// The handler runs on no actor, in tasks of the bus's; in a type of the main actor, write
    /// `{ @MainActor event in … }`. Returning acknowledges the event, throwing hands it to the failure policy.
    ///
    /// - Parameters:
    ///   - type: the type of event; its topic is what is listened to.
    ///   - group: subscriptions of one group share the messages; nil gets all of them.
    ///   - start: where to start on topics that keep a history.
    ///   - settings: what this subscription does differently from the bus.
    /// - Returns: a handle; dropping it cancels nothing.
    /// - Throws: ``OmnibusError`` with the code `busClosed`, `invalidSettings`, `groupMismatch` or `unsupported`.
    @inlinable
    @discardableResult
    public func subscribe<E: Event>(
        to type: E.Type,
        group: String? = nil,
        from start: StartPosition? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line,
        handler: @escaping @Sendable (E) async throws -> Void
    ) async throws -> Subscription {
        try await self.subscribe(
            to: type,
            group: group,
            from: start,
            with: settings,
            CallSite(file: file, line: line),
            handler: handler,
            handleAll: EventBatch.loop(handler)
        )
    }

    /// Subscribes a handler that never suspends to events of a type.
    ///
    /// It runs where any handler does, and is called as a plain function: an asynchronous one costs as much to call as
    /// the whole rest of a delivery. It must not block.
    ///
    /// - Throws: as for handlers that may suspend.
    @inlinable
    @discardableResult
    public func subscribe<E: Event>(
        synchronouslyTo type: E.Type,
        group: String? = nil,
        from start: StartPosition? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line,
        handler: @escaping @Sendable (E) throws -> Void
    ) async throws -> Subscription {
        try await self.subscribe(
            to: type,
            group: group,
            from: start,
            with: settings,
            CallSite(file: file, line: line),
            handler: { event async throws in try handler(event) },
            handleAll: EventBatch.loop(synchronous: handler)
        )
    }

    /// - Parameter handleAll: the loop that calls the handler, compiled where the handler is known.
    @usableFromInline
    func subscribe<E: Event>(
        to type: E.Type,
        group: String?,
        from start: StartPosition?,
        with settings: HandlerSettings,
        _ callSite: CallSite,
        handler: @escaping @Sendable (E) async throws -> Void,
        handleAll: @escaping @Sendable (EventBatch) async -> Void
    ) async throws -> Subscription {
        let request = SubscribeRequest(TopicPattern(E.topic), group, start, settings, callSite)
        if let memory = self.memory, self.settings.handleMiddleware.isEmpty,
            settings.acknowledging ?? .onReturn == .onReturn
        {
            return try await self.subscribe(request, events: type, memory, handler, handleAll)
        }
        return try await self.subscribe(request, decoding: type) { event, _ in try await handler(event) }
    }

    /// Subscribes a handler that also wants the delivery: attempt, headers, settlement, reply.
    ///
    /// - Throws: as for handlers of events alone.
    @discardableResult
    public func subscribe<E: Event>(
        to type: E.Type,
        group: String? = nil,
        from start: StartPosition? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line,
        handler: @escaping @Sendable (E, Delivery) async throws -> Void
    ) async throws -> Subscription {
        let request = SubscribeRequest(TopicPattern(E.topic), group, start, settings, CallSite(file: file, line: line))
        return try await self.subscribe(request, decoding: type, handler)
    }

    /// Subscribes a handler of deliveries to a pattern.
    ///
    /// - Throws: as for handlers of events.
    @discardableResult
    public func subscribe(
        to pattern: TopicPattern,
        group: String? = nil,
        from start: StartPosition? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line,
        handler: @escaping @Sendable (Delivery) async throws -> Void
    ) async throws -> Subscription {
        let request = SubscribeRequest(pattern, group, start, settings, CallSite(file: file, line: line))
        return try await self.subscribe(
            request,
            Handling(prepare: { _ in () }, handle: { _, delivery in try await handler(delivery) })
        )
    }

    /// Subscribes a handler that is a value of a type of its own.
    ///
    /// - Throws: as for handlers of events.
    @discardableResult
    public func subscribe(
        to pattern: TopicPattern,
        group: String? = nil,
        from start: StartPosition? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line,
        handler: some MessageHandler
    ) async throws -> Subscription {
        try await self.subscribe(to: pattern, group: group, from: start, with: settings, file: file, line: line) {
            delivery in try await handler.handle(delivery)
        }
    }

    /// Subscribes a handler of CloudEvents to a pattern: it gets each message as ``Delivery/cloudEvent()`` returns it.
    ///
    /// A message that cannot become a CloudEvent is a dead letter, without an attempt. A payload is not written for it:
    /// one that JSON cannot say, such as a JSON value that is not a number, is in the event as it is, and writing that
    /// event throws. A typed payload is encoded for it; where that fails, the error is that of an attempt.
    ///
    /// - Throws: as for handlers of events.
    @discardableResult
    public func subscribe(
        toCloudEvents pattern: TopicPattern,
        group: String? = nil,
        from start: StartPosition? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line,
        handler: @escaping @Sendable (CloudEvent) async throws -> Void
    ) async throws -> Subscription {
        let request = SubscribeRequest(pattern, group, start, settings, CallSite(file: file, line: line))
        return try await self.subscribe(
            request,
            Handling(
                prepare: { message throws(OmnibusError) in try message.publishedCloudEvent() },
                handle: { event, _ in try await handler(event) }
            )
        )
    }

    /// Ends a subscription by its id; once it has returned, no handler of the subscription starts.
    ///
    /// - Throws: ``OmnibusError`` with the code `unknownSubscription` when there is none, or it has ended before.
    public func unsubscribe(_ id: SubscriptionID) async throws(OmnibusError) {
        guard await self.end(id) else {
            throw OmnibusError(
                .unknownSubscription,
                "There is no subscription '\(id)' on this bus; it was ended before, or belongs to another bus."
            )
        }
    }

    // MARK: Steps

    /// What a subscribe call asks for.
    struct SubscribeRequest: Sendable {
        var pattern: TopicPattern
        var group: String?
        var start: StartPosition?
        var settings: HandlerSettings
        var callSite: CallSite
        /// What takes the messages.
        var kind = SubscriptionKind.handler
        /// What answers requests, where it does nothing else.
        var responder: Responder?
        /// The name of what messages are forwarded to.
        var name: String?

        init(
            _ pattern: TopicPattern,
            _ group: String?,
            _ start: StartPosition?,
            _ settings: HandlerSettings,
            _ callSite: CallSite
        ) {
            self.pattern = pattern
            self.group = group
            self.start = start
            self.settings = settings
            self.callSite = callSite
        }
    }

    /// Checks a request and turns it into what the provider is asked for.
    func check(_ request: SubscribeRequest) throws(OmnibusError) -> SubscriptionSettings {
        guard self.phase.load(ordering: .acquiring) == .open else { throw self.closedError("subscribe") }
        try request.settings.validate()
        let settings = request.settings
        let defaults = self.currentSettings
        let policy = settings.failurePolicy ?? defaults.failurePolicy
        try policy.validate()
        if settings.timeout == nil { try defaults.validateHandlerTimeout() }
        if settings.ackDeadline != nil, settings.acknowledging != .manual {
            throw OmnibusError(
                .invalidSettings,
                """
                'ackDeadline' is for deliveries that are settled by hand; add 'acknowledging: .manual', or leave it out.
                """
            )
        }
        return SubscriptionSettings(
            group: request.group,
            start: request.start,
            bounds: settings.bounds ?? defaults.bounds,
            overflow: settings.overflow ?? defaults.overflow,
            ordering: settings.ordering,
            predicate: settings.predicate,
            maximumAttempts: policy.largestAttempts,
            ackDeadline: settings.ackDeadline,
            throttle: settings.throttle,
            circuitBreaker: settings.circuitBreaker,
            handling: request.group.map { _ in
                "acknowledging \(settings.acknowledging.map { "\($0)" } ?? "by default"); \(policy.signature)"
            },
            callSite: request.callSite
        )
    }

    /// Subscribes at the provider, with a queue of the bus's between where the plan needs one.
    func provide(_ request: SubscribeRequest) async throws(OmnibusError) -> SubscriptionTable.Provided {
        let settings = try self.check(request)
        guard let host = self.host else {
            let provided = try await self.provider.subscribe(to: request.pattern, settings)
            return SubscriptionTable.Provided(subscription: provided)
        }
        let plan = self.plan(request, settings)
        try plan.validate()
        guard plan.isHosted else {
            let provided = try await self.provider.subscribe(to: request.pattern, settings)
            return SubscriptionTable.Provided(subscription: provided, plan: plan)
        }
        try settings.validate()
        let (provided, hosted) = try await host.subscribe(plan, settings, self.control)
        return SubscriptionTable.Provided(subscription: provided, hosted: hosted, plan: plan)
    }

    /// Subscribes a handler of events straight to the in-memory broker, without a message around each of them.
    private func subscribe<E: Event>(
        _ request: SubscribeRequest,
        events: E.Type,
        _ memory: BrokerCore,
        _ handler: @escaping @Sendable (E) async throws -> Void,
        _ handleAll: @escaping @Sendable (EventBatch) async -> Void
    ) async throws(OmnibusError) -> Subscription {
        let layout = EventLayout<E>(codec: self.settings.codec)
        let (lane, id) = try memory.subscribe(to: request.pattern, try self.check(request), layout: layout)
        let handle = self.handle(of: id, request)
        // Not with `??`, which would wrap the handler in thunks: three times what calling it costs.
        var limited = handler
        var handleAll = handleAll
        let limit = self.timeLimit(request, handle, lane)
        let meter = self.meter(request, handle)
        if let limit { limited = limit.limiting(handler) }
        if let meter { limited = meter.measuring(limited) }
        if limit != nil || meter != nil { handleAll = EventBatch.loop(limited) }
        let worker = EventWorker(
            lane: lane,
            settler: EntrySettler(
                lane: lane,
                subscription: handle,
                policy: request.settings.failurePolicy ?? self.currentSettings.failurePolicy,
                random: self.environment.random,
                activities: self.activities
            ),
            codec: self.settings.codec,
            compression: self.settings.compression,
            source: self.settings.source,
            owner: ObjectIdentifier(self),
            isAlone: request.group == nil && request.settings.concurrency == 1,
            // A handler with a limit may have to give its message back, which then comes before all others.
            takesAhead: limit == nil,
            handler: limited,
            handleAll: handleAll
        )
        self.subscriptions.add(SubscriptionTable.Record(subscription: handle, lane: lane, request))
        if worker.takesAhead { lane.setSharing(id) }
        self.start(request.settings.concurrency, for: handle.id, waitingIn: lane) { await worker.run() }
        try await self.endIfClosing(handle.id)
        return handle
    }

    private func subscribe<E: Event>(
        _ request: SubscribeRequest,
        decoding type: E.Type,
        _ handler: @escaping @Sendable (E, Delivery) async throws -> Void
    ) async throws -> Subscription {
        let codec = self.settings.codec
        let compression = self.settings.compression
        return try await self.subscribe(
            request,
            Handling(
                prepare: { message throws(OmnibusError) in try compression.decode(message, codec: codec) },
                handle: handler
            )
        )
    }

    /// Subscribes a handler of deliveries at the provider.
    func subscribe<Value: Sendable>(_ request: SubscribeRequest, _ handling: Handling<Value>) async throws
        -> Subscription
    {
        let provided = try await self.provide(request)
        let handle = self.handle(of: provided.subscription.id, request)
        let lane = (provided.subscription as? LaneSubscription)?.lane
        let meter = self.meter(request, handle)
        let limit = self.timeLimit(request, handle, lane)
        let limited = handling.limited(by: limit)
        // What has to see each delivery, or to end it in time, needs one.
        if let responder = request.responder, self.memory != nil, self.settings.handleMiddleware.isEmpty,
            limit == nil, meter == nil, request.settings.acknowledging ?? .onReturn == .onReturn
        {
            lane?.setResponder(responder, for: handle.id)
        }
        let worker = DeliveryWorker(
            bus: self,
            provided: provided.subscription,
            handle: handle,
            policy: request.settings.failurePolicy ?? self.currentSettings.failurePolicy,
            acknowledging: request.settings.acknowledging ?? .onReturn,
            handling: meter.map { $0.measuring(limited) } ?? limited,
            meter: meter
        )
        self.subscriptions.add(
            SubscriptionTable.Record(subscription: handle, provided, request)
        )
        // Elsewhere, the provider is asked for messages from the start.
        let queue = self.memory == nil ? nil : lane
        self.start(request.settings.concurrency, for: handle.id, waitingIn: queue) { await worker.run() }
        try await self.endIfClosing(handle.id)
        return handle
    }

    func handle(of id: SubscriptionID, _ request: SubscribeRequest) -> Subscription {
        Subscription(id: id, pattern: request.pattern, group: request.group, control: self.control)
    }

    /// Ends a subscription that was made while a shutdown began, which may not have seen it.
    func endIfClosing(_ id: SubscriptionID) async throws(OmnibusError) {
        guard self.phase.load(ordering: .sequentiallyConsistent) != .open else { return }
        _ = await self.end(id)
        throw self.closedError("subscribe")
    }

    /// Makes the tasks that work for a subscription until it has ended; those of a queue begin when it has something for
    /// them.
    private func start(
        _ count: Int,
        for id: SubscriptionID,
        waitingIn queue: Lane?,
        _ work: @escaping @Sendable () async -> Void
    ) {
        let remaining = Countdown(count)
        let workers = (0..<count).map { _ in HandlerTask(for: id, on: self, queue, remaining: remaining, work) }
        self.subscriptions.add(workers, running: remaining, to: id)
        for worker in workers { worker.start() }
    }

    /// What measures a subscription; nil where nothing is measured.
    func meter(_ request: SubscribeRequest, _ handle: Subscription) -> HandlingMeter? {
        self.meter.meter(request.pattern, group: request.group, subscription: handle.id)
    }

    /// Gives a delivery of the provider's the handle of this bus.
    func own(_ delivery: Delivery, _ handle: Subscription, _ meter: HandlingMeter?) -> Delivery {
        let settler = meter.map { $0.measuring(delivery) } ?? delivery.settler
        var owned = Delivery(
            message: self.settings.compression.decompress(delivery.message),
            attempt: delivery.attempt,
            position: delivery.position,
            missed: delivery.missed,
            subscription: handle,
            token: delivery.token,
            settler: self.activities.isOn ? self.watched(delivery, handle, settler) : settler
        )
        owned.publisher = self
        return owned
    }

    /// Says that a delivery is handed over; returns what says how it is settled.
    private func watched(
        _ delivery: Delivery,
        _ handle: Subscription,
        _ settler: any DeliverySettler
    ) -> any DeliverySettler {
        guard delivery.message.topic != self.inbox.topic else { return settler }
        self.activities.delivered(delivery.message, attempt: delivery.attempt, to: handle)
        return WatchedSettler(
            settler: settler,
            recorder: self.activities,
            message: delivery.message,
            attempt: delivery.attempt,
            subscription: handle
        )
    }

    /// Ends a subscription; returns false when there is none.
    func end(_ id: SubscriptionID) async -> Bool {
        await self.control.end(id)
    }
}
