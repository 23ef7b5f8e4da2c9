// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

/// What publishers and handlers have seen of a bus, in order, to be judged against what the bus promises.
///
/// A plain value: whoever records from several tasks keeps it behind a lock. Names of messages, publishers and groups
/// are the test's own; a message's name is unique.
///
/// ```swift
/// history.record(.began(group: "workers", pattern: "job.*", rules: .init(keepsOrder: true)))
/// history.record(.published("a1", by: "a", topic: "job.step", key: nil))
/// history.record(.accepted("a1", matched: 1))
/// history.record(.handed("a1", to: "workers", member: "w1", attempt: 1))
/// history.record(.settled("a1", by: "workers", .acknowledged))
/// #expect(history.findings().isEmpty)
/// ```
public struct DeliveryHistory: Sendable {
    /// What a group may expect of its messages.
    public struct Rules: Sendable, Hashable {
        /// Whether first attempts come in the order in which each publisher published: one handler at a time. Where
        /// keys are exclusive, each key has an order of its own, and so have the messages without one.
        public var keepsOrder: Bool
        /// Whether messages of one key are handled one at a time and in order, the retries of each one included.
        public var keysAreExclusive: Bool
        /// Whether nothing is handed over before the message before it is done, its retries included.
        public var isStrict: Bool
        /// After how many attempts a message is given up on; nil leaves it unjudged.
        public var maximumAttempts: Int?
        /// Whether the queue may drop messages when it is full.
        public var mayDrop: Bool
        /// How long a handler that settles by returning may take before its attempt has failed; nil leaves it unjudged.
        public var timeout: Duration?
        /// How many attempts may begin in a span of time; nil is as many as there are.
        public var throttle: Throttle?
        /// When nothing is handed over because attempts have failed; nil is never. It is for handlers that settle by
        /// returning.
        public var circuitBreaker: CircuitBreaker?
        /// The keys of the messages that the group's predicate wants; nil is all, and none is without a key.
        public var wantedKeys: Set<String>?

        /// Creates rules; those left out are the least that a bus promises.
        public init(
            keepsOrder: Bool = false,
            keysAreExclusive: Bool = false,
            isStrict: Bool = false,
            maximumAttempts: Int? = nil,
            mayDrop: Bool = false,
            timeout: Duration? = nil,
            throttle: Throttle? = nil,
            circuitBreaker: CircuitBreaker? = nil,
            wantedKeys: Set<String>? = nil
        ) {
            self.keepsOrder = keepsOrder
            self.keysAreExclusive = keysAreExclusive
            self.isStrict = isStrict
            self.maximumAttempts = maximumAttempts
            self.mayDrop = mayDrop
            self.timeout = timeout
            self.throttle = throttle
            self.circuitBreaker = circuitBreaker
            self.wantedKeys = wantedKeys
        }
    }

    /// What became of one attempt.
    public enum Outcome: Sendable, Hashable {
        /// The handler has returned, or has acknowledged.
        case acknowledged
        /// The handler has thrown, or has said that the message should come again.
        case failed
        /// The handler was cancelled because its time is over: the attempt has failed, whatever the handler does then.
        case timedOut
        /// The handler has rejected the message, which becomes a dead letter.
        case rejected
        /// The message goes back without counting an attempt.
        case released
        /// The settlement came too late and was refused: the delivery had been taken back.
        case lost
        /// The handler cannot tell whether its settlement counts, and nothing is concluded from it.
        case unclear
    }

