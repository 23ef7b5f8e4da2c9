// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something that is there although its bus was shut down.
package struct Leftover: Sendable {
    package enum Kind: Sendable {
        case handler, sequence, sleeper, publisher, request, waiter
    }

    package var kind: Kind
    /// What it is about: a queue or a topic.
    package var name: String
    package var callSite: CallSite?
    package var count: Int
}

extension EventBus {
    /// What is left of the bus's work; nothing is, when all has ended well after a shutdown.
    package var leftovers: [Leftover] {
        let records = self.subscriptions.all
        var leftovers = records.flatMap(self.leftovers(of:))
        var seen: Set<ObjectIdentifier> = []
        let lanes = records.compactMap(\.lane) + (self.memory?.lanes ?? [])
        for lane in lanes where seen.insert(ObjectIdentifier(lane)).inserted {
            let sleepers = lane.sleepers
            let (name, callSite) = (lane.identity.shortName, lane.settings.callSite)
            let counts: [(kind: Leftover.Kind, count: Int)] = [
                (.publisher, sleepers.publishers), (.waiter, sleepers.waiters),
            ]
            leftovers += counts.filter { $0.count > 0 }
                .map { Leftover(kind: $0.kind, name: name, callSite: callSite, count: $0.count) }
        }
        leftovers += self.inbox.topicsAsked.map { topic, count in
            Leftover(kind: .request, name: "'\(topic)'", callSite: nil, count: count)
        }
        let enqueued = self.backlog.count + self.handlersBacklog.count
        if enqueued > 0 {
            leftovers.append(Leftover(kind: .publisher, name: "what was enqueued", callSite: nil, count: enqueued))
        }
        let waiting = self.closing.waiterCount
        if waiting > 0 { leftovers.append(Leftover(kind: .waiter, name: "the bus", callSite: nil, count: waiting)) }
        return leftovers
    }

    private func leftovers(of record: SubscriptionTable.Record) -> [Leftover] {
        let identity =
            record.lane?.identity
            ?? QueueIdentity(pattern: record.subscription.pattern, group: record.subscription.group, callSite: nil)
        // Members of a group have call sites of their own.
        let callSite = record.callSite ?? identity.callSite
        func leftover(_ kind: Leftover.Kind, _ count: Int) -> [Leftover] {
            count > 0 ? [Leftover(kind: kind, name: identity.shortName, callSite: callSite, count: count)] : []
        }
        let asleep = record.lane?.sleepers.workers[record.subscription.id] ?? 0
        let running = max(0, (record.running?.count ?? 0) - asleep)
        let isOpen = record.sequence?.source?.isOpen ?? false
        return leftover(.handler, running) + leftover(.sleeper, asleep) + leftover(.sequence, isOpen ? 1 : 0)
    }

    /// Whether nothing is done now in the bus's queues; what waits for its time does not count.
    package var isIdle: Bool {
        self.hasNothingEnqueued && self.subscriptions.all.allSatisfy { $0.lane?.activity.isSettled ?? true }
    }
}

extension QueueIdentity {
    /// The queue's name without the call site.
    fileprivate var shortName: String {
        QueueIdentity(pattern: self.pattern, group: self.group, callSite: nil).description
    }
}
