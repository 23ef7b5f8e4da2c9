// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// The patterns and topics of the questions about matching, made by a rule that the Go program follows too.
///
/// Pattern `i` has the words `tenant(i % 10)`, `agent(i / 10 % 100)`, `task(i / 1000)` and `step(x % 8)`, where `x` is
/// `scrambled(i)`. Of ten patterns, one has `*` in the agent's place, one has `*` in that of the step, one has `#`
/// there (the peer's `>`), and seven are topics, as `x / 8 % 10` says.
///
/// Topic `j` has the first three words of pattern `scrambled(j) % count`; its step is that of the pattern where `j` is
/// even, and the next one where it is odd.
struct MatchRule {
    /// The number of patterns.
    var count: Int

    /// All patterns, each with its number as its token.
    func trie() throws -> PatternTrie {
        var trie = PatternTrie()
        for i in 0..<self.count { trie.insert(try self.pattern(i), UInt32(i)) }
        return trie
    }

    func patterns() throws -> [TopicPattern] { try (0..<self.count).map(self.pattern) }

    func pattern(_ i: Int) throws -> TopicPattern {
        let x = Self.scrambled(i)
        let (tenant, agent, task, step) = ("tenant\(i % 10)", "agent\(i / 10 % 100)", "task\(i / 1000)", "step\(x % 8)")
        return switch x / 8 % 10 {
        case 0: try TopicPattern(validating: "\(tenant).*.\(task).\(step)")
        case 1: try TopicPattern(validating: "\(tenant).\(agent).\(task).*")
        case 2: try TopicPattern(validating: "\(tenant).\(agent).\(task).#")
        default: try TopicPattern(validating: "\(tenant).\(agent).\(task).\(step)")
        }
    }

    func topic(_ j: Int) throws -> Topic {
        let i = Self.scrambled(j) % self.count
        let step = (Self.scrambled(i) + j % 2) % 8
        return try Topic(validating: "tenant\(i % 10).agent\(i / 10 % 100).task\(i / 1000).step\(step)")
    }

    /// A number without a pattern, below 2²⁴: the upper bits of a product with the golden ratio.
    private static func scrambled(_ n: Int) -> Int {
        Int(truncatingIfNeeded: (UInt64(truncatingIfNeeded: n) &* 0x9E37_79B9_7F4A_7C15) >> 40)
    }
}