    /// One thing that has happened.
    public enum Entry: Sendable, Hashable {
        /// A group listens: its first subscribe call has returned.
        case began(group: String, pattern: TopicPattern, rules: Rules)
        /// A group is about to end: what waits for it may be abandoned.
        case ending(group: String)
        /// A member of a group is about to be cancelled: what it holds may be taken back, without counting an attempt.
        case leaving(member: String, of: String)
        /// A member of a group was paused or cancelled, and the call has returned: nothing starts there.
        case stopped(member: String, of: String)
        /// A paused member is about to go on.
        case resumed(member: String, of: String)
        /// A publish call begins; each priority has an order of its own.
        case published(
            String,
            by: String,
            topic: Topic,
            key: String?,
            priority: Priority = .normal,
            expires: Bool = false
        )
        /// A publish call has returned, or has reported that the groups named here have not accepted.
        case accepted(String, matched: Int?, missing: [String] = [])
        /// A publish call has thrown, and nobody has the message.
        case refused(String)
        /// A publish call has reported that some groups have not accepted, and whoever repeats it goes on with it: nobody
        /// can tell who will have the message, and when.
        case unfinished(String)
        /// A topic notices repetitions from now on.
        case remembers(Topic, DeduplicationWindow)
        /// The message whose publish call has begun brings an id of its own, which others may bring as well.
        case identified(String, id: String)
        /// A publish call has returned, and has said that the message had been accepted before.
        case duplicate(String)
        /// A message, whose publish call has begun, is to be delivered at a time and not before. It has no place in its
        /// publisher's order.
        case scheduled(String, due: Duration)
        /// A message that waited for its time was cancelled, and the call has said that it was in time.
        case cancelled(String)
        /// A handler starts. `lease` is the time at which the delivery is taken back if it is not settled.
        case handed(String, to: String, member: String, attempt: Int? = nil, lease: Duration? = nil)
        /// A topic keeps a history from now on; each message that it accepts has the next offset, from 0.
        case keeps(Topic)
        /// A group has begun to read a topic's history at one of these offsets.
        case reading(group: String, Topic, from: ClosedRange<Int64>)
        /// The message of a history that was just handed over for the first time, and how many the reader was told that
        /// it has missed before.
        case read(String, at: String, offset: Int64, missed: Int)
        /// The message that was just handed over stands for others too, the oldest first, which were merged into it.
        case coalesced([String], into: String, at: String)
        /// The lease of a delivery, by its number, was set anew.
        case extended(String, at: String, delivery: Int, lease: Duration)
        /// A handler has settled its delivery: the last one, or the one of this number. The first time that a message
        /// is handed to a group is 1, the next one is 2, whatever came between.
        case settled(String, by: String, Outcome, delivery: Int? = nil)
        /// A dead letter is about to be handed to its group again.
        case redriven(String, to: String)
        /// The redrive of a dead letter has thrown, and the dead letter is still there.
        case kept(String, of: String)
        /// A dead letter was found, at the end.
        case deadLetter(String, of: String, reason: String)
    }

    /// An entry and when it came.
    public struct Record: Sendable, Hashable, CustomStringConvertible {
        /// The time of the clock in use.
        public var uptime: Duration
        /// What has happened.
        public var entry: Entry

        /// The time in milliseconds, and what has happened.
        public var description: String {
            let (seconds, attoseconds) = self.uptime.components
            return "\(seconds * 1_000 + attoseconds / 1_000_000_000_000_000) ms: \(self.entry)"
        }
    }

    /// Everything that was recorded, in order.
    public private(set) var records: [Record] = []

    /// Creates an empty history.
    public init() {}

    /// Adds what has happened.
    ///
    /// - Parameter uptime: the time of the clock in use; without it, leases are not judged.
    public mutating func record(_ entry: Entry, at uptime: Duration = .zero) {
        self.records.append(Record(uptime: uptime, entry: entry))
    }

    /// Judges the history: what it says against what the bus promises.
    ///
    /// - Parameter isComplete: whether everything has come to its end: nothing waits, nothing is in flight, and the dead
    ///   letters are recorded. Only then can something be missing.
    /// - Returns: what is wrong, in the order of the history; what is missing comes last.
    /// - Complexity: O(records), and O(messages × groups) for what is missing.
    public func findings(isComplete: Bool = true) -> [HistoryFinding] {
        var checker = HistoryChecker()
        for record in self.records { checker.add(record) }
        if isComplete { checker.finish() }
        return checker.findings
    }
}

/// Something in a history that the bus has promised not to do.
public struct HistoryFinding: Sendable, Hashable, CustomStringConvertible {
    /// What kind of promise was broken.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An accepted message was neither handled nor given up on.
        case loss
        /// A message was handed to a group that had acknowledged it.
        case duplicate
        /// A message was handed to a group that it was not published to, or to a member that was stopped.
        case phantom
        /// First attempts came in another order than the publisher's.
        case order
        /// Two messages of one key were handled at once, or one between the attempts of another.
        case keyExclusivity
        /// Attempts were not 1, 2, 3, … or more than allowed, or overlapped.
        case attempts
        /// A message that was given up on is no dead letter, or a dead letter was not given up on.
        case deadLetter
        /// A handler was not cancelled when its time was over, or before.
        case timeout
        /// More attempts began in a span of time than the throttle allows.
        case throttle
        /// An attempt began while the circuit breaker was open, or one more than it tries.
        case circuitBreaker
        /// A message was handed over before its time.
        case early
        /// A reader has missed messages of a history, and was not told of as many.
        case gap
        /// The counts do not say what has happened.
        case accounting
    }

    /// What kind of promise was broken.
    public var kind: Kind
    /// The group that it was broken for; empty where it concerns none.
    public var group: String
    /// What was found.
    public var text: String

    /// Creates a finding.
    public init(_ kind: Kind, group: String = "", _ text: String) {
        self.kind = kind
        self.group = group
        self.text = text
    }

    /// The kind, the group and what was found.
    public var description: String {
        self.group.isEmpty
            ? "\(self.kind.rawValue): \(self.text)" : "\(self.kind.rawValue) at \(self.group): \(self.text)"
    }
}
