// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OmnibusJSON
import Testing

@testable import OmnibusCore

@Suite(
    "Topics where brokers differ",
    .enabled(if: Conformance.has("topics"), Comment(rawValue: Conformance.missing("topics")))
)
struct TopicPolicyTests {
    @Test("are accepted and refused as the documentation says, and by the brokers as it says of them")
    func acceptsAndRefuses() throws {
        let rows = try Conformance.rows("topics/validity-by-broker.json").scored

        for row in rows {
            guard let value = row.text("value"), let kind = row.text("kind"), let isValid = row.flag("valid"),
                let broker = row.text("broker")
            else { continue }
            #expect(kind == "publish" || kind == "subscribe", "\(row.name): the kind \(kind) is not known")
            self.expectRule(value, isTopic: kind == "publish")
            if let expected = TopicRule.isAccepted(value, isTopic: kind == "publish", by: broker) {
                #expect(isValid == expected, "\(row.name): \(kind) \(value) in \(broker)")
            }
        }

        #expect(!rows.isEmpty)
    }

    @Test("have any number of # in a pattern, no empty words, and no special meaning of $")
    func followsPolicy() throws {
        let rows = try Conformance.rows("topics/policy-disagreements.json").scored

        for row in rows {
            let lists = ["accept", "reject"].filter(row.has)
            for list in lists {
                for pattern in row.texts(list) ?? [] { self.expectRule(pattern, isTopic: false) }
            }
            if !lists.isEmpty, !row.has("pattern") { continue }
            guard let pattern = row.text("pattern"), let topic = row.text("publish") else { continue }
            self.expectRule(pattern, isTopic: false)
            self.expectRule(topic, isTopic: true)
            guard TopicRule.isAccepted(pattern, isTopic: false), TopicRule.isAccepted(topic, isTopic: true) else {
                continue
            }
            let matches = try TopicPattern(validating: pattern).matches(Topic(validating: topic))
            let expected = ObviousMatcher.matches(TopicPattern(unchecked: pattern), Topic(unchecked: topic))
            #expect(matches == expected, "\(pattern) and \(topic)")
            if let rabbitMQ = row.fields["RabbitMQ"]?.boolValue {
                #expect(matches == rabbitMQ, "\(pattern) and \(topic) in RabbitMQ")
            }
            // MQTT hides topics that begin with $ from a wildcard in front, and matches everything else as here.
            if let mqtt = row.fields["MQTT"]?.boolValue {
                let isHidden = topic.hasPrefix("$") && (pattern.hasPrefix("*") || pattern.hasPrefix("#"))
                #expect(mqtt == (expected && !isHidden), "\(pattern) and \(topic) in MQTT")
            }
        }

        #expect(!rows.isEmpty)
    }

    @Test("stand in the documentation, row by row, and each row is decided by its rules")
    func isDocumented() throws {
        let page = try String(contentsOf: Conformance.packageRoot.appending(path: "Docs/Topics.md"), encoding: .utf8)
        let values = try Self.values(in: Conformance.root)
        // The page speaks of the rows that belong to the project; another folder's further rows are decided by rule.
        let hasOwn = FileManager.default.fileExists(atPath: Conformance.defaultRoot.appending(path: "topics").path)
        let own = hasOwn ? try Self.values(in: Conformance.defaultRoot) : []

        for value in values {
            self.expectRule(value, isTopic: true)
            self.expectRule(value, isTopic: false)
            if own.contains(value), !value.isEmpty {
                #expect(page.contains("`\(value)`"), "\(value) is not in Docs/Topics.md")
            }
        }

        #expect(!values.isEmpty)
    }

    @Test(
        "are judged by a rule that knows what is wrong with a name",
        arguments: [
            ("foo", true, true), ("foo.*", false, true), ("#.#.#", false, true), ("foo.>", false, false),
            ("+", false, false), ("a/b", false, false), ("", false, false), ("a..b", false, false),
            ("a b", false, false),
            ("a\tb", false, false), ("a\u{7F}", false, false), ("a\u{A0}b", false, false), ("a\u{200B}", false, false),
            ("a\u{E000}", false, false), ("é.漢", true, true), ("a*.b#", true, true), ("$SYS.x", true, true),
            (String(repeating: "a", count: 201), false, true), (String(repeating: "a", count: 250), false, false),
            (String(repeating: "é", count: 26), false, true), (String(repeating: "a.", count: 60) + "a", false, true),
            (String(repeating: "*.", count: 64) + "*", false, false),
            ("omnibus." + String(repeating: "a", count: 241), true, true),
        ] as [(String, Bool, Bool)]
    )
    func ruleIsRight(text: String, isTopic: Bool, isPattern: Bool) {
        #expect(TopicRule.isAccepted(text, isTopic: true) == isTopic)
        #expect(TopicRule.isAccepted(text, isTopic: false) == isPattern)
        self.expectRule(text, isTopic: true)
        self.expectRule(text, isTopic: false)
    }

    /// Expects that a text is accepted or refused as the documented rules say.
    private func expectRule(_ text: String, isTopic: Bool) {
        let isAccepted =
            isTopic ? (try? Topic(validating: text)) != nil : (try? TopicPattern(validating: text)) != nil
        #expect(
            isAccepted == TopicRule.isAccepted(text, isTopic: isTopic),
            "\(isTopic ? "publish to" : "subscribe to") \(text)"
        )
    }

    /// Every text of the rows in a folder.
    private static func values(in root: URL) throws -> Set<String> {
        let disagreements = try Conformance.rows("topics/policy-disagreements.json", in: root).scored
        let validity = try Conformance.rows("topics/validity-by-broker.json", in: root).scored
        let lists = disagreements.flatMap { row in
            ["accept", "reject"].filter(row.has).flatMap { row.texts($0) ?? [] }
        }
        let pairs = disagreements.flatMap { row in ["pattern", "publish"].filter(row.has).compactMap(row.text) }
        return Set(lists + pairs + validity.compactMap { $0.text("value") })
    }
}
