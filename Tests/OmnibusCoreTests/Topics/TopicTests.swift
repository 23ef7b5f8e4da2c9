// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import OmnibusCore

@Suite("Topics and patterns as text")
struct TopicTests {
    @Test(
        "accept names that every back end can carry",
        arguments: [
            "a", "agent.task.created", "Orders-2026.v1_2", "a*", "##", "*a.b#", "foo>", "foo>bar", "$SYS.x", "user:42",
            "датчик.температура.цельсий", "传感器.温度.摄氏", "🏠.🌡️.📊", "omnibus.dead.orders", "omnibus", "omnibusx.a",
        ]
    )
    func accepts(name: String) throws {
        let topic = try Topic(validating: name)
        let pattern = try TopicPattern(validating: name)

        #expect(topic.name == name)
        #expect(pattern.literalTopic == topic)
        #expect(pattern.matches(topic))
    }

    @Test(
        "say what is wrong, at which character, in which word, and what to do",
        arguments: [
            ("", "character 1 of word 1", "at least one word"),
            (".a", "character 1, in word 1", "Every dot needs a word"),
            ("a..b", "character 3, in word 2", "Every dot needs a word"),
            ("a.b.", "character 5, in word 3", "Every dot needs a word"),
            ("a.*", "character 3, in word 2", "TopicPattern"),
            ("#", "character 1, in word 1", "TopicPattern"),
            ("ab.>", "character 4, in word 2", "Write \"*\" for one word"),
            ("+.a", "character 1, in word 1", "Write \"*\" for one word"),
            ("a.b/c", "character 4, in word 2", "Separate words with dots"),
            ("a.b c", "character 4, in word 2", "Use \"-\" or \"_\""),
            ("a.\u{3000}", "character 3, in word 2", "Use \"-\" or \"_\""),
            ("a.b\u{0}", "U+0000", "Remove it"),
            ("a\u{7F}", "U+007F", "Remove it"),
            ("a\u{200B}b", "character 2, in word 1", "Remove it"),
            ("a.\u{E000}", "character 3, in word 2", "Use another character"),
        ]
    )
    func explains(name: String, place: String, advice: String) {
        let error = #expect(throws: OmnibusError.self) { try Topic(validating: name) }

        #expect(error?.code == .invalidTopic)
        #expect(error?.message.contains(place) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(advice) == true, "\(error?.message ?? "")")
    }

    @Test(
        "refuse in a pattern what they refuse in a topic, wildcards excepted",
        arguments: [
            ("", false), ("a..b", false), ("a.>", false), ("+", false), ("a/b", false), ("a b", false),
            ("*", true), ("#", true), ("a.*.#", true), ("#.#.#.#", true), ("*.*", true), ("a*", true),
        ]
    )
    func refusesPatterns(text: String, isValid: Bool) {
        if isValid {
            #expect(throws: Never.self) { try TopicPattern(validating: text) }
        } else {
            let error = #expect(throws: OmnibusError.self) { try TopicPattern(validating: text) }
            #expect(error?.code == .invalidPattern)
        }
    }

    @Test(
        "are as long as the limit and no longer",
        arguments: [
            (String(repeating: "a", count: 200), true), (String(repeating: "a", count: 201), false),
            (String(repeating: "$", count: 50), true), (String(repeating: "$", count: 51), false),
            (String(repeating: "ж", count: 25), true), (String(repeating: "ж", count: 26), false),
            ("omnibus." + String(repeating: "a", count: 241), true),
            ("omnibus." + String(repeating: "a", count: 242), false),
            (Array(repeating: "a", count: 60).joined(separator: "."), true),
            (Array(repeating: "a", count: 61).joined(separator: "."), false),
        ]
    )
    func limits(name: String, isValid: Bool) {
        #expect(((try? Topic(validating: name)) != nil) == isValid, "\(TopicName.length(of: name))")
    }

    @Test("leave room for the system's prefix in front of the longest topic of a user")
    func leavesRoom() throws {
        let longest = try Topic(validating: String(repeating: "a", count: Topic.maximumLength))
        let most = try Topic(validating: Array(repeating: "a", count: Topic.maximumWordCount).joined(separator: "."))

        for topic in [longest, most] {
            let dead = try Topic(validating: "omnibus.dead.\(topic)")
            #expect(dead.isSystem)
            #expect(try TopicPattern(validating: dead.name).matches(dead))
        }
    }

