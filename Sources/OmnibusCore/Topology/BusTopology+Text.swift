// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

extension BusTopology: CustomStringConvertible {
    /// The topology for people: each topic with those who get its messages, then those who get none of these topics.
    public var description: String {
        func list(_ names: [String]) -> String { names.map(LogText.sentence).joined(separator: ", ") }
        var lines = ["bus \(LogText.sentence(self.source)) on \(LogText.sentence(self.provider))"]
        if !self.publishTransforms.isEmpty { lines.append("  publish through: \(list(self.publishTransforms))") }
        if !self.handleTransforms.isEmpty { lines.append("  handle through: \(list(self.handleTransforms))") }
        var shown: Set<SubscriptionID> = []
        for node in self.topics {
            lines.append("  \(node.topic)\(Self.facts(of: node))")
            let subscriptions = self.subscriptions(of: node.topic)
            if subscriptions.isEmpty { lines.append("    nobody listens") }
            for subscription in subscriptions {
                shown.insert(subscription.id)
                lines.append("    -> \(Self.line(of: subscription, besides: node.topic))")
            }
        }
        if self.otherTopics > 0 { lines.append("  and \(self.otherTopics) other topics") }
        let rest = self.subscriptions.filter { !shown.contains($0.id) }
        if !rest.isEmpty { lines.append("  of none of these topics") }
        for subscription in rest { lines.append("    \(Self.line(of: subscription, besides: nil))") }
        return lines.joined(separator: "\n")
    }

    private static func facts(of node: TopicNode) -> String {
        var facts: [String] = []
        if node.durability != .ephemeral { facts.append(node.durability.description) }
        if let published = node.published { facts.append("\(published) published") }
        if let unrouted = node.unrouted, unrouted > 0 { facts.append("\(unrouted) unrouted") }
        return facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
    }

    private static func line(of subscription: SubscriptionNode, besides topic: Topic?) -> String {
        var line = "\(subscription.id) \(subscription.label)"
        if subscription.pattern.name != topic?.name { line += " by \(subscription.pattern)" }
        if subscription.isPaused { line += ", paused" }
        if subscription.concurrency > 1 { line += ", \(subscription.concurrency) at once" }
        if let counts = subscription.counts { line += ": \(counts)" }
        return line
    }

    // MARK: JSON

    /// The topology for programs: the same names as here, in snake case, what is not known being left out.
    public var json: JSONValue {
        var members: JSONObject = [:]
        members["source"] = .string(self.source)
        members["provider"] = .string(self.provider)
        members["publish_transforms"] = .array(self.publishTransforms.map { .string($0) })
        members["handle_transforms"] = .array(self.handleTransforms.map { .string($0) })
        members["topics"] = .array(self.topics.map { self.json(of: $0) })
        members["other_topics"] = .init(self.otherTopics)
        members["subscriptions"] = .array(self.subscriptions.map { $0.json })
        return .object(members)
    }

    private func json(of node: TopicNode) -> JSONValue {
        var members: JSONObject = [:]
        members["topic"] = .string(node.topic.name)
        members["durability"] = .string(node.durability.description)
        members["published"] = node.published.map { .init($0) }
        members["unrouted"] = node.unrouted.map { .init($0) }
        members["subscriptions"] = .array(self.subscriptions(of: node.topic).map { .string($0.id.rawValue) })
        return .object(members)
    }
}

extension BusTopology.SubscriptionNode {
    fileprivate var json: JSONValue {
        var members: JSONObject = [:]
        members["id"] = .string(self.id.rawValue)
        members["kind"] = .string(self.kind.rawValue)
        members["pattern"] = .string(self.pattern.name)
        members["group"] = self.group.map { .string($0) }
        members["name"] = self.name.map { .string($0) }
        members["call_site"] = self.callSite.map { .string($0.description) }
        members["concurrency"] = .init(self.concurrency)
        members["is_paused"] = .bool(self.isPaused)
        members["metrics"] = self.metrics.map { $0.json }
        return .object(members)
    }
}

extension QueueMetrics {
    /// The counts by their names, in snake case.
    fileprivate var json: JSONValue {
        let counts: [(String, Int)] = [
            ("offered", self.offered), ("acknowledged", self.acknowledged), ("dead_lettered", self.deadLettered),
            ("dropped", self.dropped), ("coalesced", self.coalesced), ("refused", self.refused),
            ("expired", self.expired), ("filtered", self.filtered), ("missed", self.missed),
            ("abandoned", self.abandoned), ("pending", self.pending), ("in_flight", self.inFlight),
            ("retried", self.retried),
        ]
        return .object(JSONObject(counts.map { ($0.0, .init($0.1)) }))
    }
}
