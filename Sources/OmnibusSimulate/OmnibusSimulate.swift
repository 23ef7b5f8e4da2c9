// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `omnibus-simulate`: runs random workloads on a bus under a seeded scheduler, and judges what publishers and handlers
/// have seen. Docs/Guides/Simulation.md explains how to use it.
@main
struct OmnibusSimulate {
    static func main() async {
        let arguments: Arguments
        do throws(ArgumentError) {
            arguments = try Arguments(CommandLine.arguments.dropFirst())
        } catch {
            print("omnibus-simulate: \(error.text)\n\(Arguments.usage)")
            exit(2)
        }
        if arguments.wantsHelp {
            print(Arguments.usage)
            return
        }
        let isGood =
            if let mutation = arguments.mutation {
                await MutationHunt.run(mutation, arguments)
            } else if let seed = arguments.seed {
                Self.runOne(seed, arguments)
            } else {
                await Self.runMany(arguments)
            }
        exit(isGood ? 0 : 1)
    }

    /// Runs one seed, twice, and prints what was found.
    private static func runOne(_ seed: UInt64, _ arguments: Arguments) -> Bool {
        let run = SeedRun(seed: seed)
        let again = SeedRun(seed: seed)
        if arguments.trace { print(run) }
        let isSteady = run.hash == again.hash && run.history.records == again.history.records
        print(
            """
            seed \(seed): \(run.findings.isEmpty ? "nothing wrong" : "\(run.findings.count) findings"), \
            \(run.steps) steps, \(run.deliveries) deliveries, hash \(String(run.hash, radix: 16)), \
            \(isSteady ? "the same" : "NOT the same") when run again
            """
        )
        if !run.findings.isEmpty { Self.report(run, arguments) }
        return run.findings.isEmpty && isSteady
    }

    private static func runMany(_ arguments: Arguments) async -> Bool {
        let clock = ContinuousClock()
        let start = clock.now
        let campaign = Campaign(first: arguments.first, count: arguments.seeds, stoppingAfter: arguments.failures)
        let totals = await campaign.run(workers: arguments.workers)
        let (seconds, attoseconds) = (clock.now - start).components
        if let first = totals.failures.first { Self.report(first, arguments) }
        for run in totals.failures.dropFirst() {
            print("seed \(run.workload.seed) failed as well: \(run.findings.first?.description ?? "")")
        }
        for seed in totals.unsteady { print("seed \(seed) was not the same when it was run again") }
        print(
            """
            omnibus-simulate: \(totals.seeds) seeds from \(arguments.first) in \
            \(seconds).\(attoseconds / 100_000_000_000_000_000) s on \(arguments.workers) workers, \
            \(totals.deliveries) deliveries, \(totals.steps) steps, \(totals.twice) seeds run twice: \
            \(totals.failures.count) failed, \(totals.unsteady.count) not the same twice
            """
        )
        return totals.failures.isEmpty && totals.unsteady.isEmpty
    }

    /// Prints a failure and the shortest history that shows it.
    static func report(_ run: SeedRun, _ arguments: Arguments) {
        print("seed \(run.workload.seed) failed:")
        for finding in run.findings.prefix(10) { print("  \(finding)") }
        if arguments.trace, arguments.seed == nil { print(run) }
        let short = run.shrunk()
        print(
            """
            the shortest history found (\(short.workload.operations.count) of \
            \(run.workload.operations.count) operations):
            \(short)
            """
        )
    }
}
