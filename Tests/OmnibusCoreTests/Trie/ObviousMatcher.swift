// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore

/// Matches by the definition: try every way, word by word. Right because it is short; slow, and only for tests.
enum ObviousMatcher {
    static func matches(_ pattern: TopicPattern, _ topic: Topic) -> Bool {
        let patternWords = Self.words(of: pattern.name)
        let topicWords = Self.words(of: topic.name)
        if topicWords.first == "omnibus", patternWords.first != "omnibus" { return false }
        return Self.matches(patternWords[...], topicWords[...])
    }

    private static func words(of name: String) -> [String] {
        name.isEmpty ? [] : name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }

    private static func matches(_ pattern: ArraySlice<String>, _ topic: ArraySlice<String>) -> Bool {
        guard let word = pattern.first else { return topic.isEmpty }
        if word == "#", Self.matches(pattern.dropFirst(), topic) { return true }
        guard let first = topic.first else { return false }
        if word == "#" { return Self.matches(pattern, topic.dropFirst()) }
        return (word == "*" || word == first) && Self.matches(pattern.dropFirst(), topic.dropFirst())
    }
}

/// A small generator of random numbers whose sequence a seed decides.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
