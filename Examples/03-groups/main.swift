// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

struct DocumentFound: Event {
    static let topic: Topic = "documents.found"
    var number: Int
}

/// Counts who has handled what.
actor Tally {
    private var counts: [String: [Int: Int]] = [:]

    func count(_ number: Int, by name: String) {
        self.counts[name, default: [:]][number, default: 0] += 1
    }

    func line(_ name: String) -> String {
        let handled = self.counts[name] ?? [:]
        let wasEachOnce = handled.values.allSatisfy { $0 == 1 }
        return "\(name): \(handled.count) documents, each handled once: \(wasEachOnce)"
    }
}

let bus = EventBus()
let tally = Tally()

// Three members of one group, which has one queue: each message goes to one of them, whoever is free.
for _ in 1...3 {
    try await bus.subscribe(to: DocumentFound.self, group: "workers") { document in
        await tally.count(document.number, by: "workers")
    }
}

// One subscription may also handle several at once; that needs no group.
try await bus.subscribe(to: DocumentFound.self, with: HandlerSettings(concurrency: 4)) { document in
    await tally.count(document.number, by: "index")
}

// Without a group, a subscription is a group of one: it gets everything.
try await bus.subscribe(to: DocumentFound.self) { document in
    await tally.count(document.number, by: "audit")
}

// Members of a group must agree on how their queue works.
do {
    let smaller = HandlerSettings(bounds: QueueBounds(count: 10))
    try await bus.subscribe(to: DocumentFound.self, group: "workers", with: smaller) { _ in }
} catch let error as OmnibusError {
    print("a member with other bounds: \(error.code)")
}

// Three queues take each message: the group's, and one for each of the other two.
let result = try await bus.publish(batch: (1...100).map { DocumentFound(number: $0) })
print("accepted: \(result.successCount), each by \(result.receipts[0].matched ?? 0) queues")

try await bus.shutdown()
for name in ["workers", "index", "audit"] {
    print(await tally.line(name))
}
