// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting

/// What a history says of each group, in numbers.
struct HistoryCounts {
    struct Counts {
        var acknowledged = 0
        var deadLetters = 0
        /// Messages that were accepted and that the group has neither acknowledged nor given up on.
        var missing = 0
        /// Messages that were accepted and that the group does not want.
        var unwanted = 0
        /// Messages that the group was told it has missed.
        var overtaken = 0
        /// Messages that others stand for.
        var coalesced = 0
    }

    private var counts: [String: Counts] = [:]
    /// Publish calls that nobody has accepted.
    private(set) var refused = 0

    init(_ history: DeliveryHistory) {
        var done: [String: Set<String>] = [:]
        var groups: [(name: String, pattern: TopicPattern, wantedKeys: Set<String>?)] = []
        var expected: [String: Set<String>] = [:]
        var unwanted: [String: Set<String>] = [:]
        var histories: Set<Topic> = []
        var coalesced: [String: Set<String>] = [:]
        var topics: [String: (topic: Topic, key: String?, groups: Int)] = [:]
        for record in history.records {
            switch record.entry {
            case .began(let group, let pattern, let rules):
                groups.append((group, pattern, rules.wantedKeys))
            case .published(let name, _, let topic, let key, _, _):
                topics[name] = (topic, key, groups.count)
            case .refused:
                self.refused += 1
            case .keeps(let topic):
                histories.insert(topic)
            case .read(_, let group, _, let missed):
                self.counts[group, default: Counts()].overtaken += missed
            case .accepted(let name, _, let missing):
                guard let (topic, key, count) = topics[name], !histories.contains(topic) else { continue }
                for (group, pattern, wantedKeys) in groups.prefix(count)
                where pattern.matches(topic) && !missing.contains(group) {
                    if let wantedKeys, !wantedKeys.contains(key ?? "") {
                        unwanted[group, default: []].insert(name)
                    } else {
                        expected[group, default: []].insert(name)
                    }
                }
            case .coalesced(let names, _, let group):
                coalesced[group, default: []].formUnion(names)
                done[group, default: []].formUnion(names)
            case .cancelled(let name):
                for group in groups {
                    expected[group.name]?.remove(name)
                    unwanted[group.name]?.remove(name)
                }
            case .settled(let name, let group, .acknowledged, _):
                self.counts[group, default: Counts()].acknowledged += 1
                done[group, default: []].insert(name)
            case .deadLetter(let name, let group, _):
                self.counts[group, default: Counts()].deadLetters += 1
                done[group, default: []].insert(name)
            default:
                break
            }
        }
        for (group, names) in coalesced { self.counts[group, default: Counts()].coalesced = names.count }
        for (group, names) in unwanted { self.counts[group, default: Counts()].unwanted = names.count }
        for (group, names) in expected {
            self.counts[group, default: Counts()].missing = names.subtracting(done[group] ?? []).count
        }
    }

    subscript(group: String) -> Counts { self.counts[group] ?? Counts() }
}
