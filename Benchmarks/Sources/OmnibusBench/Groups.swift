// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

/// One publisher, four subscriptions that share a queue.
extension Contestant {
    static let groupOfFour = Contestant(name: "group-of-4/omnibus") { count, meter in
        let tally = SharedTally(expected: count)
        let bus = EventBus()
        for _ in 0..<4 {
            try await bus.subscribe(to: Tick.self, group: "workers") { event in
                tally.add(event.n)
            }
        }

        let figure = try await meter.perMessage(of: count) {
            for n in 0..<count {
                try await bus.publish(Tick(n: n, name: "tick"))
            }
            try await tally.wait()
        }

        try await bus.shutdown(deadline: .seconds(5))
        return figure
    }
}
