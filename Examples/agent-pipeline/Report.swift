// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus

/// What the collector found out: printed as text for people, or as JSON for programs.
struct Report: Encodable {
    var folder: String
    var files = 0
    var documents = 0
    var links = 0
    var codeBlocks = 0
    var headings = 0
    var broken: [Finding] = []
    var warnings: [Finding] = []
    /// What the bus counted.
    var counts: [String: Int] = [:]
    /// What one of the files set off.
    var causes: [String] = []

    mutating func count(_ bus: BusMetrics) {
        self.counts = [
            "published": bus.published, "unrouted": bus.unrouted, "refused": bus.refused + bus.queues.refused,
            "offered to queues": bus.queues.offered, "acknowledged": bus.queues.acknowledged,
            "retried": bus.queues.retried, "dead-lettered": bus.queues.deadLettered, "dropped": bus.queues.dropped,
            "abandoned": bus.queues.abandoned,
        ]
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    func text() -> String {
        let findings = (self.broken + self.warnings).map { "\($0.path):\($0.line): \($0.kind.rawValue): \($0.message)" }
        let summary = """
            \(self.folder): \(self.files) files, \(self.documents) documents with \(self.links) links, \
            \(self.codeBlocks) code blocks, \(self.headings) headings; \
            \(self.broken.count) broken, \(self.warnings.count) warnings
            """
        let counts = self.counts.sorted { $0.key < $1.key }
        let table = counts.map { $0.key.padding(toLength: 20, withPad: " ", startingAt: 0) + "\($0.value)" }
        return (findings + [summary, "", "The bus counted:"] + table + ["", "One file caused:"] + self.causes)
            .joined(separator: "\n")
    }
}

/// An event and what caused it.
struct Cause {
    var id: MessageID
    var causationID: MessageID?
    var label: String

    /// Draws the event, and below it all that it caused, directly or not.
    func drawn(with events: [Self]) -> [String] {
        let effects = events.filter { $0.causationID == self.id }
        let branches = effects.enumerated().flatMap { index, effect in
            let (first, others) = index == effects.count - 1 ? ("└─ ", "   ") : ("├─ ", "│  ")
            return effect.drawn(with: events).enumerated().map { ($0 == 0 ? first : others) + $1 }
        }
        return [self.label] + branches
    }
}
