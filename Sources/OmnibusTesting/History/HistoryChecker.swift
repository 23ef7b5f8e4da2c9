// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// The plain model that a history is judged against: what each group must get, has got, and has done with it.
struct HistoryChecker {
    /// A message, and what became of the call that published it.
    struct Publication {
        var number: Int
        var publisher: String
        var topic: Topic
        var key: String?
        var priority: Priority
        var expires: Bool
        var isAccepted = false
        var isRefused = false
        var missing: [String] = []
    }

    /// How far a group has come with a message.
    struct Progress {
        enum Phase {
            /// It waits, for its first attempt or another one.
            case waiting
            /// A handler has it.
            case open
            case acknowledged
            case givenUp(reason: String)
            /// Its handler could not tell.
            case unclear
        }

        enum Counting {
            case counts
            /// It was given back.
            case doesNot
            /// It was taken back: its time was over, and its member was leaving as well.
            case uncertain
        }

        var phase = Phase.waiting
        /// How often it was handed over.
        var deliveries = 0
        /// The attempt that was handed over last.
        var attempt = 0
        /// Whether the last attempt counts.
        var counting = Counting.counts
        /// Who got the last attempt.
        var member = ""
        /// When the last attempt began.
        var begun = Duration.zero
        /// When the last attempt is taken back, if it is not settled.
        var lease: Duration?
    }

    struct Group {
        var name: String
        var pattern: TopicPattern
        var rules: DeliveryHistory.Rules
        /// How many messages had been published when it began.
        var since: Int
        var isEnding = false
        var leaving: Set<String> = []
        var stopped: Set<String> = []
        var progress: [String: Progress] = [:]
        /// The number of the publication that was handed over last, by publisher and priority.
        var last: [String: Int] = [:]
        /// The message that holds a key.
        var holders: [String: String] = [:]
        var deadLetters: [String: Int] = [:]
        /// How far the messages had come that were redriven last.
        var redriven: [String: Progress] = [:]
        var gates: GateModel

        init(name: String, pattern: TopicPattern, rules: DeliveryHistory.Rules, since: Int) {
            self.name = name
            self.pattern = pattern
            self.rules = rules
            self.since = since
            self.gates = GateModel(rules)
        }
    }

    private(set) var findings: [HistoryFinding] = []
    private(set) var publications: [String: Publication] = [:]
    private(set) var groups: [String: Group] = [:]
    private var messageNames: [String] = []
    private var groupNames: [String] = []

    mutating func add(_ record: DeliveryHistory.Record) {
        switch record.entry {
        case .began(let group, let pattern, let rules):
            self.groupNames.append(group)
            self.groups[group] = Group(name: group, pattern: pattern, rules: rules, since: self.messageNames.count)
        case .ending(let group):
            self.groups[group]?.isEnding = true
        case .leaving(let member, let group):
            self.groups[group]?.leaving.insert(member)
            self.noteLeaving(member, of: group)
        case .stopped(let member, let group):
            self.groups[group]?.stopped.insert(member)
        case .resumed(let member, let group):
            self.groups[group]?.stopped.remove(member)
        case .published(let name, let publisher, let topic, let key, let priority, let expires):
            let publication = Publication(
                number: self.messageNames.count,
                publisher: publisher,
                topic: topic,
                key: key,
                priority: priority,
                expires: expires
            )
            self.messageNames.append(name)
            if self.publications.updateValue(publication, forKey: name) != nil {
                self.report(.phantom, "", "the name '\(name)' was published twice: the test has to give each its own")
            }
        case .accepted(let name, _, let missing):
            self.publications[name]?.isAccepted = true
            self.publications[name]?.missing = missing
        case .refused(let name):
            self.publications[name]?.isRefused = true
        case .handed, .extended, .settled, .redriven, .kept, .deadLetter:
            self.addDelivery(record)
        }
    }

