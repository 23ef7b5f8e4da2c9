// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// One thread records durations of all magnitudes in one histogram: what does a record cost?
extension Contestant {
    static let histogram = Contestant(name: "record/histogram") { count, meter in
        // Made before, so that making them is not measured.
        var state: UInt64 = 88_172_645_463_325_252
        let durations = (0..<4_096).map { _ -> Int64 in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int64(state >> (24 + state % 30))
        }
        var histogram = LatencyHistogram()

        let figure = await meter.perMessage(of: count) {
            for n in 0..<count { histogram.record(nanoseconds: durations[n & 4_095]) }
        }

        guard histogram.count == count else { throw CancellationError() }
        return figure
    }

    /// The same through a counter of a program's own.
    static let counter = Contestant(name: "record/counter") { count, meter in
        let bus = EventBus()
        let counter = try bus.metrics.counter("steps")

        let figure = await meter.perMessage(of: count) {
            for _ in 0..<count { counter.increment() }
        }

        guard counter.value == UInt64(count) else { throw CancellationError() }
        try await bus.shutdown(deadline: .seconds(5))
        return figure
    }
}
