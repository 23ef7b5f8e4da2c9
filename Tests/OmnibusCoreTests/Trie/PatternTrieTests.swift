// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

@Suite("Pattern trie")
struct PatternTrieTests {
    @Test("reports a token once for each of its patterns, however often it was inserted")
    func reportsOnce() {
        var trie = PatternTrie()

        let wasNew = [trie.insert("a.#", 7), trie.insert("a.#", 7), trie.insert("#", 7), trie.insert("a.#", 3)]

        #expect(wasNew == [true, false, true, true])
        #expect(trie.count == 3)
        #expect(trie.tokens(matching: "a.b") == [3, 7, 7])
        #expect(trie.tokens(matching: "b") == [7])
    }

    @Test("says whether there was something to remove, and changes nothing where there was not")
    func removesWhatIsThere() {
        var trie = PatternTrie()
        trie.insert("a.*.b", 1)
        let generation = trie.generation

        let wasThere = [trie.remove("a.*", 1), trie.remove("a.*.b", 2), trie.remove("x.y", 1)]

        #expect(wasThere == [false, false, false])
        #expect(trie.generation == generation)
        #expect(trie.tokens(matching: "a.x.b") == [1])
    }

    @Test("keeps many tokens of one pattern apart")
    func keepsManyTokens() {
        var trie = PatternTrie()
        let tokens = Array(UInt32(0)..<500) + [.max - 1, .max, 1 << 31]

        for token in tokens.reversed() { trie.insert("a", token) }
        #expect(trie.tokens(matching: "a") == tokens.sorted())
        #expect(trie.checkInvariants() == [])

        for token in tokens.dropFirst() { trie.remove("a", token) }
        #expect(trie.tokens(matching: "a") == [0])
        #expect(trie.checkInvariants() == [])
    }

    @Test(
        "matches the system's topics only by patterns that write omnibus out first",
        arguments: [
            ("#", false), ("*.#", false), ("*.dead.a", false), ("#.dead.a", false), ("#.omnibus.dead.a", false),
            ("omnibus.#", true), ("omnibus.*.a", true), ("omnibus.dead.a", true),
        ]
    )
    func hidesSystemTopics(pattern: TopicPattern, matches: Bool) {
        var trie = PatternTrie()
        trie.insert(pattern, 1)

        #expect(trie.tokens(matching: "omnibus.dead.a") == (matches ? [1] : []))
        #expect(pattern.matches("omnibus.dead.a") == matches)
    }

    @Test("gives memory back when patterns are removed")
    func givesMemoryBack() {
        var trie = PatternTrie()
        let patterns = (0..<20_000).map { TopicPattern(unchecked: "agent.a-long-identifier-\($0).task-\($0).#") }
        trie.insert("agent.#", 1)
        for pattern in patterns {
            trie.insert(pattern, 1)
            trie.insert(pattern, 2)
        }
        let full = trie.byteEstimate

        for pattern in patterns.dropLast(10) {
            trie.remove(pattern, 2)
            trie.remove(pattern, 1)
        }

        #expect(trie.checkInvariants() == [])
        #expect(trie.nodeCount == 1 + 1 + 10 * 3)
        #expect(trie.wordCount == 1 + 10 * 2)
        #expect(trie.byteEstimate * 50 < full)
        #expect(trie.tokens(matching: "agent.a-long-identifier-19999.task-19999") == [1, 1, 2])
    }

    @Test("reuses the room of removed patterns without growing")
    func reusesRoom() {
        var trie = PatternTrie()
        for number in 0..<1_000 { trie.insert(TopicPattern(unchecked: "a.\(number).b"), UInt32(number)) }
        let size = trie.byteEstimate

        for number in 0..<20_000 {
            trie.remove(TopicPattern(unchecked: "a.\(number).b"), UInt32(number))
            trie.insert(TopicPattern(unchecked: "a.\(number + 1_000).b"), UInt32(number + 1_000))
        }

        #expect(trie.count == 1_000)
        #expect(trie.byteEstimate <= size * 2)
        #expect(trie.checkInvariants() == [])
    }

    @Test("counts visits, at most one of each node for each word, where many # would blow up")
    func visitsOnce() {
        var trie = PatternTrie()
        let fifteen = Array(repeating: "#.a", count: 15).joined(separator: ".") + ".b"
        let pattern = TopicPattern(unchecked: fifteen)
        trie.insert(pattern, 1)
        trie.insert(TopicPattern(unchecked: Array(repeating: "#", count: 15).joined(separator: ".")), 2)
        let topic = Topic(unchecked: Array(repeating: "a", count: 31).joined(separator: "."))
        var tokens: [UInt32] = []
        var steps = 0

        let visits = trie.match(topic, into: &tokens)
        let isMatch = pattern.matches(topic, counting: &steps)

        #expect(tokens == [2])
        #expect(visits <= trie.nodeCount * topic.wordCount)
        #expect(!isMatch)
        #expect(steps <= (pattern.wordCount + 1) * topic.wordCount)
    }

