// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    /// Offers a message to a queue that merges messages when it is full.
    func offer(
        _ entry: HeldEntry,
        mode: LaneMachine.OfferMode,
        coalescing: Coalescing,
        _ after: inout AfterOffer
    ) -> OfferOutcome {
        let message = entry.message
        // The user's function: no lock is held.
        // Messages of two priorities wait in two places, and are not merged.
        let key = coalescing.key(message).map { "\(message.priority) \($0)" }
        let (outcome, decision) = self.state.withLock { state -> (OfferOutcome, LaneMachine.MergeDecision) in
            let outcome = self.offer(entry, mode: mode, &state, &after)
            if outcome == .accepted {
                if let key { state.machine.noteStored(key, message) }
                return (outcome, .nothing)
            }
            guard outcome == .refused, let key else { return (outcome, .nothing) }
            let decision = state.machine.beginMerge(key, message)
            // It was counted as refused.
            if case .nothing = decision { return (outcome, decision) }
            state.machine.metrics.refused -= 1
            return (.accepted, decision)
        }
        guard case .merge(let older) = decision, let key else { return outcome }
        return self.merge(older, message, key, coalescing) ? .accepted : .refused
    }

    /// Merges a message with one that waits, and then those that have come meanwhile; returns whether the first one
    /// could be merged.
    private func merge(_ older: Message, _ newer: Message, _ key: String, _ coalescing: Coalescing) -> Bool {
        var (older, newer) = (older, newer)
        var isFirst = true
        var isMerged = true
        while true {
            var merged = try? coalescing.merge(older, newer)
            merged?.take(identityOf: newer, causedBy: older)
            let (next, fits, worker) = self.state.withLock { [merged, isFirst] state in
                let (next, fits) = state.machine.finishMerge(key, merged, isRefused: isFirst)
                return (next, fits, next == nil ? state.machine.workerForWork() : nil)
            }
            worker?.waker.resume(returning: true)
            if isFirst { isMerged = fits }
            guard let next else { return isMerged }
            if fits { older = merged ?? older }
            newer = next
            isFirst = false
        }
    }
}

extension Message {
    /// The ids of the messages that were merged into one, the oldest first, with commas.
    static let mergedFromHeader = "merged-from"
    /// How many of them are named at most, the newest.
    private static let largestMerge = 64

    /// The ids of what was merged into this message, or its own, and that of a newer one.
    private func mergedIDs(and newer: Message) -> String {
        let ids = self.headers[Self.mergedFromHeader]?.text.map { $0.split(separator: ",").map(String.init) }
        return ((ids ?? [self.id.description]) + [newer.id.description]).suffix(Self.largestMerge)
            .joined(separator: ",")
    }

    /// Makes a merged message the newer one of two, caused by the older.
    fileprivate mutating func take(identityOf newer: Message, causedBy older: Message) {
        self.id = newer.id
        self.topic = newer.topic
        self.key = newer.key
        // The user's function may have changed the subject, which stands for a key where there is none.
        if self.routingKey != newer.routingKey { self.key = newer.routingKey }
        self.priority = newer.priority
        self.acceptedAt = newer.acceptedAt
        self.causationID = older.id
        self.headers.put(.text(older.mergedIDs(and: newer)), for: Self.mergedFromHeader)
    }
}
