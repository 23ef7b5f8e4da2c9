// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// One requester that waits for each answer before it asks again: how long does each round trip take?
extension Contestant {
    static let requestLatency = Contestant.timingEach(name: "request-latency/omnibus") { count in
        var latencies = LatencyHistogram()
        let bus = EventBus()
        try await bus.respond(to: "bench.double") { (n: Int) in n * 2 }

        for n in 0..<count {
            let start = Monotonic.nanoseconds
            let answer = try await bus.request(n, to: "bench.double", as: Int.self)
            latencies.record(nanoseconds: Monotonic.nanoseconds - start)
            guard answer == n * 2 else { throw BenchmarkError("The answer was wrong.") }
        }

        try await bus.shutdown(deadline: .seconds(5))
        return Figure.percentiles(of: latencies)
    }
}