    @Test("matches topics of 40,000 words, step by step")
    func matchesManyWords() {
        let words = Array(repeating: "w", count: 40_000)
        let topic = Topic(unchecked: (words + ["end"]).joined(separator: "."))
        let patterns = ["#", "#.end", "w.#.w.#.end", "#.*.#.end", "#.w.#.w.#.x"].map(TopicPattern.init(unchecked:))
        let exact = TopicPattern(unchecked: Array(repeating: "*", count: 40_001).joined(separator: "."))
        var trie = PatternTrie()
        for (token, pattern) in patterns.enumerated() { trie.insert(pattern, UInt32(token)) }
        trie.insert(exact, 9)
        var steps = 0
        var tokens: [UInt32] = []

        let matches = patterns.map { $0.matches(topic, counting: &steps) }
        let visits = trie.match(topic, into: &tokens)

        #expect(matches == [true, true, true, true, false])
        #expect(steps <= 8 * patterns.count * 40_001)
        #expect(exact.matches(topic))
        #expect(tokens.sorted() == [0, 1, 2, 3, 9])
        #expect(visits <= 20 * 40_001)
    }

    @Test("matches topics of more words, or by more paths, than a quick walk has room for")
    func matchesWidely() {
        var trie = PatternTrie()
        var expected: [UInt32] = []
        for bits in 0..<UInt32(1 << 10) {
            let words = (0..<10).map { bits & (1 << $0) == 0 ? "*" : "a" }
            trie.insert(TopicPattern(unchecked: words.joined(separator: ".")), bits)
            expected.append(bits)
        }
        let long = Array(repeating: "a", count: 30).joined(separator: ".")
        trie.insert(TopicPattern(unchecked: long), 7)
        trie.insert("a.#", 8)

        #expect(trie.tokens(matching: "a.a.a.a.a.a.a.a.a.a") == (expected + [8]).sorted())
        #expect(trie.tokens(matching: Topic(unchecked: long)) == [7, 8])
    }

    @Test("tells patterns apart whose last two words stand in one edge")
    func tellsTailsApart() {
        var trie = PatternTrie()
        let patterns: [TopicPattern] = ["a.b", "c.*", "d.#", "e.twelve-bytes", "f.eleven-byte", "g.h.i"]
        for (token, pattern) in patterns.enumerated() { trie.insert(pattern, UInt32(token)) }

        let topics: [Topic] = ["a.b", "c.x", "d", "d.x.y", "e.twelve-bytes", "f.eleven-byte", "g.h.i"]
        #expect(topics.map { trie.tokens(matching: $0) } == [[0], [1], [2], [2], [3], [4], [5]])
        let others: [Topic] = ["a", "a.c", "a.b.c", "c", "c.x.y", "e", "e.twelve", "f.eleven-bytes", "g.h", "g.h.j"]
        #expect(others.allSatisfy { trie.tokens(matching: $0).isEmpty })
        #expect(trie.checkInvariants() == [])

        for pattern in ["a.#", "a", "c", "d.*", "d.x", "g.h.#"] as [TopicPattern] { trie.insert(pattern, 9) }
        #expect(trie.tokens(matching: "a.b") == [0, 9])
        #expect(trie.tokens(matching: "d.x") == [2, 9, 9])
        #expect(trie.tokens(matching: "g.h.i") == [5, 9])
        #expect(trie.remove("d.#", 2) && trie.remove("a.b", 0) && !trie.remove("a.b", 9))
        #expect(trie.tokens(matching: "a.b") == [9])
        #expect(trie.tokens(matching: "d") == [])
        #expect(trie.checkInvariants() == [])
    }

    @Test("reaches more nodes at once than it has room for on the stack")
    func reachesManyNodes() {
        var trie = PatternTrie()
        var expected: [UInt32] = []
        for bits in 0..<UInt32(1 << 10) {
            let words = (0..<10).map { bits & (1 << $0) == 0 ? "*" : ($0 == 3 ? "#" : "a") }
            trie.insert(TopicPattern(unchecked: words.joined(separator: ".")), bits)
            expected.append(bits)
        }
        let topic = Topic(unchecked: Array(repeating: "a", count: 10).joined(separator: "."))

        #expect(trie.tokens(matching: topic) == expected)
        #expect(trie.checkInvariants() == [])
    }
}
