// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting

guard let failure = Simulation.firstFailure(in: 1...1_000, { try placeOrder(.once, in: $0) }) else {
    throw Unexpected(description: "No seed shows the race.")
}
print("Seed \(failure.seed): \(failure.error)")
print(failure.trace)

// The same seed shows the same thing again.
let again = Simulation(seed: failure.seed)
let isBack = (try? placeOrder(.once, in: again)) == nil && again.trace.hash == failure.trace.hash
print("Replayed from its seed: \(isBack ? "the same" : "something else")")

// Once it is mended, no seed fails.
let other = Simulation.firstFailure(in: 1...1_000, { try placeOrder(.always, in: $0) })
print("With the compensation mended: \(other.map { "\($0)" } ?? "1000 seeds pass")")

guard isBack, other == nil else { throw Unexpected(description: "A seed did not do what it had to.") }

struct Unexpected: Error, CustomStringConvertible {
    var description: String
}