    private mutating func addDelivery(_ record: DeliveryHistory.Record) {
        switch record.entry {
        case .handed(let name, let group, let member, let attempt, let lease):
            self.handed(name, to: group, member, attempt, lease, at: record.uptime)
        case .extended(let name, let group, let delivery, let lease):
            guard var progress = self.groups[group]?.progress[name] else { return }
            if progress.deliveries != delivery {
                self.report(.attempts, group, "'\(name)' was extended by delivery \(delivery), which was taken back")
            }
            progress.lease = lease
            self.groups[group]?.progress[name] = progress
        case .settled(let name, let group, let outcome, let delivery):
            self.settled(name, by: group, outcome, delivery, at: record.uptime)
        case .redriven(let name, let group):
            let before = self.groups[group]?.progress[name]
            self.groups[group]?.redriven[name] = before
            let deliveries = before?.deliveries ?? 0
            self.groups[group]?.progress[name] = Progress(deliveries: deliveries)
        case .kept(let name, let group):
            let before = self.groups[group]?.redriven[name]
            self.groups[group]?.progress[name] = before
        case .deadLetter(let name, let group, let reason):
            self.foundDeadLetter(name, of: group, reason)
        default:
            break
        }
    }

    mutating func report(_ kind: HistoryFinding.Kind, _ group: String, _ text: String) {
        self.findings.append(HistoryFinding(kind, group: group, text))
    }

    // MARK: Deliveries

    private mutating func handed(
        _ name: String,
        to groupName: String,
        _ member: String,
        _ attempt: Int?,
        _ lease: Duration?,
        at uptime: Duration
    ) {
        guard var group = self.groups[groupName] else {
            return self.report(.phantom, groupName, "'\(name)' was handed to a group that has not begun")
        }
        guard let publication = self.publications[name] else {
            return self.report(.phantom, groupName, "'\(name)' was handed over and never published")
        }
        if !group.pattern.matches(publication.topic) {
            self.report(.phantom, groupName, "'\(name)' of '\(publication.topic)' does not match '\(group.pattern)'")
        }
        if publication.isRefused || publication.missing.contains(groupName) {
            self.report(.phantom, groupName, "'\(name)' was handed over, but its publish call was told of a refusal")
        }
        if group.stopped.contains(member) {
            self.report(.phantom, groupName, "'\(name)' was handed to '\(member)', which is stopped")
        }
        let isFirst = group.progress[name] == nil
        var progress = group.progress[name] ?? Progress()
        switch progress.phase {
        case .waiting: break
        case .unclear: progress.counting = .uncertain
        case .open:
            if !self.isTakenBack(&progress, group, at: uptime) {
                self.report(.attempts, groupName, "'\(name)' was handed over while attempt \(progress.attempt) runs")
            }
        case .acknowledged:
            self.report(.duplicate, groupName, "'\(name)' was acknowledged and handed over again")
        case .givenUp(let reason):
            self.report(.duplicate, groupName, "'\(name)' was given up on (\(reason)) and handed over again")
        }
        var expected = progress.counting == .doesNot ? progress.attempt : progress.attempt + 1
        if progress.counting == .uncertain { expected = attempt ?? progress.attempt }
        if let attempt, attempt != expected || attempt < progress.attempt {
            self.report(.attempts, groupName, "'\(name)' came as attempt \(attempt) instead of \(expected)")
        }
        if let limit = group.rules.maximumAttempts, expected > limit {
            self.report(.attempts, groupName, "'\(name)' came for attempt \(expected) of \(limit)")
        }
        if isFirst { self.checkOrder(name, publication, &group) }
        self.checkKey(name, publication, &group, at: uptime)
        progress.phase = .open
        progress.deliveries += 1
        progress.attempt = attempt ?? expected
        progress.counting = .counts
        progress.member = member
        progress.begun = uptime
        progress.lease = lease
        group.progress[name] = progress
        let attemptHanded = GateModel.Attempt(name: name, delivery: progress.deliveries)
        for (kind, text) in group.isEnding ? [] : group.gates.handed(attemptHanded, at: uptime) {
            self.report(kind, groupName, "'\(name)' \(text)")
        }
        self.groups[groupName] = group
    }

    /// Notes that what a member holds may be taken back from now on.
    private mutating func noteLeaving(_ member: String, of groupName: String) {
        guard let group = self.groups[groupName] else { return }
        for (name, progress) in group.progress where progress.member == member {
            guard case .open = progress.phase else { continue }
            self.groups[groupName]?.gates.mayBeTakenBack(
                GateModel.Attempt(name: name, delivery: progress.deliveries)
            )
        }
    }

