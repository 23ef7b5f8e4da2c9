// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Runs handlers that may take only so long.
///
/// The handler runs in a child task, so that it alone can be cancelled. Its worker waits for it whatever happens: a
/// handler that ignores its cancellation keeps its worker, and with it the message's key.
struct HandlerTimeLimit: Sendable {
    /// How a race between a handler and its time has ended.
    private struct Outcome: Sendable {
        /// When the time was over; nil where the handler was faster.
        var timedOut: Timestamp?
        var result: Result<Void, any Error>
    }

    let limit: Duration
    let clock: any BusClock
    let subscription: Subscription
    let queue: QueueIdentity
    /// The queue, where it is in this process.
    let lane: Lane?
    let stuck: StuckHandlers
    /// Whether the subscription has not been cancelled or paused.
    let isWanted: @Sendable () -> Bool

    /// Runs a handler.
    ///
    /// - Parameter whenOver: called when the time is over, before the handler is cancelled.
    /// - Throws: what the handler throws within its time; after it ``OmnibusError`` with the code `timeout`, even where
    ///   the handler returns; ``HandlerNotCalled`` where the subscription has been cancelled or paused meanwhile.
    func run(
        _ message: MessageID,
        whenOver: () -> Void = {},
        _ handler: @escaping @Sendable () async throws -> Void
    ) async throws {
        let clock = self.clock
        let race = Pending<Timestamp?>()
        // Set before the handler begins: one that sleeps for just as long has run out of time, always.
        let timer = clock.schedule(at: clock.deadline(after: self.limit)) { race.resolve(clock.now) }
        let outcome = await withTaskGroup(of: Result<Void, any Error>.self) { group in
            group.addTask {
                defer { race.resolve(nil) }
                // It may have taken the task a while to start.
                guard self.isWanted() else { return .failure(HandlerNotCalled()) }
                do {
                    return .success(try await handler())
                } catch {
                    return .failure(error)
                }
            }
            guard let time = await race.value() else {
                clock.cancel(timer)
                return Outcome(timedOut: nil, result: await group.next() ?? .success(()))
            }
            whenOver()
            group.cancelAll()
            let number = self.stuck.add(
                StuckHandler(subscription: self.subscription, queue: self.queue, messageID: message, since: time)
            )
            defer { self.stuck.remove(number) }
            return Outcome(timedOut: time, result: await group.next() ?? .success(()))
        }
        guard let time = outcome.timedOut, !Mutation.isActive(.forgiveTimeout) else { return try outcome.result.get() }
        throw self.error(time, outcome.result)
    }

    /// Runs a handler of a delivery, whose own handle is void once the time is over: the attempt has failed then.
    func run(_ delivery: Delivery, _ handler: @escaping @Sendable () async throws -> Void) async throws {
        try await self.run(
            delivery.message.id,
            whenOver: { delivery.renewal?.renew(self.lane?.renew(delivery.token)) },
            handler
        )
    }

    /// Returns the same handler of events, within the limit.
    func limiting<E: Event>(_ handler: @escaping @Sendable (E) async throws -> Void)
        -> @Sendable (E) async throws -> Void
    {
        { event in try await self.run(DeliveryScope.messageID) { try await handler(event) } }
    }

    private func error(_ time: Timestamp, _ result: Result<Void, any Error>) -> OmnibusError {
        var cause: (any Error)?
        if case .failure(let error) = result, !Self.isCancellation(error) { cause = error }
        return OmnibusError(
            .timeout,
            """
            The handler of \(self.queue) has not returned within \(self.limit), and was cancelled. \
            Allow more with 'timeout', or have it do less.
            """,
            advice: .retry(after: nil),
            cause: cause,
            details: HandlerTimeout(limit: self.limit, time: time)
        )
    }

    /// Whether an error says no more than that the handler has noticed its cancellation.
    private static func isCancellation(_ error: any Error) -> Bool {
        error is CancellationError || (error as? OmnibusError)?.code == .cancelled
    }
}

/// The subscription was cancelled before its handler was called: the message goes back as it was.
struct HandlerNotCalled: Error {}

extension EventBus {
    /// The time limit of a subscription's handlers; nil where they have none, which costs nothing.
    func timeLimit(
        _ request: SubscribeRequest,
        _ subscription: Subscription,
        _ lane: Lane?
    ) -> HandlerTimeLimit? {
        guard let limit = request.settings.timeout ?? self.currentSettings.handlerTimeout else { return nil }
        let queue = QueueIdentity(pattern: request.pattern, group: request.group, callSite: request.callSite)
        return HandlerTimeLimit(
            limit: limit,
            clock: self.environment.clock,
            subscription: subscription,
            queue: lane?.identity ?? queue,
            lane: lane,
            stuck: self.stuck,
            isWanted: { [subscriptions] in
                guard let lane else { return subscriptions.record(subscription.id) != nil }
                guard lane.hasMember(subscription.id) else { return false }
                // What was acknowledged on receipt cannot be given back.
                return request.settings.acknowledging == .onReceipt || !lane.isPaused(subscription.id)
            }
        )
    }
}
