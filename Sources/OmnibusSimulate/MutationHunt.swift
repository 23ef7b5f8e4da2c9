// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import OmnibusTesting

/// Looks for deliberate faults in the logic of queues, which only a build with `OMNIBUS_MUTATIONS` has.
enum MutationHunt {
    /// Does what `--mutation` asks for; returns whether every fault was found, and nothing else.
    static func run(_ name: String, _ arguments: Arguments) async -> Bool {
        if name == "list" {
            for mutation in Mutation.allCases { print(mutation.rawValue) }
            return true
        }
        #if OMNIBUS_MUTATIONS
            if name == "pinned" { return self.runPinned() }
            guard let mutation = Mutation(rawValue: name) else {
                print("omnibus-simulate: there is no mutation '\(name)'; '--mutation list' names them")
                return false
            }
            return await self.hunt(mutation, arguments)
        #else
            print(
                """
                omnibus-simulate: mutations are not compiled into this build. Run it as
                  swift run -c release -Xswiftc -DOMNIBUS_MUTATIONS --scratch-path .build/mutations omnibus-simulate \
                --mutation \(name)
                """
            )
            return false
        #endif
    }

    /// The seed under which each fault is known to show.
    static func pinnedSeed(_ mutation: Mutation) -> UInt64 {
        switch mutation {
        case .dropWakeUp: 55
        case .forgetSuspendedPublishers: 8
        case .skipKeyRelease: 8
        case .loseParked: 4
        case .loseAttempt: 6
        case .skipFront: 1
        case .countTwice: 1
        case .settleStale: 15
        case .ignorePause: 21
        case .loseExpired: 8
        case .loseDeadLetter: 8
        case .redeliverAcknowledged: 1
        case .exceedBound: 2331
        case .miscountDropped: 5
        case .ignoreStrictOrder: 1
        case .forgetTimer: 8
        case .giveBackBehind: 21
        case .miscountAbandoned: 9
        case .neverArrive: 2
        case .neverLetGo: 20
        case .forgiveTimeout: 29
        case .exceedThrottle: 9
        case .ignoreOpenBreaker: 29
        case .deliverEarly: 5
        case .forgetAccepted: 12
        case .ignorePredicate: 5
        case .skipMerge: 114
        case .forgetGap: 4
        }
    }

    #if OMNIBUS_MUTATIONS
        /// Runs a seed with a fault, and returns what was found.
        static func run(seed: UInt64, with mutation: Mutation?) -> SeedRun {
            Mutation.active = mutation
            defer { Mutation.active = nil }
            return SeedRun(seed: seed)
        }

        private static func runPinned() -> Bool {
            var isGood = true
            for mutation in Mutation.allCases {
                let seed = self.pinnedSeed(mutation)
                let without = self.run(seed: seed, with: nil).findings
                let with = self.run(seed: seed, with: mutation).findings
                let isFound = without.isEmpty && !with.isEmpty
                isGood = isGood && isFound
                print(
                    "\(isFound ? "found" : "NOT FOUND"): \(mutation.rawValue), seed \(seed): \(with.first?.text ?? "-")"
                )
            }
            return isGood
        }

        /// Looks for a fault in as many seeds as were asked for.
        private static func hunt(_ mutation: Mutation, _ arguments: Arguments) async -> Bool {
            Mutation.active = mutation
            let campaign = Campaign(first: arguments.first, count: arguments.seeds)
            let totals = await campaign.run(workers: arguments.workers)
            guard let run = totals.failures.min(by: { $0.workload.seed < $1.workload.seed }) else {
                print(
                    "omnibus-simulate: NOT FOUND: \(mutation.rawValue), in \(totals.seeds) seeds from \(arguments.first)"
                )
                return false
            }
            if arguments.trace { OmnibusSimulate.report(run, arguments) }
            print(
                """
                omnibus-simulate: found \(mutation.rawValue) in seed \(run.workload.seed), after \(totals.seeds) seeds: \
                \(run.findings.first.map(\.description) ?? "")
                """
            )
            return true
        }
    #endif
}
