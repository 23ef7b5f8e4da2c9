// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@Suite("Seeded random numbers")
struct SeededRandomTests {
    @Test("are the same ones for the same seed")
    func repeats() {
        let first = SeededRandom(seed: 42)
        let second = SeededRandom(seed: 42)
        let other = SeededRandom(seed: 43)
        let numbers = (0..<100).map { _ in first.next() }

        #expect(numbers == (0..<100).map { _ in second.next() })
        #expect(numbers != (0..<100).map { _ in other.next() })
        #expect(Set(numbers).count == 100)
    }

    @Test("are SplitMix64's")
    func isSplitMix64() {
        let random = SeededRandom(seed: 1_234_567)

        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
    }

    @Test("say their seed")
    func saysSeed() {
        #expect("\(SeededRandom(seed: 7))" == "SeededRandom(seed: 7)")
        #expect("\(BusEnvironment.manual(seed: 7))".contains("7"))
    }

    @Test("shuffle, like any generator of the standard library")
    func shuffles() {
        var random = SeededRandom(seed: 1)
        var again = SeededRandom(seed: 1)

        #expect(Array(0..<50).shuffled(using: &random) == Array(0..<50).shuffled(using: &again))
    }
}