    @Test("limit patterns as they limit the system's topics, wildcards counting one")
    func limitsPatterns() {
        let most = Array(repeating: "*", count: TopicPattern.maximumWordCount).joined(separator: ".")

        #expect((try? TopicPattern(validating: most)) != nil)
        #expect((try? TopicPattern(validating: most + ".*")) == nil)
        #expect((try? TopicPattern(validating: String(repeating: "a", count: 249))) != nil)
        #expect((try? TopicPattern(validating: String(repeating: "a", count: 250))) == nil)
    }

    @Test(
        "have words, the empty text none",
        arguments: [
            ("", []), ("a", ["a"]), ("a.b.c", ["a", "b", "c"]), ("a..b", ["a", "", "b"]), (".", ["", ""]),
        ]
    )
    func hasWords(name: String, words: [String]) {
        #expect(Topic(unchecked: name).words.map { String($0) } == words)
        #expect(Topic(unchecked: name).wordCount == words.count)
        #expect(TopicPattern(unchecked: name).wordCount == words.count)
    }

    @Test("are equal if their bytes are, and are never normalised")
    func comparesBytes() throws {
        let composed = try Topic(validating: "caf\u{E9}")
        let decomposed = try Topic(validating: "cafe\u{301}")

        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, composed]).count == 2)
        #expect(!TopicPattern(composed).matches(decomposed))
        #expect(composed == Topic(unchecked: "caf\u{E9}"))
        #expect((composed < decomposed) != (decomposed < composed))
        #expect(["b", "a.b", "a"].map(Topic.init(unchecked:)).sorted().map(\.name) == ["a", "a.b", "b"])
    }

    @Test("know the system's topics by their whole first word")
    func knowsSystem() {
        #expect(["omnibus", "omnibus.dead.a"].allSatisfy { Topic(unchecked: $0).isSystem })
        #expect(
            !["omnibusx", "omnibus-a.b", "a.omnibus", "Omnibus.a", "omni"].contains { Topic(unchecked: $0).isSystem }
        )
    }

    @Test(
        "know whether a pattern is one topic",
        arguments: [
            ("a.b", true), ("a*.##", true), ("a.*", false), ("#", false),
        ]
    )
    func knowsLiterals(pattern: TopicPattern, isLiteral: Bool) {
        #expect(pattern.isLiteral == isLiteral)
        #expect((pattern.literalTopic != nil) == isLiteral)
    }

    @Test("are text in JSON, checked when read")
    func codes() throws {
        let topic: Topic = "agent.task.created"
        let pattern: TopicPattern = "agent.#"

        let json = try JSONEncoder().encode([topic.name: [pattern]])
        #expect(try JSONDecoder().decode([String: [TopicPattern]].self, from: json) == [topic.name: [pattern]])
        #expect(try JSONDecoder().decode([Topic].self, from: Data("[\"a.b\"]".utf8)) == ["a.b"])
        let topicError = #expect(throws: OmnibusError.self) {
            try JSONDecoder().decode([Topic].self, from: Data("[\"a.*\"]".utf8))
        }
        #expect(topicError?.code == .invalidTopic)
        let patternError = #expect(throws: OmnibusError.self) {
            try JSONDecoder().decode([TopicPattern].self, from: Data("[\"a..b\"]".utf8))
        }
        #expect(patternError?.code == .invalidPattern)
    }

    @Test("show at most a part of a long name in an error")
    func shortensErrors() {
        let error = #expect(throws: OmnibusError.self) { try Topic(validating: String(repeating: "a", count: 100_000)) }

        #expect((error?.message.count ?? .max) < 400)
    }

    @Test("trap with a sentence where a literal is wrong")
    func trapsOnBadTopic() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = "orders.*" as Topic
        }
        let sentence = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)

        #expect(sentence.contains("\"*\" is a wildcard at character 8, in word 2"))
    }

    @Test("trap with a sentence where a pattern's literal is wrong")
    func trapsOnBadPattern() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = "orders.>" as TopicPattern
        }
        let sentence = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)

        #expect(sentence.contains("Write \"*\" for one word and \"#\" for any number of words"))
    }
}
