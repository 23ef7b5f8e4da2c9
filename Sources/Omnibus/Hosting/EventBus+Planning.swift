// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Tells who would do what for a subscription: the provider, or the bus in its place.
    ///
    /// Nothing is subscribed. Print the plan to read it as a table; a duty that nobody can do makes subscribing throw
    /// `unsupported`.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, or `busClosed`.
    public func plan(
        for pattern: TopicPattern,
        group: String? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line
    ) throws(OmnibusError) -> SubscriptionPlan {
        let request = SubscribeRequest(pattern, group, nil, settings, CallSite(file: file, line: line))
        let asked = try self.check(request)
        try asked.validate()
        return self.plan(request, asked)
    }

    /// Tells who does what for a subscription of this bus; nil when there is none.
    public func plan(of id: SubscriptionID) -> SubscriptionPlan? {
        guard let record = self.subscriptions.record(id) else { return nil }
        if let plan = record.plan { return plan }
        // Only the in-memory broker's own path keeps none, for it does everything.
        guard let lane = record.lane else { return nil }
        return SubscriptionPlan(for: lane.pattern, lane.settings, on: self.provider.capabilities)
    }

    func plan(_ request: SubscribeRequest, _ settings: SubscriptionSettings) -> SubscriptionPlan {
        SubscriptionPlan(
            for: request.pattern,
            settings,
            keyExclusivity: request.settings.keyExclusivity,
            on: self.provider.capabilities
        )
    }
}
