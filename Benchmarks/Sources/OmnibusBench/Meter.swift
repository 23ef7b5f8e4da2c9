// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CAllocationCount

/// What is measured of a stretch of work; one thing at a time, because counting allocations slows the clock's answer.
enum Meter: String, Sendable, CaseIterable {
    /// Nanoseconds by the wall clock.
    case time

    /// Allocations of the whole process; below zero where they cannot be counted.
    case allocations

    /// Nothing: whoever started this process counts its instructions, so that there is no warm-up either.
    case instructions

    /// Measures the work and divides by the number of messages in it.
    func perMessage(of count: Int, _ work: () async throws -> Void) async rethrows -> Double {
        switch self {
        case .time:
            let elapsed = try await ContinuousClock().measure { try await work() }
            return elapsed / .nanoseconds(1) / Double(count)
        case .allocations:
            omnibus_bench_count_allocations(true)
            defer { omnibus_bench_count_allocations(false) }
            try await work()
            return Double(omnibus_bench_allocations()) / Double(count)
        case .instructions:
            try await work()
            return 0
        }
    }
}
