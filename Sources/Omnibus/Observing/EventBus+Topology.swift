// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Returns who publishes and listens here: topics, subscriptions with their call sites and counts, and transforms.
    ///
    /// On the in-memory broker the topics are those that were created or published to, by whatever bus; on others, those
    /// that this bus's subscriptions name. Subscriptions are this bus's own.
    ///
    /// - Parameter topicLimit: how many topics are listed at most: those that were published to most.
    /// - Complexity: O(topics + subscriptions).
    public func topology(topicLimit: Int = 1_000) -> BusTopology {
        // Those that were cancelled and whose last handler still runs get nothing more.
        let nodes = self.subscriptions.all
            .filter { $0.subscription.pattern.literalTopic != self.inbox.topic && $0.isListening }
            .sorted { ($0.number, $0.subscription.id.rawValue) < ($1.number, $1.subscription.id.rawValue) }
            .map { $0.node }
        var topics: [Topic: BusTopology.TopicNode] = [:]
        for node in nodes {
            if let topic = node.pattern.literalTopic { topics[topic] = BusTopology.TopicNode(topic) }
        }
        for topic in self.memory?.topics ?? [] { topics[topic.topic] = topic }
        let listed = topics.values.sorted { ($1.published ?? 0, $0.topic) < ($0.published ?? 0, $1.topic) }
            .prefix(max(0, topicLimit))
        return BusTopology(
            source: self.settings.source,
            provider: self.provider.capabilities.provider,
            topics: listed.sorted { $0.topic < $1.topic },
            otherTopics: topics.count - listed.count,
            subscriptions: nodes,
            publishTransforms: self.settings.publishMiddleware.map(\.name),
            handleTransforms: self.settings.handleMiddleware.map(\.name)
        )
    }

    /// Returns which of this bus's subscriptions get the messages of a topic, and why.
    ///
    /// - Complexity: O(subscriptions).
    public func routes(for topic: Topic) -> TopicRoutes {
        let nodes = self.topology(topicLimit: 0).subscriptions
        var routes = TopicRoutes(topic, refusal: self.memory?.refusal(of: topic))
        for node in nodes {
            guard var reasons = node.reasons(for: topic) else { continue }
            reasons += self.reservations(about: node, nodes)
            routes.routes.append(TopicRoutes.Route(node, reasons: reasons))
        }
        for middleware in self.settings.publishMiddleware where middleware.mayKeepBack {
            routes.remarks.append(
                "the publish middleware '\(LogText.sentence(middleware.name))' decides about each message before anybody here gets it"
            )
        }
        guard topic.isSystem else { return routes }
        if routes.refusal == nil { routes.refusal = Self.systemTopic(topic).message }
        for node in nodes where node.pattern.words.first(where: { _ in true }) == "#" {
            routes.remarks.append(
                """
                \(node.id) listens to '\(node.pattern)' and gets none: topics of the system are matched only by patterns \
                that write out 'omnibus' as their first word
                """
            )
        }
        return routes
    }

    /// What else decides whether a subscription handles a message that it matches.
    private func reservations(
        about node: BusTopology.SubscriptionNode,
        _ all: [BusTopology.SubscriptionNode]
    ) -> [String] {
        var reasons: [String] = []
        let record = self.subscriptions.record(node.id)
        if let group = node.group {
            let members = max(
                all.count { $0.group == group && $0.pattern == node.pattern },
                record?.lane?.memberCount ?? 0
            )
            reasons.append("each message goes to one of the \(members) members of '\(group)' here")
        }
        if let predicate = record?.predicate {
            reasons.append("its predicate '\(LogText.sentence(predicate))' decides about each message")
        }
        switch node.kind {
        case .observer: reasons.append("it is called in the publisher's thread")
        case .tap: reasons.append("it sees what is accepted, and does not count as listening")
        default: break
        }
        if node.isPaused { reasons.append("it is paused: messages wait in its queue") }
        if let plan = record?.plan, plan.isHosted { reasons.append("its queue is in this bus, not at the provider") }
        return reasons
    }
}

extension PublishMiddleware {
    /// Whether it may keep a message back without an error.
    fileprivate var mayKeepBack: Bool {
        switch self.kind {
        case .filtering, .around: true
        case .changing: false
        }
    }
}

extension SubscriptionTable.Record {
    /// Whether the subscription has not been cancelled.
    fileprivate var isListening: Bool { self.lane?.hasMember(self.subscription.id) ?? true }

    /// The number in the id of a subscription, by which those of one broker are told in order.
    fileprivate var number: Int { self.subscription.id.rawValue.split(separator: "-").last.flatMap { Int($0) } ?? 0 }

    fileprivate var node: BusTopology.SubscriptionNode {
        BusTopology.SubscriptionNode(
            self.subscription.id,
            kind: self.kind,
            pattern: self.subscription.pattern,
            group: self.subscription.group,
            name: self.name,
            callSite: self.callSite,
            concurrency: self.concurrency,
            isPaused: self.lane?.isPaused(self.subscription.id) ?? false,
            metrics: self.lane?.metrics
        )
    }
}
