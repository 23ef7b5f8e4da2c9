// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// Which dead letters are meant: those that every condition is true for.
///
/// ```swift
/// let filter = DeadLetterFilter(topics: "invoices.#", group: .named("booking"), reasons: [.retriesExhausted])
/// let report = try await bus.deadLetters.redrive(where: filter)
/// ```
public struct DeadLetterFilter: Sendable, Hashable {
    /// Which groups a filter means.
    public enum Group: Sendable, Hashable {
        /// All of them, and subscriptions without a group.
        case any
        /// Subscriptions without a group alone.
        case ungrouped
        /// The group of that name alone.
        case named(String)
    }

    /// The topics that the messages were published to.
    public var topics: TopicPattern
    /// Who gave up.
    public var group: Group
    /// Why the messages were given up on; nil is for whatever reason, the empty set for none.
    public var reasons: Set<DeadLetter.Reason.Kind>?
    /// The type of the last error, by its name; for the bus's own errors their code may follow, such as
    /// `OmnibusError.timeout`. Nil is whatever it was.
    public var errorType: String?
    /// The first moment at which they were given up on; nil is since ever.
    public var from: Timestamp?
    /// The moment before which they were given up on; nil is until now.
    public var before: Timestamp?
    /// How many attempts were made at least.
    public var minimumAttempts: Int

    /// Creates a filter; what is left out is true for every dead letter.
    public init(
        topics: TopicPattern = "#",
        group: Group = .any,
        reasons: Set<DeadLetter.Reason.Kind>? = nil,
        errorType: String? = nil,
        from: Timestamp? = nil,
        before: Timestamp? = nil,
        minimumAttempts: Int = 0
    ) {
        self.topics = topics
        self.group = group
        self.reasons = reasons
        self.errorType = errorType
        self.from = from
        self.before = before
        self.minimumAttempts = minimumAttempts
    }

    /// The filter that is true for every dead letter.
    public static let all = DeadLetterFilter()

    /// Whether a dead letter is meant.
    ///
    /// - Complexity: that of matching the topic against the pattern.
    public func matches(_ letter: DeadLetter) -> Bool {
        if letter.attemptCount < self.minimumAttempts { return false }
        if let from = self.from, letter.time < from { return false }
        if let before = self.before, letter.time >= before { return false }
        if let reasons = self.reasons, !reasons.contains(letter.reason.kind) { return false }
        switch self.group {
        case .any: break
        case .ungrouped: if letter.group != nil { return false }
        case .named(let name): if letter.group != name { return false }
        }
        if let errorType = self.errorType {
            guard let error = letter.lastError, error.errorType == errorType || error.errorName == errorType else {
                return false
            }
        }
        return self.topics.matches(letter.message.topic)
    }

    /// The same filter for dead letters that were given up on at a moment or before it.
    package func notAfter(_ time: Timestamp) -> DeadLetterFilter {
        var copy = self
        // A nanosecond is the step of timestamps; at their very end nothing is later.
        let end = time == .latest ? nil : time + .nanoseconds(1)
        copy.before = [self.before, end].compactMap { $0 }.min()
        return copy
    }

    /// The same filter for dead letters that were given up on at a moment or after it.
    package func notBefore(_ time: Timestamp) -> DeadLetterFilter {
        var copy = self
        copy.from = max(self.from ?? time, time)
        return copy
    }
}