    /// Whether a delivery that is not settled may have been taken back: its time is over, or its member leaves.
    private func isTakenBack(_ progress: inout Progress, _ group: Group, at uptime: Duration) -> Bool {
        let isOver = progress.lease.map { $0 <= uptime } ?? false
        guard group.leaving.contains(progress.member) else { return isOver }
        progress.counting = isOver ? .uncertain : .doesNot
        return true
    }

    private mutating func checkOrder(_ name: String, _ publication: Publication, _ group: inout Group) {
        // Strict order does not hold critical ones back: two may begin at once, and either be seen first.
        if group.rules.isStrict, publication.priority == .critical { return }
        var place = "\(publication.publisher) \(publication.priority.rawValue)"
        if group.rules.keysAreExclusive, publication.priority != .critical {
            // What waits behind a held key is overtaken by all that does not.
            if let key = publication.key { place += " \(key)" } else if !group.rules.keepsOrder { return }
        } else if !group.rules.keepsOrder {
            return
        }
        if let last = group.last[place], last > publication.number {
            self.report(
                .order,
                group.name,
                "'\(name)' came after '\(self.messageNames[last])', which \(publication.publisher) published later"
            )
        }
        group.last[place] = max(group.last[place] ?? -1, publication.number)
    }

    /// Checks that nothing else of the key, or with strict order nothing else at all, is under way.
    private mutating func checkKey(
        _ name: String,
        _ publication: Publication,
        _ group: inout Group,
        at uptime: Duration
    ) {
        guard publication.priority != .critical else { return }
        var holders: [String] = []
        if group.rules.isStrict { holders.append("") }
        if group.rules.keysAreExclusive, let key = publication.key { holders.append("key '\(key)'") }
        for place in holders {
            if let holder = group.holders[place], holder != name, let progress = group.progress[holder],
                self.isUnderWay(
                    progress,
                    holder,
                    before: place.isEmpty ? .low : publication.priority,
                    group.rules,
                    at: uptime
                )
            {
                self.report(
                    .keyExclusivity,
                    group.name,
                    place.isEmpty
                        ? "'\(name)' was handed over while '\(holder)' is not done, in spite of strict order"
                        : "'\(name)' was handed over while '\(holder)' of the same \(place) is not done"
                )
            }
            group.holders[place] = name
        }
    }

    /// Whether a message keeps others of its key waiting: a more urgent one goes first while it waits for its retry.
    private func isUnderWay(
        _ progress: Progress,
        _ name: String,
        before priority: Priority,
        _ rules: DeliveryHistory.Rules,
        at uptime: Duration
    ) -> Bool {
        switch progress.phase {
        case .open:
            guard let lease = progress.lease, lease <= uptime else { return true }
            if let limit = rules.maximumAttempts, progress.attempt >= limit { return false }
        case .waiting:
            // Redriven, it has not begun; taken back in one of two ways, it may have been given up on.
            if progress.attempt == 0 || progress.counting == .uncertain { return false }
        case .acknowledged, .givenUp, .unclear:
            return false
        }
        // While it waits it may expire, which nobody but the bus sees.
        let holder = self.publications[name]
        return priority <= holder?.priority ?? .normal && holder?.expires != true
    }

    private mutating func settled(
        _ name: String,
        by groupName: String,
        _ outcome: DeliveryHistory.Outcome,
        _ delivery: Int?,
        at uptime: Duration
    ) {
        guard var group = self.groups[groupName], var progress = group.progress[name] else {
            return self.report(.phantom, groupName, "'\(name)' was settled and never handed over")
        }
        let isCurrent = delivery.map { $0 == progress.deliveries } ?? true
        if outcome == .lost {
            // Taken back: it waits, unless it was handed over again already.
            if isCurrent, case .open = progress.phase {
                if !self.isTakenBack(&progress, group, at: uptime) {
                    self.report(.attempts, groupName, "'\(name)' could not be settled in attempt \(progress.attempt)")
                }
                progress.phase = progress.counting == .counts ? self.afterFailure(progress, group.rules) : .waiting
            }
        } else if outcome == .unclear {
            if isCurrent, case .open = progress.phase { progress.phase = .unclear }
        } else {
            guard isCurrent, case .open = progress.phase else {
                return self.report(
                    .attempts,
                    groupName,
                    "'\(name)' was settled by delivery \(delivery ?? progress.deliveries), which had been settled or taken back"
                )
            }
            self.checkTime(of: name, progress, outcome, group, at: uptime)
            group.gates.settled(GateModel.Attempt(name: name, delivery: progress.deliveries), outcome, at: uptime)
            switch outcome {
            case .acknowledged: progress.phase = .acknowledged
            case .failed, .timedOut: progress.phase = self.afterFailure(progress, group.rules)
            case .rejected: progress.phase = .givenUp(reason: "rejected")
            case .released:
                progress.phase = .waiting
                progress.counting = .doesNot
            case .lost, .unclear: break
            }
        }
        group.progress[name] = progress
        self.groups[groupName] = group
    }

