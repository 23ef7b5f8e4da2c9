// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What is missing in the end.
extension HistoryChecker {
    mutating func finish() {
        for text in self.repetitions.finish() { self.report(.loss, "", text) }
        for groupName in self.groupNames {
            guard let group = self.groups[groupName] else { continue }
            if !group.isEnding, group.rules.wantedKeys == nil, let text = self.readings.finish(groupName) {
                self.report(.gap, groupName, text)
            }
            for name in self.messageNames {
                guard let publication = self.publications[name] else { continue }
                self.checkEnd(of: name, publication, in: group)
            }
        }
    }

    mutating func checkEnd(of name: String, _ publication: Publication, in group: Group) {
        let isDead = group.deadLetters[name] != nil
        switch group.progress[name]?.phase {
        case .acknowledged, .unclear, .coalesced:
            return
        case .givenUp(let reason):
            if !isDead {
                self.report(.deadLetter, group.name, "'\(name)' was given up on (\(reason)), and is no dead letter")
            }
        case .open, .waiting, nil:
            guard !isDead, !group.isEnding, publication.isAccepted, !group.rules.mayDrop else { return }
            guard group.pattern.matches(publication.topic) else { return }
            // What waits for its time is routed then.
            if self.readings.keeps(publication.topic), group.progress[name] == nil { return }
            guard publication.number >= group.since || publication.due.map({ $0 > group.began }) ?? false else {
                return
            }
            guard !publication.missing.contains(group.name), !publication.isCancelled else { return }
            guard group.rules.wantedKeys?.contains(publication.key ?? "") ?? true else { return }
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
