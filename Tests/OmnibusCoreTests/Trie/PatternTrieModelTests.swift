// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

@Suite("Pattern trie against a plain model")
struct PatternTrieModelTests {
    @Test(
        "agrees with the model over random inserts, removals and topics",
        arguments: 1...6 as ClosedRange<UInt64>,
        [true, false]
    )
    func agreesWithModel(seed: UInt64, hasHashInside: Bool) {
        var random = SplitMix64(seed: seed)
        var trie = PatternTrie()
        var model: [TopicPattern: Set<UInt32>] = [:]

        for step in 0..<2_000 {
            let place: Comment = "seed \(seed), step \(step)"
            // Phases of growing and of shrinking, so that nodes and words are given back in between.
            let growing = (step / 400).isMultiple(of: 2)
            let isInsert = Int.random(in: 0..<10, using: &random) < (growing ? 7 : 2)
            if isInsert {
                let pattern = Self.pattern(hasHashInside, using: &random)
                let token = UInt32.random(in: 0..<4, using: &random) + (Bool.random(using: &random) ? 0 : 1 << 31)
                let isNew = model[pattern, default: []].insert(token).inserted
                let wasNew = trie.insert(pattern, token)
                #expect(wasNew == isNew, place)
            } else {
                let pattern =
                    model.keys.sorted().randomElement(using: &random) ?? Self.pattern(hasHashInside, using: &random)
                let token = model[pattern]?.sorted().randomElement(using: &random) ?? 0
                let isGone = model[pattern]?.remove(token) != nil
                if model[pattern]?.isEmpty == true { model[pattern] = nil }
                let wasThere = trie.remove(pattern, token)
                #expect(wasThere == isGone, place)
            }

            let topic = Self.topic(using: &random)
            let expected = model.flatMap { ObviousMatcher.matches($0.key, topic) ? Array($0.value) : [] }.sorted()
            var found: [UInt32] = []
            trie.match(topic, into: &found)
            #expect(found.sorted() == expected, "\(topic), \(place)")
            if step.isMultiple(of: 20) { #expect(trie.checkInvariants() == [], place) }
        }

        for (pattern, tokens) in model {
            for token in tokens { trie.remove(pattern, token) }
        }
        #expect(trie.checkInvariants() == [])
        #expect([trie.count, trie.nodeCount, trie.wordCount] == [0, 1, 0])
    }

    private static let words = [
        "a", "b", "c", "omnibus", "sevenby", "eight-by", "eleven-byte", "twelve-bytes", "fifteen-bytes-x",
        "sixteen-bytes-xx",
        "a-word-of-more-than-twenty-four-bytes", "a-word-of-more-than-twenty-four-bytez", "",
    ]

    private static func pattern(_ hasHashInside: Bool, using random: inout SplitMix64) -> TopicPattern {
        guard !hasHashInside else {
            return Self.name(over: Self.words + ["*", "#", "*", "#", "*", "#"], using: &random) {
                TopicPattern(unchecked: $0)
            }
        }
        let end = Int.random(in: 0..<4, using: &random) == 0 ? ".#" : ""
        return Self.name(over: Self.words + ["*", "*", "*"], using: &random) { TopicPattern(unchecked: $0 + end) }
    }

    private static func topic(using random: inout SplitMix64) -> Topic {
        Self.name(over: Self.words, using: &random, Topic.init(unchecked:))
    }

    private static func name<Result>(
        over words: [String],
        using random: inout SplitMix64,
        _ make: (String) -> Result
    ) -> Result {
        // Mostly from the first few words, so that patterns and topics meet.
        let few = Bool.random(using: &random) ? words : Array(words.prefix(2) + words.suffix(6))
        let count = Int.random(in: 0...6, using: &random)
        return make((0..<count).map { _ in few.randomElement(using: &random) ?? "a" }.joined(separator: "."))
    }
}
