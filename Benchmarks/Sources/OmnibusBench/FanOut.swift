// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// One publisher, a hundred subscribers with a queue each: a delivery is what is counted.
extension Contestant {
    static let fanOut = Contestant(name: "fan-out-100/omnibus") { count, meter in
        let published = max(count / 100, 1)
        let tallies = (0..<100).map { _ in Tally(expected: published) }
        let bus = EventBus()
        for tally in tallies {
            try await bus.subscribe(to: Tick.self) { event in
                tally.add(event.n)
            }
        }

        let figure = try await meter.perMessage(of: published * 100) {
            for n in 0..<published {
                try await bus.publish(Tick(n: n, name: "tick"))
            }
            for tally in tallies { try await tally.wait() }
        }

        try await bus.shutdown(deadline: .seconds(5))
        return figure
    }
}
