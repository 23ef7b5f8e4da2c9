// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

@Suite("Topic patterns that contain and overlap each other")
struct PatternRelationTests {
    @Test("contain and overlap as trying every small topic shows", arguments: ["a", "omnibus"])
    func agreesWithBruteForce(word: String) {
        let patterns = Self.sequences(over: [word, "b", "*", "#"], upTo: 3)
        let topics = Self.sequences(over: [word, "b", "fresh"], upTo: 5).map { Topic(unchecked: $0) }
        let matched = patterns.map { name in
            let pattern = TopicPattern(unchecked: name)
            return TopicBits(topics.map { ObviousMatcher.matches(pattern, $0) })
        }
        var disagreements: [String] = []

        for (lhsIndex, lhs) in patterns.enumerated() {
            let pattern = TopicPattern(unchecked: lhs)
            for (rhsIndex, rhs) in patterns.enumerated() {
                let other = TopicPattern(unchecked: rhs)
                if pattern.contains(other) != matched[lhsIndex].isSuperset(of: matched[rhsIndex]) {
                    disagreements.append("\(lhs) contains \(rhs)")
                }
                if pattern.overlaps(other) != matched[lhsIndex].intersects(matched[rhsIndex]) {
                    disagreements.append("\(lhs) overlaps \(rhs)")
                }
            }
        }

        #expect(disagreements.isEmpty, "\(disagreements.prefix(10))")
    }

    @Test(
        "contain longer patterns as trying every small topic shows, with a seed",
        arguments: [1, 2, 3, 4] as [UInt64]
    )
    func agreesOnLongPatterns(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let topics = Self.sequences(over: ["a", "b", "fresh"], upTo: 7).map { Topic(unchecked: $0) }

        for _ in 0..<40 {
            let pattern = TopicPattern(unchecked: Self.randomPattern(of: 3...7, using: &random))
            let other = TopicPattern(unchecked: Self.randomPattern(of: 2...5, using: &random))
            let matching = topics.filter { other.matches($0) }
            let isContained = matching.allSatisfy { pattern.matches($0) }

            #expect(pattern.contains(other) == isContained, "\(pattern) contains \(other), seed \(seed)")
            if matching.contains(where: { pattern.matches($0) }) {
                #expect(pattern.overlaps(other), "\(pattern) overlaps \(other), seed \(seed)")
            }
        }
    }

    @Test(
        "know that the system's topics are matched only where they are written out",
        arguments: [
            ("#", "omnibus.dead.#", false), ("omnibus.#", "omnibus.dead.#", true), ("#", "#.omnibus", true),
            ("*.#", "#", true), ("#", "*.#", true), ("omnibus", "omnibus.#", false), ("*", "omnibus", false),
        ]
    )
    func containsSystemTopics(pattern: TopicPattern, other: TopicPattern, contains: Bool) {
        #expect(pattern.contains(other) == contains)
    }

    private static func sequences(over words: [String], upTo count: Int) -> [String] {
        var all: [[String]] = []
        var last: [[String]] = [[]]
        for _ in 1...count {
            last = last.flatMap { prefix in words.map { prefix + [$0] } }
            all += last
        }
        return all.map { $0.joined(separator: ".") }
    }

    private static func randomPattern(of counts: ClosedRange<Int>, using random: inout SplitMix64) -> String {
        let words = ["a", "b", "*", "#", "a", "*", "#"]
        return (0..<Int.random(in: counts, using: &random))
            .map { _ in words.randomElement(using: &random) ?? "a" }
            .joined(separator: ".")
    }
}

/// A set of topics by their numbers.
private struct TopicBits {
    var words: [UInt64]

    init(_ members: [Bool]) {
        self.words = Array(repeating: 0, count: (members.count + 63) / 64)
        for (index, isMember) in members.enumerated() where isMember { self.words[index / 64] |= 1 << (index % 64) }
    }

    func isSuperset(of other: TopicBits) -> Bool {
        zip(self.words, other.words).allSatisfy { $0 & $1 == $1 }
    }

    func intersects(_ other: TopicBits) -> Bool {
        zip(self.words, other.words).contains { $0 & $1 != 0 }
    }
}
