// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// One requester that waits for each answer before it asks again: how long does each round trip take?
extension Contestant {
    static let requestLatency = Contestant.timingEach(name: "request-latency/omnibus") { count in
        let bus = EventBus()
        try await bus.respond(to: "bench.double") { (n: Int) in n * 2 }
        return try await bus.timeRequests(count)
    }

    static let synchronousRequestLatency = Contestant.timingEach(
        name: "request-latency/omnibus-synchronous"
    ) { count in
        let bus = EventBus()
        try await bus.respond(synchronouslyTo: "bench.double") { (n: Int) in n * 2 }
        return try await bus.timeRequests(count)
    }
}

extension EventBus {
    fileprivate func timeRequests(_ count: Int) async throws -> [Figure] {
        var latencies = LatencyHistogram()
        for n in 0..<count {
            let start = Monotonic.nanoseconds
            let answer = try await self.request(n, to: "bench.double", as: Int.self)
            latencies.record(nanoseconds: Monotonic.nanoseconds - start)
            guard answer == n * 2 else { throw BenchmarkError("The answer was wrong.") }
        }

        try await self.shutdown(deadline: .seconds(5))
        return Figure.percentiles(of: latencies)
    }
}
