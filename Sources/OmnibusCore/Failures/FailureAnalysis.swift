// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// What dead letters have in common: how many there are by error, topic, group, reason and time.
///
/// Printed, it is a table. It holds names, numbers and times, and nothing of any payload.
///
/// ```swift
/// print(try bus.deadLetters.analyze(within: .seconds(86_400)))
/// ```
public struct FailureAnalysis: Sendable, Hashable {
    /// The dead letters that share an error, a topic, a group or a reason.
    public struct Finding: Sendable, Hashable {
        /// What they share; nil are those that have none, such as no error or no group.
        public let name: String?
        /// How many there are.
        public fileprivate(set) var count: Int
        /// When the first of them was given up on.
        public fileprivate(set) var first: Timestamp
        /// When the last of them was given up on.
        public fileprivate(set) var last: Timestamp
        /// The latest of them, to look at.
        public fileprivate(set) var sample: DeadLetter.ID

        fileprivate init(_ name: String?, _ letter: DeadLetter) {
            self.name = name
            self.count = 1
            self.first = letter.time
            self.last = letter.time
            self.sample = letter.id
        }

        fileprivate mutating func add(_ letter: DeadLetter) {
            self.count += 1
            self.first = min(self.first, letter.time)
            if letter.time >= self.last {
                self.last = letter.time
                self.sample = letter.id
            }
        }
    }

    /// How many dead letters there were in one stretch of time.
    public struct Interval: Sendable, Hashable {
        /// When the stretch begins: a whole number of stretches after 1970-01-01T00:00:00Z.
        public let start: Timestamp
        /// How many letters it has, when the first and the last of them came, and one of them.
        public fileprivate(set) var finding: Finding

        /// How many messages were given up on in it.
        public var count: Int { self.finding.count }
    }

    /// How many dead letters were counted.
    public private(set) var total = 0
    /// When the first of them was given up on; nil where there are none.
    public private(set) var first: Timestamp?
    /// When the last of them was given up on; nil where there are none.
    public private(set) var last: Timestamp?
    /// How long each stretch of ``byTime`` is.
    public let interval: Duration
    /// By the name of the last error, the most frequent first; for the bus's own errors with their code.
    public private(set) var byError: [Finding] = []
    /// By topic, the most frequent first.
    public private(set) var byTopic: [Finding] = []
    /// By the group that gave up, the most frequent first.
    public private(set) var byGroup: [Finding] = []
    /// By the kind of reason, the most frequent first.
    public private(set) var byReason: [Finding] = []
    /// By time, in order; stretches without dead letters are left out.
    public private(set) var byTime: [Interval] = []

    /// The stretch of time with the most dead letters, the first of them where several have as many.
    public var peak: Interval? {
        self.byTime.reduce(nil) { peak, interval in
            if let peak, peak.count >= interval.count { peak } else { interval }
        }
    }

    /// Analyses dead letters.
    ///
    /// - Parameter interval: how long the stretches of time are that letters are counted by.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for an interval that is not above zero.
    /// - Complexity: O(letters), and sorting what they have in common.
    public init(
        of letters: some Sequence<DeadLetter>,
        every interval: Duration = .seconds(3_600)
    ) throws(OmnibusError) {
        var tally = try Tally(every: interval)
        for letter in letters { tally.add(letter) }
        self = tally.analysis
    }

    private init(interval: Duration) {
        self.interval = interval
    }

    /// Counts letters as they come.
    package struct Tally: Sendable {
        private let interval: Duration
        private var total = Finding?.none
        private var errors: [String?: Finding] = [:]
        private var topics: [String?: Finding] = [:]
        private var groups: [String?: Finding] = [:]
        private var reasons: [String?: Finding] = [:]
        private var times: [Timestamp: Finding] = [:]

        package init(every interval: Duration) throws(OmnibusError) {
            guard interval > .zero else {
                throw OmnibusError(
                    .invalidSettings,
                    "'interval' is \(interval); failures are counted by stretches of time that are longer than zero."
                )
            }
            self.interval = interval
        }

        package mutating func add(_ letter: DeadLetter) {
            Self.count(letter, nil, &self.total)
            let error = letter.lastError?.errorName
            Self.count(letter, error, &self.errors[error])
            Self.count(letter, letter.message.topic.name, &self.topics[letter.message.topic.name])
            Self.count(letter, letter.group, &self.groups[letter.group])
            Self.count(letter, letter.reason.name, &self.reasons[letter.reason.name])
            Self.count(letter, nil, &self.times[letter.time.roundedDown(to: self.interval)])
        }

        private static func count(_ letter: DeadLetter, _ name: String?, _ finding: inout Finding?) {
            if finding == nil { finding = Finding(name, letter) } else { finding?.add(letter) }
        }

        package var analysis: FailureAnalysis {
            var analysis = FailureAnalysis(interval: self.interval)
            analysis.total = self.total?.count ?? 0
            analysis.first = self.total?.first
            analysis.last = self.total?.last
            analysis.byError = Self.sorted(self.errors)
            analysis.byTopic = Self.sorted(self.topics)
            analysis.byGroup = Self.sorted(self.groups)
            analysis.byReason = Self.sorted(self.reasons)
            analysis.byTime = self.times.sorted { $0.key < $1.key }.map { Interval(start: $0.key, finding: $0.value) }
            return analysis
        }

        /// The most frequent first; of those that are as frequent, by name, so that every run shows the same.
        private static func sorted(_ findings: [String?: Finding]) -> [Finding] {
            findings.values.sorted { left, right in
                left.count != right.count ? left.count > right.count : (left.name ?? "") < (right.name ?? "")
            }
        }
    }
}

extension Timestamp {
    /// The latest point in time not after this one that is a whole number of intervals from 1970-01-01T00:00:00Z.
    fileprivate func roundedDown(to interval: Duration) -> Timestamp {
        let billion: Int128 = 1_000_000_000
        let nanoseconds = Int128(self.secondsSinceEpoch) * billion + Int128(self.nanoseconds)
        // Timestamps know nothing shorter than a nanosecond.
        let step = max(interval.attoseconds / billion, 1)
        var rounded = nanoseconds - nanoseconds % step
        if rounded > nanoseconds { rounded -= step }
        let (seconds, fraction) = rounded.quotientAndRemainder(dividingBy: billion)
        return Timestamp(
            secondsSinceEpoch: Int64(clamping: seconds),
            nanoseconds: Int(fraction)
        )
    }
}
