// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// What the bus does unless a call says otherwise: the section `bus`.
    public struct Bus: Sendable, Hashable {
        /// Where messages come from that do not say so: `source`.
        public var source: String?
        /// How long a handler may take for one attempt: `handler_timeout`.
        public var handlerTimeout: Duration?
        /// What happens when a handler throws: `failure_policy`.
        public var failurePolicy: Retrying?
        /// How much may wait for a subscription, and what happens then: `queue`.
        public var queue: Queue?
        /// Whether a line is printed for each publish, delivery and settlement: `debug_events`.
        public var debugEvents: Bool?
        /// How many published messages the bus remembers, for their causes: `remembered_messages`.
        public var rememberedMessages: Int?

        /// Creates the section; what is left out has its default.
        public init(
            source: String? = nil,
            handlerTimeout: Duration? = nil,
            failurePolicy: Retrying? = nil,
            queue: Queue? = nil,
            debugEvents: Bool? = nil,
            rememberedMessages: Int? = nil
        ) {
            self.source = source
            self.handlerTimeout = handlerTimeout
            self.failurePolicy = failurePolicy
            self.queue = queue
            self.debugEvents = debugEvents
            self.rememberedMessages = rememberedMessages
        }
    }

    /// How often, and after how long, a failed message comes again.
    public struct Retrying: Sendable, Hashable {
        /// How many times a message is handed to the handler in all: `attempts`.
        public var attempts: Int
        /// How long to wait between attempts: `schedule` and what belongs to it.
        public var schedule: RetrySchedule

        /// Creates the section; what is left out has its default.
        public init(attempts: Int = 5, schedule: RetrySchedule = .exponential()) {
            self.attempts = attempts
            self.schedule = schedule
        }
    }

    /// The bounds of a queue.
    public struct Queue: Sendable, Hashable {
        /// What happens to a publish that finds a queue full.
        public enum WhenFull: String, Sendable, Hashable, CaseIterable {
            /// The publisher waits.
            case suspend
            /// The publisher gets an error.
            case reject
            /// The oldest waiting message makes room.
            case dropOldest = "drop_oldest"
            /// The new message is dropped.
            case dropNewest = "drop_newest"
        }

        /// How many messages may wait: `max_messages`.
        public var maximumCount: Int?
        /// How many bytes may wait: `max_bytes`.
        public var maximumBytes: Int?
        /// How many messages beyond that handlers may publish: `cascade`.
        public var cascade: Int?
        /// How many messages may wait behind held keys: `parked`.
        public var parked: Int?
        /// How many of these may wait behind one key: `parked_per_key`.
        public var parkedPerKey: Int?
        /// What happens to a publish that finds the queue full: `when_full`.
        public var whenFull: WhenFull?
        /// How long a publisher waits at most, where it waits: `wait_at_most`.
        public var waitAtMost: Duration?

        /// Creates the section; what is left out has its default.
        public init(
            maximumCount: Int? = nil,
            maximumBytes: Int? = nil,
            cascade: Int? = nil,
            parked: Int? = nil,
            parkedPerKey: Int? = nil,
            whenFull: WhenFull? = nil,
            waitAtMost: Duration? = nil
        ) {
            self.maximumCount = maximumCount
            self.maximumBytes = maximumBytes
            self.cascade = cascade
            self.parked = parked
            self.parkedPerKey = parkedPerKey
            self.whenFull = whenFull
            self.waitAtMost = waitAtMost
        }
    }
}

extension Configuration.Bus {
    init(_ section: inout ConfigurationSection) {
        self.init(
            source: section.value("source", .text()),
            handlerTimeout: section.value("handler_timeout", .duration()),
            failurePolicy: section.section("failure_policy") { Configuration.Retrying(&$0) },
            queue: section.section("queue") { Configuration.Queue(&$0) },
            debugEvents: section.value("debug_events", .boolean),
            rememberedMessages: section.value("remembered_messages", .integer(0...10_000_000))
        )
    }

    func write(_ writer: inout NodeWriter) {
        writer.add("source", self.source)
        writer.add("handler_timeout", self.handlerTimeout)
        writer.add("failure_policy", self.failurePolicy) { $0.write(&$1) }
        writer.add("queue", self.queue) { $0.write(&$1) }
        writer.add("debug_events", self.debugEvents)
        writer.add("remembered_messages", self.rememberedMessages)
    }
}

