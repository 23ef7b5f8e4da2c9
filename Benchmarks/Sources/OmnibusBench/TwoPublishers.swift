// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// Two publishers at once, one asynchronous handler.
extension Contestant {
    static let twoPublishers = Contestant(name: "two-publishers/omnibus") { count, meter in
        let half = count / 2
        let tally = Tally(expected: half * 2)
        let bus = EventBus()
        try await bus.subscribe(to: Tick.self) { event in
            tally.add(event.n)
        }

        let figure = try await meter.perMessage(of: half * 2) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for start in [0, half] {
                    group.addTask {
                        for n in start..<start + half { try await bus.publish(Tick(n: n, name: "tick")) }
                    }
                }
                try await group.waitForAll()
            }
            try await tally.wait()
        }

        try await bus.shutdown(deadline: .seconds(5))
        return figure
    }
}
