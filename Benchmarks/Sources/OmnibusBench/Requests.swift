// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// One requester that waits for each answer before it asks again: the time of a round trip.
extension Contestant {
    static let requests = Contestant(name: "request/omnibus") { count, meter in
        let bus = EventBus()
        try await bus.respond(to: "bench.double") { (n: Int) in n * 2 }

        let figure = try await meter.perMessage(of: count) {
            for n in 0..<count {
                let answer = try await bus.request(n, to: "bench.double", as: Int.self)
                guard answer == n * 2 else { throw BenchmarkError("The answer was wrong.") }
            }
        }

        try await bus.shutdown(deadline: .seconds(5))
        return figure
    }
}
