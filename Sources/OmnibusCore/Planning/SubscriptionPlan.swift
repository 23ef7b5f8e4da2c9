// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Who does what for one subscription: the provider, or the bus in its place.
///
/// It follows from what the provider declares and from what the subscription asks for. No duty is done twice: a
/// subscription for which the bus does anything that belongs to its queue has its queue in the bus.
///
/// ```swift
/// print(try bus.plan(for: "orders.*", group: "billing"))
/// ```
public struct SubscriptionPlan: Sendable, Hashable {
    /// Something that a subscription needs somebody to do.
    public struct Duty: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The name of the duty, as it stands in the table.
        public let rawValue: String

        /// Creates a duty from its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The name of the duty, for people.
        public var description: String { self.rawValue }

        /// Sharing the messages among the members of a group.
        public static let groups = Self(rawValue: "groups")
        /// Matching topics with `*` and `#`.
        public static let wildcards = Self(rawValue: "wildcards")
        /// Asking a predicate which messages are wanted.
        public static let predicate = Self(rawValue: "predicate")
        /// Handing out again what a receiver had that is gone.
        public static let acknowledgement = Self(rawValue: "acknowledgement")
        /// Delivering again after a delay when a handler fails.
        public static let retry = Self(rawValue: "retry")
        /// Numbering the attempts.
        public static let attempts = Self(rawValue: "attempts")
        /// Taking back what is not settled in time.
        public static let ackDeadline = Self(rawValue: "ack deadline")
        /// Keeping what was given up on.
        public static let deadLetters = Self(rawValue: "dead letters")
        /// Giving up on what is too old.
        public static let timeToLive = Self(rawValue: "time to live")
        /// Letting urgent messages overtake.
        public static let priority = Self(rawValue: "priority")
        /// Handling the messages of one key one at a time.
        public static let keys = Self(rawValue: "keys")
        /// Handling one message after the other, each to its end.
        public static let strictOrder = Self(rawValue: "strict order")
        /// Stopping and going on.
        public static let pause = Self(rawValue: "pause")
        /// Bounding what waits.
        public static let bounds = Self(rawValue: "bounds")
        /// Handling so many in a span of time, and stopping for a while when handling keeps failing.
        public static let throttle = Self(rawValue: "throttle")
        /// Counting what becomes of the messages.
        public static let counting = Self(rawValue: "counting")
    }

    /// Who does a duty.
    public enum Performer: Sendable, Hashable, CustomStringConvertible {
        /// The provider.
        case provider
        /// The bus, in this process.
        case bus
        /// Nobody: it was not asked for, or it is done without.
        case nobody
        /// Nobody can, and the subscription cannot do without; the reason is for people.
        case unsupported(String)

        /// The word in the table.
        public var description: String {
            switch self {
            case .provider: "provider"
            case .bus: "bus"
            case .nobody: "nobody"
            case .unsupported: "unsupported"
            }
        }
    }

    /// One line of the plan.
    public struct Assignment: Sendable, Hashable {
        /// What is to be done.
        public var duty: Duty
        /// Who does it.
        public var performer: Performer
        /// How, or why nobody does, in a few words for people.
        public var note: String

        /// Creates a line.
        public init(_ duty: Duty, _ performer: Performer, _ note: String = "") {
            self.duty = duty
            self.performer = performer
            self.note = note
        }
    }

    /// The provider's name.
    public let provider: String
    /// The pattern that is subscribed to.
    public let pattern: TopicPattern
    /// The group; nil for a group of one.
    public let group: String?
    /// What the provider is asked for: the pattern itself, or one that contains it, whose other messages the bus drops.
    public let providerPattern: TopicPattern
    /// Whether the subscription's queue is in the bus; if not, the provider's deliveries go to the handler as they are.
    public let isHosted: Bool
    /// Every duty, in a fixed order.
    public let assignments: [Assignment]
    /// Whether the provider assigns keys to members, which it has to be asked for.
    let isAssigningKeys: Bool

    package init(
        provider: String,
        pattern: TopicPattern,
        group: String?,
        providerPattern: TopicPattern,
        isHosted: Bool,
        isAssigningKeys: Bool,
        assignments: [Assignment]
    ) {
        self.provider = provider
        self.pattern = pattern
        self.group = group
        self.providerPattern = providerPattern
        self.isHosted = isHosted
        self.isAssigningKeys = isAssigningKeys
        self.assignments = assignments
    }

    /// Tells who does a duty; nobody does what the plan does not name.
    public subscript(duty: Duty) -> Performer {
        self.assignments.first { $0.duty == duty }?.performer ?? .nobody
    }

    /// Whether nothing is asked for that nobody can do.
    public var isPossible: Bool {
        !self.assignments.contains { if case .unsupported = $0.performer { true } else { false } }
    }

    /// Whether the bus drops messages that the provider hands out and the pattern does not match.
    package var isFiltering: Bool { self.providerPattern != self.pattern }
}

extension SubscriptionPlan: CustomStringConvertible {
    /// The plan as a table with aligned columns, for people.
    public var description: String {
        let group = self.group.map { "group '\($0)' of " } ?? ""
        let rows = self.assignments.map { assignment in
            var note = assignment.note
            if case .unsupported(let reason) = assignment.performer { note = reason }
            return (assignment.duty.rawValue, assignment.performer.description, note)
        }
        let first = rows.reduce(4) { max($0, $1.0.utf8.count) }
        let second = rows.reduce(4) { max($0, $1.1.utf8.count) }
        var lines = ["\(group)'\(self.pattern)' on '\(self.provider)'"]
        for (duty, performer, note) in [("duty", "who", "how")] + rows {
            lines.append("\(duty.padded(to: first))  \(performer.padded(to: second))  \(note)".withoutTrailingSpaces)
        }
        return lines.joined(separator: "\n")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - self.utf8.count))
    }

    fileprivate var withoutTrailingSpaces: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
