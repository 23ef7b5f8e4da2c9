// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Which events are wanted: by their priority, by their type, and by two switches for kinds that are many.
///
/// ```swift
/// let filter = try EventFilter(environment: ["A2A_EVENT_FILTER_LEVEL": "high"])
/// let bus = EventBus(settings: BusSettings(publishMiddleware: [filter.publishMiddleware]))
/// ```
///
/// A type is named whole, as in `agent.task.created`, or by its last words, as in `created` or `task.created`, however the
/// words are put together: `task_created` and `TaskCreated` name it as well.
public struct EventFilter: Sendable, Hashable {
    /// The least priority that is wanted.
    public var minimumPriority: Priority
    /// The types that are wanted; nil is all of them.
    public var enabledEvents: Set<String>?
    /// The types that are not wanted, even if they are enabled.
    public var disabledEvents: Set<String>
    /// Whether events with a word `audit` in their type are wanted.
    public var allowsAuditEvents: Bool
    /// Whether events with a word `performance` in their type are wanted.
    public var allowsPerformanceEvents: Bool

    /// Creates a filter; what is left out lets everything through.
    public init(
        minimumPriority: Priority = .low,
        enabledEvents: Set<String>? = nil,
        disabledEvents: Set<String> = [],
        allowsAuditEvents: Bool = true,
        allowsPerformanceEvents: Bool = true
    ) {
        self.minimumPriority = minimumPriority
        self.enabledEvents = enabledEvents
        self.disabledEvents = disabledEvents
        self.allowsAuditEvents = allowsAuditEvents
        self.allowsPerformanceEvents = allowsPerformanceEvents
    }

    /// Creates a filter from `A2A_EVENT_FILTER_LEVEL` (a priority), `A2A_ENABLE_AUDIT_EVENTS` and
    /// `A2A_ENABLE_PERFORMANCE_EVENTS` (`true` or `false`); what is not set lets everything through.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, naming every variable with another value.
    public init(environment: [String: String]) throws(OmnibusError) {
        self.init()
        var findings: [String] = []
        if let text = environment["A2A_EVENT_FILTER_LEVEL"] {
            if let priority = Priority(name: text.lowercased()) {
                self.minimumPriority = priority
            } else {
                findings.append("A2A_EVENT_FILTER_LEVEL must be low, normal, high or critical")
            }
        }
        func read(_ name: String, _ place: WritableKeyPath<EventFilter, Bool>) {
            guard let text = environment[name] else { return }
            switch text.lowercased() {
            case "true", "1", "yes", "on": self[keyPath: place] = true
            case "false", "0", "no", "off": self[keyPath: place] = false
            default: findings.append("\(name) must be true or false")
            }
        }
        read("A2A_ENABLE_AUDIT_EVENTS", \.allowsAuditEvents)
        read("A2A_ENABLE_PERFORMANCE_EVENTS", \.allowsPerformanceEvents)
        guard findings.isEmpty else {
            throw OmnibusError(.invalidSettings, "Invalid environment: \(findings.joined(separator: "; ")).")
        }
    }

    /// Whether a message is wanted.
    public func allows(_ message: Message) -> Bool {
        guard message.priority.rawValue >= self.minimumPriority.rawValue else { return false }
        let words = NameWords.split(message.type.rawValue)
        if !self.allowsAuditEvents, words.contains("audit") { return false }
        if !self.allowsPerformanceEvents, words.contains("performance") { return false }
        if self.disabledEvents.contains(where: { Self.names($0, words) }) { return false }
        guard let enabled = self.enabledEvents else { return true }
        return enabled.contains { Self.names($0, words) }
    }

    /// The filter around every publish: what is not wanted goes nowhere, and its receipt says that nobody matched.
    public var publishMiddleware: PublishMiddleware { .filtering("filter") { self.allows($0) } }

    /// The filter as a subscription's predicate.
    public var predicate: MessagePredicate { MessagePredicate("\(self)") { self.allows($0) } }

    private static func names(_ name: String, _ type: [String]) -> Bool {
        let words = NameWords.split(name)
        return !words.isEmpty && words.count <= type.count && type.suffix(words.count).elementsEqual(words)
    }
}
