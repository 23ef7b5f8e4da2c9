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
            \(self.folder): \(self.files) files, \(self.documents) documents with \(self.links) links, \(self.codeBlocks) \
            code blocks, \(self.headings) headings; \(self.broken.count) broken, \(self.warnings.count) warnings
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

/// Gathers what the agents say, until every event has the answer that it asked for.
struct Collector {
    var report: Report
    /// The events whose answer is to come, and those whose answer was faster; when it is empty, everything was checked.
    var open: Set<MessageID> = []
    var unseen = 0  // files whose own event has not come to the collector yet
    var causes: [String: [Cause]] = [:]

    /// Counts an event that asks, or its answer: whichever of the two comes second closes the case.
    mutating func count(_ id: MessageID?) { if let id, self.open.remove(id) == nil { self.open.insert(id) } }

    mutating func take(_ message: Message) {
        let payload = message.payload
        if let file = payload.value(as: FileFound.self) {
            self.unseen -= 1
            self.report.files += file.path.hasSuffix("/") ? 0 : 1
            self.report.documents += Library.isMarkdown(file.path) ? 1 : 0
            self.note(message, of: file.path, file.path)
        } else if let found = payload.value(as: Found<Link>.self) {
            self.report.links += self.take(message, found)
        } else if let found = payload.value(as: Found<CodeBlock>.self) {
            self.report.codeBlocks += self.take(message, found)
        } else if let found = payload.value(as: Found<Heading>.self) {
            self.report.headings += self.take(message, found)
        } else if let done = payload.value(as: Done.self) {
            self.count(message.causationID)
            self.report.broken += done.findings.filter { $0.kind != .heading }
            self.report.warnings += done.findings.filter { $0.kind == .heading }
            self.note(message, of: done.path, "\(done.findings.count) findings")
        }
    }

    private mutating func take<Part>(_ message: Message, _ found: Found<Part>) -> Int {
        self.count(message.id)
        self.note(message, of: found.path, "\(found.parts.count)")
        return found.parts.count
    }

    private mutating func note(_ message: Message, of path: String, _ detail: String) {
        let cause = Cause(id: message.id, causationID: message.causationID, label: "\(message.topic): \(detail)")
        if Library.isRead(path) { self.causes[path, default: []].append(cause) }
    }

    /// Returns the report, with the tree of the first file where something was found, or else of the first document.
    func finish() -> Report {
        var report = self.report
        report.broken.sort { ($0.path, $0.line, $0.message) < ($1.path, $1.line, $1.message) }
        report.warnings.sort { ($0.path, $0.line) < ($1.path, $1.line) }
        let causes = self.causes[(report.broken + report.warnings).first?.path ?? self.causes.keys.min() ?? ""] ?? []
        report.causes = causes.first { $0.causationID == nil }?.drawn(with: causes) ?? []
        return report
    }
}
