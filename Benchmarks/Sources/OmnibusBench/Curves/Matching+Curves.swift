// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension Curve {
    /// Topics of more and more words, and 10,000 patterns that are as long.
    ///
    /// - published to topics that return, which the bus finds by their names.
    /// - matched as topics are that do not return: word after word.
    static let words = Curve(name: "words", points: [1, 2, 3, 4, 6, 8, 10, 12, 14, 16]) { words in
        let patterns = 10_000
        let topics = try (0..<patterns).map { n in
            try Topic(
                validating: (Array(repeating: "w\(n % 10)", count: words - 1) + ["end\(n)"]).joined(separator: ".")
            )
        }
        let bus = EventBus()
        var trie = PatternTrie()
        for (n, topic) in topics.enumerated() { trie.insert(TopicPattern(topic), UInt32(n)) }
        let tally = Tally(expected: .max)
        try bus.observe("#") { _ in tally.add(1) }

        let count = 200_000
        let published = try await Self.least(for: count) {
            for n in 0..<count { try bus.publishNow(Message(topic: topics[n & 255], payload: .empty)) }
        }
        return [
            Height(line: "published to a topic that returns", y: published),
            Height(line: "matched without a cache", y: try await Self.match(count, topics, in: trie)),
        ]
    }

    /// 100,000 patterns of which more and more, in percent, have a wildcard.
    static let wildcards = Curve(name: "wildcards", points: Array(stride(from: 0, through: 100, by: 10))) { share in
        let count = 100_000
        var trie = PatternTrie()
        var topics: [Topic] = []
        for n in 0..<count {
            let words = ["tenant\(n % 10)", "agent\(n / 10 % 100)", "task\(n / 1_000)", "step\(n % 8)"]
            topics.append(try Topic(validating: words.joined(separator: ".")))
            var pattern = words
            // Spread over tenants, agents and steps alike, whatever the share: 61,803 has no factor in common with the
            // count, so that each place comes once.
            let place = n * 61_803 % count
            if place * 100 < share * count {
                switch place / 7 % 4 {
                case 0: pattern[0] = "*"
                case 1: pattern[1] = "*"
                case 2: pattern[3] = "*"
                default: pattern[3] = "#"
                }
            }
            trie.insert(try TopicPattern(validating: pattern.joined(separator: ".")), UInt32(n))
        }
        var tokens: [PatternTrie.Token] = []
        let visits = topics.prefix(10_000).reduce(0) { $0 + trie.match($1, into: &tokens) }
        return [
            Height(line: "a match", y: try await Self.match(200_000, topics, in: trie)),
            Height(line: "nodes visited in a match (number)", y: Double(visits) / 10_000),
        ]
    }

    private static func match(_ count: Int, _ topics: [Topic], in trie: PatternTrie) async throws -> Double {
        var tokens: [PatternTrie.Token] = []
        tokens.reserveCapacity(8_192)
        var next = 0
        var found = 0
        let least = await Self.least(for: count) {
            for _ in 0..<count {
                next = (next + 61_803) % topics.count
                trie.match(topics[next], into: &tokens)
                guard tokens.count > 4_096 else { continue }
                found += tokens.count
                tokens.removeAll(keepingCapacity: true)
            }
        }
        guard found + tokens.count >= count else { throw BenchmarkError("A topic has not found its own pattern.") }
        return least
    }
}
