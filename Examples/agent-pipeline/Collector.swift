// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// Gathers what the agents say, until every event has the answer that it asked for.
struct Collector {
    var report: Report
    /// The events whose answer is to come, and those whose answer was faster; when it is empty, everything was checked.
    var open: Set<MessageID> = []
    var causes: [String: [Cause]] = [:]

    /// Counts an event that asks, or its answer: whichever of the two comes second closes the case.
    mutating func count(_ id: MessageID?) {
        if let id, self.open.remove(id) == nil { self.open.insert(id) }
    }

    mutating func take(_ message: Message) {
        let payload = message.payload
        if let file = payload.value(as: FileFound.self) {
            self.report.files += 1
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

    private mutating func note(_ message: Message, of path: String, _ label: String) {
        let cause = Cause(id: message.id, causationID: message.causationID, label: "\(message.topic): \(label)")
        if Library.isMarkdown(path) { self.causes[path, default: []].append(cause) }
    }

    /// Returns the report, with the tree of the first file where something was found, or else of the first document.
    func finish() -> Report {
        var report = self.report
        report.broken.sort { ($0.path, $0.line, $0.message) < ($1.path, $1.line, $1.message) }
        report.warnings.sort { ($0.path, $0.line) < ($1.path, $1.line) }
        let path = (report.broken + report.warnings).first?.path ?? self.causes.keys.min() ?? ""
        let causes = self.causes[path] ?? []
        report.causes = causes.first { $0.causationID == nil }?.drawn(with: causes) ?? []
        return report
    }
}
