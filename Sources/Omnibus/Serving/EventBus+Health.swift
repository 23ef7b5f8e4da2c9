// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension EventBus {
    /// Says how the bus is, and what is stuck, where and since when.
    ///
    /// It looks at the subscriptions of this bus whose queues are in this process, and at what was enqueued. A bus is
    /// `down` where it takes no messages, and `degraded` where a handler ignores its cancellation, a queue is three
    /// quarters full, publishers wait for room, a subscription is paused or a circuit breaker is not closed, and where a
    /// log that it writes to has lost lines, which stays so as long as the log. Changes nothing; O(subscriptions).
    public func health() -> EventBusHealth {
        var findings = self.logLosses.findings
        if self.phase.load(ordering: .acquiring) != .open {
            findings.append(.init(.closed, name: "the bus \(self.busID)", since: self.closing.since))
        }
        findings += self.stuckHandlers.map {
            EventBusHealth.Finding(.stuckHandler, name: "\($0.queue), handling \($0.messageID)", since: $0.since)
        }
        let enqueued = self.backlog.count + self.handlersBacklog.count
        if enqueued > 0 {
            let since = [self.backlog.since, self.handlersBacklog.since].compactMap { $0 }.min()
            findings.append(EventBusHealth.Finding(.backlog, name: "what was enqueued", since: since, count: enqueued))
        }
        var seen: Set<ObjectIdentifier> = []
        for record in self.subscriptions.all {
            if record.pausedSince != nil || record.lane?.isPaused(record.subscription.id) == true {
                let name = QueueIdentity(
                    pattern: record.subscription.pattern,
                    group: record.subscription.group,
                    callSite: record.callSite
                ).description
                let waiting = record.lane?.metrics.pending ?? 0
                findings.append(
                    EventBusHealth.Finding(.paused, name: name, since: record.pausedSince, count: waiting)
                )
            }
            guard let lane = record.lane, seen.insert(ObjectIdentifier(lane)).inserted else { continue }
            findings += lane.findings
        }
        return EventBusHealth(findings, at: self.environment.clock.now)
    }

    /// The settings of subscriptions that are made from now on: ``settings``, with what ``update(_:)`` has changed.
    public var currentSettings: BusSettings {
        self.changedSettings.withLock { $0 } ?? self.settings
    }

    /// Changes what can be changed while the bus lives.
    ///
    /// `failurePolicy`, `handlerTimeout`, `bounds` and `overflow` count for subscriptions that are made from now on;
    /// those that exist keep theirs. Everything else is fixed when the bus is made.
    ///
    /// - Throws: ``OmnibusError`` with the code `unsupported`, naming all settings that differ and cannot be changed, or
    ///   `invalidSettings` for those that make no sense. Nothing has changed then.
    public func update(_ settings: BusSettings) throws(OmnibusError) {
        try self.check(settings)
        self.changedSettings.withLock { $0 = settings }
    }

    /// Checks that settings make sense, and differ only in what can be changed while the bus lives.
    func check(_ settings: BusSettings) throws(OmnibusError) {
        let fixed = settings.fixedDifferences(from: self.settings)
        guard fixed.isEmpty else {
            throw OmnibusError(
                .unsupported,
                """
                While a bus lives, \(fixed.map { "'\($0)'" }.joined(separator: ", ")) cannot be changed; make a new bus, \
                or stop and start the service.
                """,
                details: fixed.first
            )
        }
        try settings.validateDefaults()
    }
}

extension BusSettings {
    /// The names of the settings that differ and are fixed when a bus is made.
    func fixedDifferences(from other: BusSettings) -> [String] {
        var names: [String] = []
        if self.source != other.source { names.append("source") }
        if self.codec.contentType != other.codec.contentType || type(of: self.codec) != type(of: other.codec) {
            names.append("codec")
        }
        // Codecs and functions cannot be compared, but they have names.
        if self.compression.names != other.compression.names || self.compression.limit != other.compression.limit {
            names.append("compression")
        }
        if self.publishMiddleware.map(\.name) != other.publishMiddleware.map(\.name) {
            names.append("publishMiddleware")
        }
        if self.handleMiddleware.map(\.name) != other.handleMiddleware.map(\.name) { names.append("handleMiddleware") }
        if self.enqueueBounds != other.enqueueBounds { names.append("enqueueBounds") }
        if self.metrics != other.metrics { names.append("metrics") }
        if self.debugEvents != other.debugEvents { names.append("debugEvents") }
        if self.rememberedMessages != other.rememberedMessages { names.append("rememberedMessages") }
        return names
    }

    /// Checks what subscriptions take over, as subscribing does.
    func validateDefaults() throws(OmnibusError) {
        try self.failurePolicy.validate()
        try self.validateHandlerTimeout()
        try SubscriptionSettings(bounds: self.bounds, overflow: self.overflow).validate()
    }
}
