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
        /// When it is to be delivered; nil is at once.
        var due: Duration?
        var isCancelled = false
        var isDuplicate = false
        var isUnfinished = false
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
            /// Another one stands for it.
            case coalesced(into: String)
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
        /// When it began.
        var began: Duration
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

        init(name: String, pattern: TopicPattern, rules: DeliveryHistory.Rules, since: Int, at began: Duration) {
            self.name = name
            self.pattern = pattern
            self.rules = rules
            self.since = since
            self.began = began
            self.gates = GateModel(rules)
        }
    }

    var findings: [HistoryFinding] = []
    var publications: [String: Publication] = [:]
    var groups: [String: Group] = [:]
    var repetitions = RepetitionModel()
    var readings = ReadingModel()
    var messageNames: [String] = []
    var groupNames: [String] = []

    mutating func add(_ record: DeliveryHistory.Record) {
        for text in self.repetitions.add(record) { self.report(.duplicate, "", text) }
        switch record.entry {
        case .remembers, .identified:
            break
        case .keeps(let topic):
            self.readings.keep(topic)
        case .reading(let group, let topic, let start):
            self.readings.began(group, topic, start)
        case .unfinished(let name):
            self.publications[name]?.isUnfinished = true
        case .duplicate(let name):
            self.publications[name]?.isDuplicate = true
        case .began(let group, let pattern, let rules):
            self.groupNames.append(group)
            let since = self.messageNames.count
            self.groups[group] = Group(name: group, pattern: pattern, rules: rules, since: since, at: record.uptime)
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
            if let topic = self.publications[name]?.topic { self.readings.accepted(topic) }
            self.publications[name]?.missing = missing
        case .refused(let name):
            self.publications[name]?.isRefused = true
        case .scheduled(let name, let due):
            self.publications[name]?.due = due
        case .cancelled(let name):
            self.publications[name]?.isCancelled = true
        case .handed, .read, .coalesced, .extended, .settled, .redriven, .kept, .deadLetter:
            self.addDelivery(record)
        }
    }

    mutating func addDelivery(_ record: DeliveryHistory.Record) {
        switch record.entry {
        case .handed(let name, let group, let member, let attempt, let lease):
            self.handed(name, to: group, member, attempt, lease, at: record.uptime)
        case .read(let name, let group, let offset, let missed):
            self.read(name, at: group, offset, missed)
        case .coalesced(let names, let name, let group):
            self.coalesced(names, into: name, at: group)
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
}
