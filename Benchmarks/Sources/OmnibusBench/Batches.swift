// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// One publisher that has 64 events at a time, one asynchronous handler.
extension Contestant {
    static let batches = Contestant(name: "batch-64/omnibus") { count, meter in
        let batches = max(count / 64, 1)
        let tally = Tally(expected: batches * 64)
        let bus = EventBus()
        try await bus.subscribe(to: Tick.self) { event in
            tally.add(event.n)
        }

        let figure = try await meter.perMessage(of: batches * 64) {
            for batch in 0..<batches {
                let events = (batch * 64..<batch * 64 + 64).map { Tick(n: $0, name: "tick") }
                try await bus.publish(batch: events)
            }
            try await tally.wait()
        }

        try await bus.shutdown(deadline: .seconds(5))
        return figure
    }
}
