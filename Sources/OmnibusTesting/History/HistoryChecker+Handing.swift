// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What is handed over: to whom, in which order, and one at a time where that is promised.
extension HistoryChecker {
    mutating func handed(
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
        if publication.isDuplicate {
            self.report(.duplicate, groupName, "'\(name)' was handed over, and is said to be a repetition")
        }
        if let keys = group.rules.wantedKeys, !keys.contains(publication.key ?? "") {
            self.report(.phantom, groupName, "'\(name)' was handed over, and the predicate does not want it")
        }
        if publication.isCancelled {
            self.report(.phantom, groupName, "'\(name)' was handed over, and had been cancelled in time")
        }
        if let due = publication.due, uptime < due {
            self.report(.early, groupName, "'\(name)' was handed over at \(uptime), and is due at \(due)")
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
        case .coalesced(let other):
            self.report(.duplicate, groupName, "'\(name)' was merged into '\(other)', and handed over by itself")
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
    mutating func noteLeaving(_ member: String, of groupName: String) {
        guard let group = self.groups[groupName] else { return }
        for (name, progress) in group.progress where progress.member == member {
            guard case .open = progress.phase else { continue }
            self.groups[groupName]?.gates.mayBeTakenBack(
                GateModel.Attempt(name: name, delivery: progress.deliveries)
            )
        }
    }

    /// Whether a delivery that is not settled may have been taken back: its time is over, or its member leaves.
    func isTakenBack(_ progress: inout Progress, _ group: Group, at uptime: Duration) -> Bool {
        let isOver = progress.lease.map { $0 <= uptime } ?? false
        guard group.leaving.contains(progress.member) else { return isOver }
        progress.counting = isOver ? .uncertain : .doesNot
        return true
    }

    mutating func checkOrder(_ name: String, _ publication: Publication, _ group: inout Group) {
        // Strict order does not hold critical ones back: two may begin at once, and either be seen first.
        if group.rules.isStrict, publication.priority == .critical { return }
        if publication.due != nil || publication.isUnfinished { return }
        // What is offered and what is read of a history overtake each other.
        let way = self.readings.keeps(publication.topic) ? "reads" : "gets"
        var place = "\(publication.publisher) \(way) \(publication.priority.rawValue)"
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
    mutating func checkKey(
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
                    group,
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
    func isUnderWay(
        _ progress: Progress,
        _ name: String,
        before priority: Priority,
        _ group: Group,
        at uptime: Duration
    ) -> Bool {
        switch progress.phase {
        case .open:
            let isOver = progress.lease.map { $0 <= uptime } ?? false
            // Taken back from a member that leaves, it may have expired before anybody could begin it again.
            let mayBeGone = group.leaving.contains(progress.member) && self.publications[name]?.expires == true
            guard isOver || mayBeGone else { return true }
            if isOver, let limit = group.rules.maximumAttempts, progress.attempt >= limit { return false }
        case .waiting:
            // Redriven, it has not begun; taken back in one of two ways, it may have been given up on.
            if progress.attempt == 0 || progress.counting == .uncertain { return false }
        case .acknowledged, .givenUp, .unclear, .coalesced:
            return false
        }
        // While it waits it may expire, which nobody but the bus sees.
        let holder = self.publications[name]
        return priority <= holder?.priority ?? .normal && holder?.expires != true
    }

    mutating func read(_ name: String, at groupName: String, _ offset: Int64, _ missed: Int) {
        guard let group = self.groups[groupName], let publication = self.publications[name] else { return }
        let findings = self.readings.read(
            name,
            of: publication.topic,
            by: groupName,
            offset: offset,
            missed: missed,
            isInOrder: group.pattern.isLiteral && group.rules.keepsOrder && !group.rules.keysAreExclusive
        )
        for text in findings { self.report(.gap, groupName, text) }
    }

    mutating func coalesced(_ names: [String], into name: String, at groupName: String) {
        guard var group = self.groups[groupName] else { return }
        var last: [String: Int] = [:]
        for older in names + [name] {
            guard let publication = self.publications[older] else {
                self.report(.phantom, groupName, "'\(name)' stands for '\(older)', which was never published")
                continue
            }
            // Those that were redriven, waited for their time, or came to some queues later, have no place in the order.
            if publication.due == nil, !publication.isUnfinished,
                publication.number < last[publication.publisher] ?? -1
            {
                self.report(.order, groupName, "'\(older)' was merged into '\(name)' in the wrong order")
            }
            last[publication.publisher] = publication.number
            guard older != name else { continue }
            switch group.progress[older]?.phase {
            case nil: group.progress[older] = Progress(phase: .coalesced(into: name))
            case .coalesced(let other) where other == name || names.contains(other):
                group.progress[older]?.phase = .coalesced(into: name)
            case .waiting where group.progress[older]?.attempt == 0:
                group.progress[older]?.phase = .coalesced(into: name)
            default:
                self.report(
                    .duplicate,
                    groupName,
                    "'\(older)' was merged into '\(name)', and has come by itself as well"
                )
            }
        }
        self.groups[groupName] = group
    }
}
