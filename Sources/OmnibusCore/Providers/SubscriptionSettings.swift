// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// What a subscription asks of a provider.
///
/// Members of one group share one stream of messages, so all of them must ask for the same.
public struct SubscriptionSettings: Sendable, Hashable {
    /// The group to join; nil makes the subscription a group of one.
    public var group: String?
    /// Where to start; nil goes on where a named group had got to, and starts at the latest otherwise.
    public var start: StartPosition?
    /// How much may wait in the group's queue.
    public var bounds: QueueBounds
    /// What happens to a publish that finds the queue full.
    public var overflow: OverflowPolicy
    /// What is handled one at a time and in order.
    public var ordering: Ordering
    /// Which messages the group wants; nil is all. Members are compared by its name.
    public var predicate: MessagePredicate?
    /// How many times a message is delivered at most before it is given up on; nil is without end.
    public var maximumAttempts: Int?
    /// How long a delivery that a handler settles itself may stay unsettled; nil is for ever.
    public var ackDeadline: Duration?
    /// How many messages are handed out at most in a span of time; nil is as many as are asked for.
    public var throttle: Throttle?
    /// When the group stops to hand out messages because its handlers keep failing; nil is never.
    public var circuitBreaker: CircuitBreaker?
    /// What else the members of a group must agree on: when they acknowledge, and what they do about failures.
    ///
    /// Providers only compare it.
    public var handling: String?
    /// The call that subscribed, for reports about a slow or full queue.
    public var callSite: CallSite?

    /// Creates settings; those left out are the defaults.
    public init(
        group: String? = nil,
        start: StartPosition? = nil,
        bounds: QueueBounds = QueueBounds(),
        overflow: OverflowPolicy = .suspend(),
        ordering: Ordering = .key,
        predicate: MessagePredicate? = nil,
        maximumAttempts: Int? = nil,
        ackDeadline: Duration? = nil,
        throttle: Throttle? = nil,
        circuitBreaker: CircuitBreaker? = nil,
        handling: String? = nil,
        callSite: CallSite? = nil
    ) {
        self.group = group
        self.start = start
        self.bounds = bounds
        self.overflow = overflow
        self.ordering = ordering
        self.predicate = predicate
        self.maximumAttempts = maximumAttempts
        self.ackDeadline = ackDeadline
        self.throttle = throttle
        self.circuitBreaker = circuitBreaker
        self.handling = handling
        self.callSite = callSite
    }

    /// Whether anything limits how fast messages are handed over.
    package var hasGates: Bool { self.throttle != nil || self.circuitBreaker != nil }

    /// Checks that the settings make sense.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, naming every setting that is out of range.
    public func validate() throws(OmnibusError) {
        var findings = self.bounds.findings
        if let group = self.group, group.isEmpty || group.utf8.count > 255 || group.utf8.contains(where: { $0 < 0x20 })
        {
            findings.append(
                "'group' must have 1 to 255 bytes and no control characters; leave it out for a group of one"
            )
        }
        if let attempts = self.maximumAttempts, attempts < 1 {
            findings.append("'maximumAttempts' is \(attempts); it must be positive, or left out")
        }
        if let deadline = self.ackDeadline, deadline <= .zero {
            findings.append("'ackDeadline' is \(deadline); it must be positive, or left out")
        }
        if case .suspend(let limit) = self.overflow, limit <= .zero {
            findings.append("'overflow' suspends for at most \(limit); it must be positive, or use .reject")
        }
        findings += self.throttle?.findings ?? []
        findings += self.circuitBreaker?.findings ?? []
        guard findings.isEmpty else {
            throw OmnibusError(.invalidSettings, "Invalid subscription settings: \(findings.joined(separator: "; ")).")
        }
    }
}

/// Where a subscription starts to read.
///
/// On topics that keep no history every position is ``latest``.
public enum StartPosition: Sendable, Hashable {
    /// What is published from now on.
    case latest
    /// The oldest message that is kept.
    case earliest
    /// The message with an offset, of a topic that has one partition; where it was removed, the next one that is kept.
    case offset(Int64)
    /// The first message that was accepted at a time or after it.
    case time(Timestamp)
    /// The newest message of each topic, and then whatever is published.
    case lastPerTopic
}

/// The place in a program from which a call was made.
public struct CallSite: Sendable, Hashable, CustomStringConvertible {
    /// The file, as `Module/File.swift`.
    public var file: String
    /// The number of the line in the file, the first being 1.
    public var line: Int

    /// Creates a place in the source from file and line.
    public init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    /// The place as `Module/File.swift:12`.
    public var description: String { "\(self.file):\(self.line)" }
}
