// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Who gets the messages of one topic, and why.
public struct TopicRoutes: Sendable, Hashable {
    /// A subscription that gets the topic's messages.
    public struct Route: Sendable, Hashable {
        /// The subscription.
        public var subscription: BusTopology.SubscriptionNode
        /// Why it gets them, and what may still keep one from it; sentences for people.
        public var reasons: [String]

        /// Creates a route.
        public init(_ subscription: BusTopology.SubscriptionNode, reasons: [String]) {
            self.subscription = subscription
            self.reasons = reasons
        }
    }

    /// The topic.
    public var topic: Topic
    /// Why nothing can be published to it; nil where it can.
    public var refusal: String?
    /// Those who get its messages, in the order in which they came.
    public var routes: [Route]
    /// Those who get none although one would think so, such as `#` on topics of the system; sentences for people.
    public var remarks: [String]

    /// Creates the routes of a topic.
    public init(_ topic: Topic, refusal: String? = nil, routes: [Route] = [], remarks: [String] = []) {
        self.topic = topic
        self.refusal = refusal
        self.routes = routes
        self.remarks = remarks
    }
}

extension TopicRoutes: CustomStringConvertible {
    /// A line for each subscription, and one for each reason.
    public var description: String {
        var lines = ["\(self.topic)"]
        if let refusal = self.refusal { lines.append("  nothing can be published: \(refusal)") }
        if self.routes.isEmpty { lines.append("  nobody listens") }
        for route in self.routes {
            lines.append("  -> \(route.subscription.id) \(route.subscription.label)")
            lines += route.reasons.map { "       \($0)" }
        }
        lines += self.remarks.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }
}

extension BusTopology.SubscriptionNode {
    /// Why the subscription gets the messages of a topic; nil where it does not.
    package func reasons(for topic: Topic) -> [String]? {
        guard let bindings = self.pattern.bindings(of: topic) else { return nil }
        guard !bindings.isEmpty else { return ["it listens to this very topic"] }
        let places = bindings.map { binding in
            binding.words.isEmpty
                ? "\(binding.wildcard) is no word" : "\(binding.wildcard) is \(binding.words.joined(separator: "."))"
        }
        return ["it listens to '\(self.pattern)': \(places.joined(separator: ", "))"]
    }
}
