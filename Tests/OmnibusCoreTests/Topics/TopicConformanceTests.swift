// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import OmnibusCore

@Suite(
    "Topics as brokers have them",
    .enabled(if: Conformance.has("topics"), Comment(rawValue: Conformance.missing("topics")))
)
struct TopicConformanceTests {
    @Test("match every pattern and topic as brokers do")
    func matchesRows() throws {
        let (scored, contested) = try Conformance.rows("topics/topic-match.json")

        for row in scored {
            guard let (pattern, topic) = Self.pair(of: row), let expected = row.flag("match") else { continue }
            let id = row.name
            #expect(pattern.matches(topic) == expected, "\(id): \(pattern) and \(topic)")
            #expect(
                Self.alone(pattern).tokens(matching: topic) == (expected ? [1] : []),
                "\(id): \(pattern) and \(topic), by the trie"
            )
        }
        for row in contested {
            guard let (pattern, topic) = Self.pair(of: row) else { continue }
            print("contested: \(pattern) and \(topic): \(pattern.matches(topic)) here")
        }

        #expect(!scored.isEmpty)
    }

    @Test("match as brokers do with all patterns in one trie, and with half of them removed")
    func matchesInOneTrie() throws {
        let rows = try Conformance.rows("topics/topic-match.json").scored
        let pairs = rows.compactMap(Self.pair(of:))
        let patterns = Array(Set(pairs.map(\.0))).sorted()
        let topics = Array(Set(pairs.map(\.1))).sorted()
        var trie = PatternTrie()
        for (token, pattern) in patterns.enumerated() { trie.insert(pattern, UInt32(token)) }

        for isHalf in [false, true] {
            if isHalf {
                for token in stride(from: 0, to: patterns.count, by: 2) {
                    let wasThere = trie.remove(patterns[token], UInt32(token))
                    #expect(wasThere)
                }
            }
            for topic in topics {
                let expected = patterns.indices.filter {
                    (!isHalf || $0 % 2 == 1) && ObviousMatcher.matches(patterns[$0], topic)
                }
                #expect(
                    trie.tokens(matching: topic) == expected.map { UInt32($0) },
                    "\(topic), half removed: \(isHalf)"
                )
            }
            #expect(trie.checkInvariants() == [])
        }
        for row in rows {
            guard let (pattern, topic) = Self.pair(of: row), let expected = row.flag("match"),
                let token = patterns.firstIndex(of: pattern), token % 2 == 1
            else { continue }
            #expect(trie.tokens(matching: topic).contains(UInt32(token)) == expected, "\(pattern) and \(topic)")
        }
    }

    @Test("keep the bindings of a topic exchange while some are removed")
    func keepsBindings() throws {
        let json = try JSONSerialization.jsonObject(with: Conformance.file("topics/rabbitmq-classic-stateful.json"))
        let file = try #require(json as? [String: Any])
        let bindings = try #require(file["bindings"] as? [[String: Any]]).map(Binding.init)
        let removed = Set(try #require(file["remove"] as? [Int]))
        let initial = try #require(file["expect_initial"] as? [String: [String]])
        let afterwards = try #require(file["expect_after_remove"] as? [String: [String]])
        let queues = Dictionary(bindings.map { ($0.number, $0.queue) }, uniquingKeysWith: { first, _ in first })
        var trie = PatternTrie()
        let routes = { (trie: PatternTrie, topic: String) in
            Set(trie.tokens(matching: Topic(unchecked: topic)).compactMap { queues[$0] })
        }

        for binding in bindings { trie.insert(binding.pattern, binding.number) }
        for (topic, expected) in initial { #expect(routes(trie, topic) == Set(expected), "\(topic)") }

        for binding in bindings where removed.contains(Int(binding.number)) {
            trie.remove(binding.pattern, binding.number)
        }
        for (topic, expected) in afterwards { #expect(routes(trie, topic) == Set(expected), "\(topic), after removal") }

        for binding in bindings { trie.remove(binding.pattern, binding.number) }
        for topic in initial.keys { #expect(routes(trie, topic).isEmpty, "\(topic), after all were removed") }
        #expect(trie.count == 0)
        #expect(trie.nodeCount == 1)
        #expect(trie.wordCount == 0)
    }

    @Test("contain, overlap and count as brokers say")
    func relatesRows() throws {
        let (scored, contested) = try Conformance.rows("topics/pattern-subset-overlap.json")

        for row in scored {
            let kinds = ["subset", "overlap", "expected_count"].filter(row.has)
            #expect(kinds.count == 1, "\(row.name) in \(row.file) has to have one of subset, overlap, expected_count")
            if row.has("subset") {
                guard let (wide, narrow) = Self.patterns("wide", "narrow", of: row), let expected = row.flag("subset")
                else { continue }
                #expect(wide.contains(narrow) == expected, "\(wide) contains \(narrow)")
            }
            if row.has("overlap") {
                guard let (lhs, rhs) = Self.patterns("a", "b", of: row), let expected = row.flag("overlap")
                else { continue }
                #expect(lhs.overlaps(rhs) == expected, "\(lhs) overlaps \(rhs)")
                #expect(rhs.overlaps(lhs) == expected, "\(rhs) overlaps \(lhs)")
            }
            if row.has("expected_count") {
                guard let pattern = row.text("pattern").map(TopicPattern.init(unchecked:)),
                    let topics = row.texts("topics")?.map(Topic.init(unchecked:)),
                    let expected = row.count("expected_count")
                else { continue }
                #expect(topics.count(where: pattern.matches) == expected, "\(pattern) among \(topics)")
                let trie = Self.alone(pattern)
                #expect(
                    topics.count { trie.tokens(matching: $0) == [1] } == expected,
                    "\(pattern) among \(topics), by the trie"
                )
            }
        }
        for row in contested { print("contested: \(row.fields)") }

        #expect(!scored.isEmpty)
    }

    private struct Binding {
        var number: UInt32
        var pattern: TopicPattern
        var queue: String

        init(_ row: [String: Any]) throws {
            self.number = UInt32(try #require(row["n"] as? Int))
            self.pattern = TopicPattern(unchecked: try #require(row["pattern"] as? String))
            self.queue = try #require(row["queue"] as? String)
        }
    }

    private static func pair(of row: Conformance.Row) -> (TopicPattern, Topic)? {
        guard let pattern = row.text("pattern"), let topic = row.text("topic") else { return nil }
        return (TopicPattern(unchecked: pattern), Topic(unchecked: topic))
    }

    private static func patterns(
        _ first: String,
        _ second: String,
        of row: Conformance.Row
    ) -> (TopicPattern, TopicPattern)? {
        guard let first = row.text(first), let second = row.text(second) else { return nil }
        return (TopicPattern(unchecked: first), TopicPattern(unchecked: second))
    }

    private static func alone(_ pattern: TopicPattern) -> PatternTrie {
        var trie = PatternTrie()
        trie.insert(pattern, 1)
        return trie
    }
}

extension PatternTrie {
    /// The tokens that match a topic, in ascending order.
    func tokens(matching topic: Topic) -> [Token] {
        var tokens: [Token] = []
        self.match(topic, into: &tokens)
        return tokens.sorted()
    }
}