extension Configuration.Retrying {
    init(_ section: inout ConfigurationSection) {
        self.init()
        self.attempts = section.value("attempts", .integer(1...1_000_000)) ?? self.attempts
        let name = section.value("schedule", .choice(["exponential", "linear", "fixed", "none"])) ?? "exponential"
        let initial = section.value("initial", .duration(fromZero: true)) ?? .seconds(1)
        let multiplier = section.value("multiplier", .number(1...1_000)) ?? 2
        let step = section.value("step", .duration(fromZero: true)) ?? .seconds(1)
        let cap = section.value("cap", .duration(fromZero: true)) ?? .seconds(300)
        let jitters: [(String, RetrySchedule.Jitter)] = [("none", .none), ("full", .full), ("equal", .equal)]
        let jitter = section.value("jitter", .choice(jitters))
        let delays = section.value("delays", .list(of: .duration(fromZero: true), "a list of durations"))
        let last = section.value("then", .duration(fromZero: true))
        let belongs: [String: Set<String>] = [
            "exponential": ["initial", "multiplier", "cap", "jitter"], "linear": ["initial", "step", "cap", "jitter"],
            "fixed": ["delays", "then"], "none": [],
        ]
        for key in ["initial", "multiplier", "step", "cap", "jitter", "delays", "then"]
        where belongs[name]?.contains(key) == false {
            section.contradict(key, found: "what the schedule '\(name)' has no use for", expected: "nothing")
        }
        switch name {
        case "none": self.schedule = .none
        case "linear": self.schedule = .linear(initial: initial, step: step, cap: cap, jitter: jitter ?? .none)
        case "fixed":
            if !section.has("delays") {
                section.missing("delays", expected: "a list of durations, which the schedule 'fixed' waits for")
            }
            self.schedule = .fixed(delays ?? [], then: last ?? delays?.last ?? .zero)
        default:
            self.schedule = .exponential(initial: initial, multiplier: multiplier, cap: cap, jitter: jitter ?? .full)
        }
    }

    func write(_ writer: inout NodeWriter) {
        writer.add("attempts", self.attempts)
        func jitter(_ writer: inout NodeWriter) {
            switch self.schedule.jitter {
            case .none: writer.add("jitter", "none")
            case .full: writer.add("jitter", "full")
            case .equal: writer.add("jitter", "equal")
            }
        }
        switch self.schedule.kind {
        case .none:
            writer.add("schedule", "none")
        case .exponential(let initial, let multiplier, let cap):
            writer.add("schedule", "exponential")
            writer.add("initial", initial)
            writer.add("multiplier", multiplier)
            writer.add("cap", cap)
            jitter(&writer)
        case .linear(let initial, let step, let cap):
            writer.add("schedule", "linear")
            writer.add("initial", initial)
            writer.add("step", step)
            writer.add("cap", cap)
            jitter(&writer)
        case .fixed(let delays, let last):
            writer.add("schedule", "fixed")
            writer.add("delays", ConfigurationNode(.list(delays.map(DurationText.node))))
            writer.add("then", last)
        }
    }

    /// The policy that the section stands for.
    package var policy: FailurePolicy { FailurePolicy(attempts: self.attempts, schedule: self.schedule) }
}

extension Configuration.Queue {
    init(_ section: inout ConfigurationSection) {
        let count = 1...Int(Int32.max)
        let choices = WhenFull.allCases.map { ($0.rawValue, $0) }
        self.init(
            maximumCount: section.value("max_messages", .integer(count)),
            maximumBytes: section.value("max_bytes", .size(1...(1 << 40))),
            cascade: section.value("cascade", .integer(0...Int(Int32.max))),
            parked: section.value("parked", .integer(count)),
            parkedPerKey: section.value("parked_per_key", .integer(count)),
            whenFull: section.value("when_full", .choice(choices)),
            waitAtMost: section.value("wait_at_most", .duration())
        )
        if let whenFull = self.whenFull, whenFull != .suspend {
            section.contradict(
                "wait_at_most",
                found: "a limit on waiting",
                expected: "nothing, because with 'when_full: \(whenFull.rawValue)' nobody waits"
            )
        }
    }

    func write(_ writer: inout NodeWriter) {
        writer.add("max_messages", self.maximumCount)
        writer.add("max_bytes", self.maximumBytes)
        writer.add("cascade", self.cascade)
        writer.add("parked", self.parked)
        writer.add("parked_per_key", self.parkedPerKey)
        writer.add("when_full", self.whenFull?.rawValue)
        writer.add("wait_at_most", self.waitAtMost)
    }

    /// The bounds that the section stands for, beside those that are the default.
    package func bounds(_ defaults: QueueBounds) -> QueueBounds {
        guard
            self.maximumCount != nil || self.maximumBytes != nil || self.cascade != nil || self.parked != nil
                || self.parkedPerKey != nil
        else { return defaults }
        return QueueBounds(
            count: self.maximumCount ?? defaults.count,
            bytes: self.maximumBytes ?? defaults.bytes,
            cascade: self.cascade ?? (self.maximumCount == nil ? defaults.cascade : nil),
            parked: self.parked ?? (self.maximumCount == nil ? defaults.parked : nil),
            parkedPerKey: self.parkedPerKey
                ?? (self.maximumCount == nil && self.parked == nil ? defaults.parkedPerKey : nil)
        )
    }

    /// The policy that the section stands for; nil where it says nothing of it.
    package var overflow: OverflowPolicy? {
        switch self.whenFull {
        case .suspend: self.waitAtMost.map { .suspend(atMost: $0) } ?? .suspend()
        case .reject: .reject
        case .dropOldest: .dropOldest
        case .dropNewest: .dropNewest
        case nil: self.waitAtMost.map { .suspend(atMost: $0) }
        }
    }
}
