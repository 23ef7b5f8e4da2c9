// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension EventBus {
    /// How long a handler may take to notice that it was cancelled, before it is reported as stuck.
    static let cancellationGrace = Duration.seconds(1)

    /// Runs until the bus is shut down; when the calling task is cancelled, shuts it down.
    ///
    /// It fits a service group, whose services have a `run()` that ends with cancellation.
    ///
    /// - Throws: nothing at present; a provider that fails while it runs will be reported here.
    public func run() async throws(OmnibusError) {
        guard await self.closing.value() == nil else { return }
        // A task of its own, because what waits in this one would end at once.
        let task = self.environment.detach { await self.close(deadline: .seconds(30), for: 0) }
        _ = await task.value
    }

    /// Lets handlers finish what is there until a deadline, then cancels those that are still busy.
    ///
    /// From the call on, only handlers may publish. Nothing waits for retries that come due after the deadline, nor
    /// for sequences that nobody reads. Messages that this bus has scheduled are waited for if they are due by the
    /// deadline, and given up otherwise. A provider that was handed in is not disconnected: whoever connected it does
    /// that.
    /// Further calls wait for the first one's result.
    ///
    /// - Parameter deadline: how long handlers may take for what is there.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for a negative deadline, `wouldDeadlock` in a handler
    ///   of this bus, or `cancelled` when the
    ///   calling task is cancelled; the shutdown goes on.
    @discardableResult
    public func shutdown(deadline: Duration = .seconds(30)) async throws -> ShutdownReport {
        guard DeliveryScope.active?.owner != ObjectIdentifier(self) else {
            throw OmnibusError(
                .wouldDeadlock,
                """
                shutdown would wait for the handler that calls it; call it outside of handlers, when they have returned.
                """
            )
        }
        guard deadline >= .zero else {
            throw OmnibusError(
                .invalidSettings,
                "'deadline' is \(deadline); it must not be negative. Zero cancels at once."
            )
        }
        let caller = Deliveries.Source.currentTask
        let task = self.environment.detach { await self.close(deadline: deadline, for: caller) }
        guard let report = await self.closing.value() else {
            throw OmnibusError(.cancelled, "The task was cancelled while it waited for the shutdown, which goes on.")
        }
        _ = await task.value
        return report
    }

    /// Waits until nothing is in flight or ready; what only waits for the clock does not count.
    ///
    /// Inside a handler, the handler's own queue does not count: it would wait for itself.
    /// It works for the subscriptions of this bus whose queues are in this process: on the in-memory broker, and where
    /// the bus does for the provider what a queue does (``plan(of:)``). What is still at another provider counts where
    /// that can tell (``ProviderSubscription/hasMore(received:unsettled:)``); elsewhere the call returns at once.
    public func settled() async {
        await self.settled(for: Deliveries.Source.currentTask)
    }

    // MARK: Steps

    private func settled(for caller: Int) async {
        let isHandler = DeliveryScope.active != nil
        while !Task.isCancelled {
            // A handler would wait for itself, if it is its queue that has no room.
            if !isHandler {
                _ = await self.backlog.flush()
                _ = await self.handlersBacklog.flush()
            }
            await self.host?.notices.sent()
            let queues = self.readQueues(for: caller)
            for queue in queues {
                await queue.hosted?.caughtUp()
                await queue.lane.settled()
            }
            // A handler may have published to a queue that was looked at before: twice the same sight is the truth.
            let before = queues.map(\.activity)
            guard isHandler || self.hasNothingEnqueued else { continue }
            guard before.allSatisfy(\.isSettled), self.host?.notices.isIdle ?? true else { continue }
            let after = self.readQueues(for: caller).map(\.activity)
            if after.count == before.count, zip(before, after).allSatisfy({ $0.offered == $1.offered && $1.isSettled })
            {
                return
            }
        }
    }

    /// A queue of this bus, with what fills it where it is not the in-memory broker's.
    private struct ReadQueue {
        let lane: Lane
        let hosted: HostedLane?

        /// How many messages have been offered so far, and whether there is nothing to do now.
        var activity: (offered: Int, isSettled: Bool) {
            // In this order: what has arrived by now is in the queue's own answer.
            let isBehind = self.hosted?.isBehind ?? false
            let activity = self.lane.activity
            return (activity.offered, activity.isSettled && !isBehind)
        }
    }

    /// The queues of this bus that somebody else than the caller takes messages from.
    ///
    /// A queue counts if one of its members does: one that is not paused, and no sequence that nobody reads.
    private func readQueues(for caller: Int) -> [ReadQueue] {
        let asking = DeliveryScope.active?.lane
        var seen: Set<ObjectIdentifier> = []
        return self.subscriptions.all.compactMap { record in
            guard let lane = record.lane, lane !== asking else { return nil }
            if let sequence = record.sequence, sequence.source?.isRead(byOtherThan: caller) != true { return nil }
            guard !lane.isPaused(record.subscription.id), seen.insert(ObjectIdentifier(lane)).inserted else {
                return nil
            }
            return ReadQueue(lane: lane, hosted: record.hosted)
        }
    }

    /// Whether everything that was enqueued has been accepted or refused.
    var hasNothingEnqueued: Bool { self.backlog.isIdle && self.handlersBacklog.isIdle }

    private func close(deadline: Duration, for caller: Int) async {
        guard self.closing.begins(at: self.environment.clock.now) else {
            _ = await self.closing.value()
            return
        }
        self.phase.store(.draining, ordering: .sequentiallyConsistent)
        // Those that end meanwhile count too.
        let begun = self.subscriptions.all
        let before = self.counts(of: begun)
        let isDrained = await self.drain(within: deadline, for: caller)
        let backlogs = [self.backlog, self.handlersBacklog].map { $0.close() }
        for topic in backlogs.flatMap(\.refused) {
            self.signals.send {
                BusSignal(
                    .unpublished,
                    topic: topic,
                    message: "What was enqueued for '\(topic)' found no room before the bus was shut down."
                )
            }
        }
        var report = ShutdownReport(wasCancelled: !isDrained)
        let records = self.subscriptions.all
        if !isDrained {
            for worker in records.flatMap(\.workers) { worker.cancel() }
        }
        for record in records {
            await self.stop(record)
        }
        report.stuck = await self.stuck(records)
        report.stuck += await self.unended(records)
        report.stuck += await self.withGrace(backlogs.compactMap(\.ended)) { _ in "what was enqueued" }
        self.phase.store(.closed, ordering: .sequentiallyConsistent)
        report.scheduled = self.memory?.abandonScheduled(of: ObjectIdentifier(self)) ?? 0
        let after = self.counts(of: begun + records)
        report.drained = max(0, after.acknowledged - before.acknowledged)
        report.abandoned = max(0, after.abandoned - before.abandoned)
        self.activities.end()
        if self.ownsProvider { try? await self.provider.disconnect() }
        self.closing.finish(report)
    }

    private func counts(of records: [SubscriptionTable.Record]) -> QueueMetrics {
        var seen: Set<ObjectIdentifier> = []
        var counts = QueueMetrics()
        for lane in records.compactMap(\.lane) where seen.insert(ObjectIdentifier(lane)).inserted {
            counts += lane.metrics
        }
        return counts
    }

    /// Waits until nothing is left to do, or the deadline has passed; returns whether all is done.
    private func drain(within deadline: Duration, for caller: Int) async -> Bool {
        let clock = self.environment.clock
        let end = clock.deadline(after: deadline)
        if self.hasNothingEnqueued, self.nextDue(for: caller) == nil,
            self.readQueues(for: caller).allSatisfy({ $0.activity.isSettled })
        {
            return true
        }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    await self.settled(for: caller)
                    guard let due = self.nextDue(for: caller), due <= end else { return !Task.isCancelled }
                    try? await clock.sleep(for: max(.zero, due - clock.uptime()))
                }
                return false
            }
            group.addTask {
                try? await clock.sleep(for: deadline)
                return false
            }
            let isDrained = await group.next() ?? true
            group.cancelAll()
            return isDrained
        }
    }

    /// When the next message comes that only waits for the clock: a retry, or one that this bus has scheduled.
    private func nextDue(for caller: Int) -> Duration? {
        let scheduled = self.memory?.scheduler.nextDue(of: ObjectIdentifier(self))
        return (self.readQueues(for: caller).map(\.lane.nextDue) + [scheduled]).compactMap { $0 }.min()
    }

    private func stop(_ record: SubscriptionTable.Record) async {
        if let memory = self.memory {
            memory.unsubscribe(record.subscription.id)
            if record.workers.isEmpty { record.lane?.takeBack(from: record.subscription.id) }
        } else if let hosted = record.hosted {
            hosted.leave(record.subscription.id)
            if record.workers.isEmpty { record.takeBack() }
        } else {
            await record.provider?.cancel()
        }
    }

    /// Waits for the provider's subscriptions to end that fill queues of the bus; returns the names of those that do
    /// not. Handlers that still run are not waited for: what they have goes back to the provider.
    private func unended(_ records: [SubscriptionTable.Record]) async -> [String] {
        var seen: Set<ObjectIdentifier> = []
        let queues = records.compactMap(\.hosted).filter { seen.insert(ObjectIdentifier($0)).inserted }
        for hosted in queues { hosted.abandon() }
        return await self.withGrace(queues.map(\.ended)) { "\(queues[$0].lane.name), at the provider" }
    }

    /// Waits for the workers to end; returns the names of those that do not.
    private func stuck(_ records: [SubscriptionTable.Record]) async -> [String] {
        let workers = records.flatMap { record in record.workers.map { (record, $0) } }
        return await self.withGrace(workers.map(\.1.ended)) { index in
            let record = workers[index].0
            return record.lane?.name ?? "'\(record.subscription.pattern)'"
        }
    }

    /// Gives all of them one time to end, side by side; returns the names of those that do not.
    private func withGrace(_ endings: [Pending<Bool>], _ name: (Int) -> String) async -> [String] {
        if endings.isEmpty { return [] }
        let clock = self.environment.clock
        let timer = clock.schedule(at: clock.deadline(after: Self.cancellationGrace)) {
            for ending in endings { ending.resolve(false) }
        }
        var names: [String] = []
        for (index, ending) in endings.enumerated() {
            let hasEnded = await ending.value()
            if !hasEnded { names.append(name(index)) }
        }
        clock.cancel(timer)
        return names
    }
}
