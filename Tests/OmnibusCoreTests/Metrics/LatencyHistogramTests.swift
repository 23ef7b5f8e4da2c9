// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import OmnibusTesting
import Testing

@Suite("Latency histograms")
struct LatencyHistogramTests {
    @Test("knows nothing of durations that were not recorded")
    func isEmpty() {
        let histogram = LatencyHistogram()

        #expect(histogram.count == 0)
        #expect(histogram.sum == .zero)
        #expect(histogram.mean == nil)
        #expect(histogram.shortest == nil)
        #expect(histogram.longest == nil)
        #expect(histogram.percentile(50) == nil)
    }

    @Test("keeps count, sum, shortest and longest exactly")
    func keepsSums() {
        var histogram = LatencyHistogram()
        for milliseconds in 1...1_000 { histogram.record(.milliseconds(milliseconds)) }

        #expect(histogram.count == 1_000)
        #expect(histogram.sum == .milliseconds(500_500))
        #expect(histogram.mean == .microseconds(500_500))
        #expect(histogram.shortest == .milliseconds(1))
        #expect(histogram.longest == .seconds(1))
    }

    @Test("reads percentiles within one percent", arguments: [0.0, 1, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100])
    func readsPercentiles(percent: Double) throws {
        let random = SeededRandom(seed: 1)
        var histogram = LatencyHistogram()
        var all: [Int64] = []
        for _ in 0..<20_000 {
            // Of every magnitude, from nanoseconds to hours.
            let nanoseconds = Int64(random.next() >> UInt64(21 + random.next() % 43))
            all.append(nanoseconds)
            histogram.record(nanoseconds: nanoseconds)
        }
        all.sort()

        let rank = max(Int((percent / 100 * Double(all.count)).rounded(.up)), 1)
        let exact = Double(all[rank - 1])
        let read = Double(try #require(histogram.percentile(percent)).nanoseconds)

        #expect(abs(read - exact) <= max(exact * 0.01, 1), "\(read) is not \(exact)")
    }

    @Test("reads the very rank that a percentage of so many is, whatever binary fractions make of it")
    func readsRanks() {
        // In tenths of a percent, so that the rank can be counted in whole numbers.
        for count in [10, 100, 999, 1_000, 2_000, 3_000] {
            for tenths in stride(from: 1, through: 999, by: 1) {
                let rank = max(1, (tenths * count + 999) / 1_000)
                var histogram = LatencyHistogram()
                for place in 1...count { histogram.record(nanoseconds: place <= rank ? 1_000 : 1_000_000_000) }
                let read = histogram.percentile(Double(tenths) / 10)
                if read?.nanoseconds ?? 0 > 2_000 { Issue.record("\(tenths) tenths of \(count)") }
            }
        }
    }

    @Test("is within one percent at the edges of every power of two", arguments: 0...62)
    func isExactAtEdges(exponent: Int) throws {
        let power = Int64(1) << Int64(exponent)
        for nanoseconds in [power - 1, power, power + 1, power + power / 2] where nanoseconds > 0 {
            var histogram = LatencyHistogram()
            // Neither the shortest nor the longest, which are exact.
            histogram.record(nanoseconds: 0)
            histogram.record(nanoseconds: nanoseconds)
            histogram.record(nanoseconds: .max)
            let read = Double(try #require(histogram.percentile(60)).nanoseconds)

            #expect(abs(read - Double(nanoseconds)) <= 0.01 * Double(nanoseconds))
        }
    }

    @Test("counts exactly what is within a power of two of nanoseconds", arguments: 6...62)
    func countsWithinPowers(exponent: Int) {
        let power = Int64(1) << Int64(exponent)
        var histogram = LatencyHistogram()
        for nanoseconds in [0, power - 1, power, power + 1, .max] { histogram.record(nanoseconds: nanoseconds) }

        #expect(histogram.count(withinPowerOfTwo: exponent) == 3)
    }

    @Test("counts what is below zero as zero, and bounds what is too long")
    func boundsDurations() {
        var histogram = LatencyHistogram()
        histogram.record(.seconds(-1))
        histogram.record(nanoseconds: .min)
        histogram.record(.seconds(Int64.max))

        #expect(histogram.count == 3)
        #expect(histogram.shortest == .zero)
        #expect(histogram.longest == .nanoseconds(Int64.max))
    }

    @Test("is after a merge what recording everything in one would have made")
    func merges() {
        let random = SeededRandom(seed: 2)
        var (one, two, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for turn in 0..<1_000 {
            let nanoseconds = Int64(random.next() >> UInt64(random.next() % 40 + 2))
            if turn % 3 == 0 { one.record(nanoseconds: nanoseconds) } else { two.record(nanoseconds: nanoseconds) }
            both.record(nanoseconds: nanoseconds)
        }

        var merged = one
        merged += two
        var turned = two
        turned += one
        merged += LatencyHistogram()

        #expect(merged == both)
        #expect(turned == both)
    }

    @Test("takes no percentage that is no number, and bounds all others", arguments: [-1.0, 0, 100, 101, .infinity])
    func boundsPercentages(percent: Double) {
        var histogram = LatencyHistogram()
        histogram.record(.seconds(1))
        histogram.record(.seconds(2))

        #expect(histogram.percentile(.nan) == nil)
        #expect(histogram.percentile(percent) == (percent <= 0 ? .seconds(1) : .seconds(2)))
    }

    @Test("adds sums up that no 64 bits hold")
    func addsLargeSums() {
        var histogram = LatencyHistogram()
        for _ in 0..<4 { histogram.record(nanoseconds: .max) }

        #expect(histogram.mean == .nanoseconds(Int64.max))
        #expect(histogram.sum > .nanoseconds(Int64.max))
    }
}
