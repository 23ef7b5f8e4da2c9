// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

/// The payload, and when it was meant to be published.
private struct TimedTick: Event {
    static let topic: Topic = "bench.tick"
    var n: Int
    var name: String
    var intended: Int64
}

/// One publisher that publishes at a fixed rate, whatever becomes of the messages: how long does each take until its
/// handler has it?
///
/// The time of each starts when it was meant to be published, not when the publisher came to it: a publisher that is
/// held up must not hide what its messages have waited for (coordinated omission).
extension Contestant {
    static let latencyAtTenThousand = Contestant.latency(name: "latency-10k/omnibus", interval: 100_000)
    static let latencyAtHundredThousand = Contestant.latency(name: "latency-100k/omnibus", interval: 10_000)

    private static func latency(name: String, interval: Int64) -> Contestant {
        .timingEach(name: name) { count in
            let tally = Tally(expected: count)
            let latencies = Mutex(LatencyHistogram())
            let bus = EventBus()
            try await bus.subscribe(to: TimedTick.self) { event in
                let latency = Monotonic.nanoseconds - event.intended
                latencies.withLock { $0.record(nanoseconds: latency) }
                tally.add(event.n)
            }

            var lateness = LatencyHistogram()
            let start = Monotonic.nanoseconds + 1_000_000
            for n in 0..<count {
                let intended = start + Int64(n) * interval
                lateness.record(nanoseconds: await Monotonic.wait(until: intended))
                try await bus.publish(TimedTick(n: n, name: "tick", intended: intended))
            }
            try await tally.wait()

            try await bus.shutdown(deadline: .seconds(5))
            return Figure.percentiles(of: latencies.withLock { $0 })
                + [Figure(name: "late-p99", percentile: 99, of: lateness)]
        }
    }
}
