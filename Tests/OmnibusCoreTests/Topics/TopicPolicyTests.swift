// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import OmnibusCore

@Suite(
    "Topics where brokers differ",
    .enabled(if: Conformance.has("topics"), Comment(rawValue: Conformance.missing("topics")))
)
struct TopicPolicyTests {
    @Test("are accepted and refused as the documentation says")
    func acceptsAndRefuses() throws {
        let rows = try Conformance.rows("topics/validity-by-broker.json").scored

        for row in rows {
            guard let value = row["value"] as? String, let kind = row["kind"] as? String else { continue }
            if kind == "publish" {
                #expect(Self.isTopic(value) == Self.shouldBeAccepted(value, isTopic: true), "publish to \(value)")
            } else {
                #expect(Self.isPattern(value) == Self.shouldBeAccepted(value, isTopic: false), "subscribe to \(value)")
            }
        }

        #expect(!rows.isEmpty)
    }

    @Test("have any number of # in a pattern, no empty words, and no special meaning of $")
    func followsPolicy() throws {
        let rows = try Conformance.rows("topics/policy-disagreements.json").scored

        for row in rows {
            for list in ["accept", "reject"] {
                for pattern in row[list] as? [String] ?? [] {
                    #expect(Self.isPattern(pattern) == !pattern.isEmpty, "subscribe to \(pattern)")
                }
            }
            guard let pattern = row["pattern"] as? String, let topic = row["publish"] as? String else { continue }
            let hasEmptyWord = topic.split(separator: ".", omittingEmptySubsequences: false).contains("")
            #expect(Self.isTopic(topic) == !hasEmptyWord, "publish to \(topic)")
            guard !hasEmptyWord else { continue }
            let matches = try TopicPattern(validating: pattern).matches(Topic(validating: topic))
            #expect(matches == (pattern != "$BOB.bar"), "\(pattern) and \(topic)")
        }

        #expect(!rows.isEmpty)
    }

    @Test("stand in the documentation, row by row", .enabled(if: Conformance.isDefault, "another folder's rows"))
    func isDocumented() throws {
        let page = try String(contentsOf: Conformance.packageRoot.appending(path: "Docs/Topics.md"), encoding: .utf8)
        let disagreements = try Conformance.rows("topics/policy-disagreements.json").scored
        let validity = try Conformance.rows("topics/validity-by-broker.json").scored
        let lists = disagreements.flatMap { ($0["accept"] as? [String] ?? []) + ($0["reject"] as? [String] ?? []) }
        let pairs = disagreements.flatMap { [$0["pattern"], $0["publish"]].compactMap { $0 as? String } }
        let values = validity.compactMap { $0["value"] as? String }

        for value in Set(lists + pairs + values) where !value.isEmpty {
            #expect(page.contains("`\(value)`"), "\(value) is not in Docs/Topics.md")
        }
    }

    private static func isTopic(_ text: String) -> Bool {
        (try? Topic(validating: text)) != nil
    }

    private static func isPattern(_ text: String) -> Bool {
        (try? TopicPattern(validating: text)) != nil
    }

    /// What the documentation says, for the texts that brokers' own tests are made of.
    private static func shouldBeAccepted(_ text: String, isTopic: Bool) -> Bool {
        let words = text.split(separator: ".", omittingEmptySubsequences: false)
        let wildcards: Set<Substring> = isTopic ? ["*", "#", ">", "+"] : [">", "+"]
        return !words.contains("") && !text.contains("/") && wildcards.isDisjoint(with: words)
    }
}