    /// Checks that a handler was cancelled when its time was over, and not before.
    private mutating func checkTime(
        of name: String,
        _ progress: Progress,
        _ outcome: DeliveryHistory.Outcome,
        _ group: Group,
        at uptime: Duration
    ) {
        guard let limit = group.rules.timeout else { return }
        let time = uptime - progress.begun
        if outcome == .timedOut, time < limit {
            self.report(.timeout, group.name, "'\(name)' was cancelled after \(time) of the \(limit) that it has")
        }
        if outcome != .timedOut, time > limit {
            self.report(.timeout, group.name, "'\(name)' was not cancelled in \(time), and has \(limit)")
        }
    }

    private func afterFailure(_ progress: Progress, _ rules: DeliveryHistory.Rules) -> Progress.Phase {
        if let limit = rules.maximumAttempts, progress.attempt >= limit { return .givenUp(reason: "retriesExhausted") }
        return .waiting
    }

    private mutating func foundDeadLetter(_ name: String, of groupName: String, _ reason: String) {
        guard let publication = self.publications[name], var group = self.groups[groupName] else {
            return self.report(.deadLetter, groupName, "there is a dead letter of '\(name)', which was never published")
        }
        group.deadLetters[name, default: 0] += 1
        if group.deadLetters[name] ?? 0 > 1 {
            self.report(.deadLetter, groupName, "there are several dead letters of '\(name)'")
        }
        switch group.progress[name]?.phase {
        case .givenUp(let expected):
            if expected != reason {
                self.report(.deadLetter, groupName, "'\(name)' is a dead letter for \(reason) instead of \(expected)")
            }
        case .acknowledged:
            self.report(.deadLetter, groupName, "'\(name)' was acknowledged, and is a dead letter for \(reason)")
        case .open:
            // Its last attempt was taken back, which nobody but the bus has seen.
            let isPossible = reason == "retriesExhausted" || reason == "expired" && publication.expires
            if !isPossible || group.progress[name]?.lease == nil {
                self.report(.deadLetter, groupName, "'\(name)' is a dead letter for \(reason) while it is handled")
            }
        case .unclear:
            break
        case .waiting, nil:
            let isTakenBack = reason == "retriesExhausted" && group.progress[name]?.counting == .uncertain
            if !isTakenBack, reason != "expired" || !publication.expires {
                self.report(.deadLetter, groupName, "'\(name)' is a dead letter for \(reason), and was not given up on")
            }
        }
        self.groups[groupName] = group
    }

    // MARK: The end

    mutating func finish() {
        for groupName in self.groupNames {
            guard let group = self.groups[groupName] else { continue }
            for name in self.messageNames {
                guard let publication = self.publications[name] else { continue }
                self.checkEnd(of: name, publication, in: group)
            }
        }
    }

    private mutating func checkEnd(of name: String, _ publication: Publication, in group: Group) {
        let isDead = group.deadLetters[name] != nil
        switch group.progress[name]?.phase {
        case .acknowledged, .unclear:
            return
        case .givenUp(let reason):
            if !isDead {
                self.report(.deadLetter, group.name, "'\(name)' was given up on (\(reason)), and is no dead letter")
            }
        case .open, .waiting, nil:
            guard !isDead, !group.isEnding, publication.isAccepted, !group.rules.mayDrop else { return }
            guard publication.number >= group.since, group.pattern.matches(publication.topic) else { return }
            guard !publication.missing.contains(group.name) else { return }
            let attempt = group.progress[name]?.attempt ?? 0
            self.report(
                .loss,
                group.name,
                attempt == 0
                    ? "'\(name)' was never handed over" : "'\(name)' was not seen again after attempt \(attempt)"
            )
        }
    }
}
