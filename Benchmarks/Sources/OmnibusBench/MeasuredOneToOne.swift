// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// The same as `one-to-one/omnibus`, with latency measured: what does that cost?
extension Contestant {
    static let measuredOneToOne = Contestant(name: "one-to-one/omnibus-measured") { count, meter in
        let tally = Tally(expected: count)
        let bus = EventBus(settings: BusSettings(metrics: MetricsSettings(measuresLatency: true)))
        try await bus.subscribe(to: Tick.self) { event in
            tally.add(event.n)
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
