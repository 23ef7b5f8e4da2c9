// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

// An event that asks for work is answered by `Done`, which it causes: a file that was found, and what was found in it.
// That is how the collector knows when everything has been checked.

struct FileFound: Event {
    static let topic: Topic = "pipeline.file.found"
    var path: String
}

/// All that a document has of one kind, for the checker of that kind.
struct Found<Part: DocumentPart>: Event {
    static var topic: Topic { Part.topic }
    var path: String
    var parts: [Part]
    var estimatedSize: Int { self.parts.reduce(128) { $0 + $1.text.utf8.count + 64 } }
}

/// The work that an event asked for is done; more of it may have been published before.
struct Done: Event {
    static let topic: Topic = "pipeline.work.done"
    var path: String
    var findings: [Finding] = []
}

/// The agents that check a folder, and the bus through which they talk.
struct Pipeline {
    let library: Library

    /// Runs until every document has been checked, or something cannot go on.
    func run() async throws -> Report {
        let broker = InMemoryBroker()
        var report = try await withEventBus(provider: broker) { bus in
            try await self.startWorkers(on: bus)
            try await self.startCheckers(on: bus)
            return try await self.scan(publishingTo: bus)
        }
        report.count(try await broker.metrics())  // after the shutdown, when every handler has returned
        return report
    }

    /// The scanner and the collector: publishes one event per file, and gathers the answers.
    private func scan(publishingTo bus: EventBus) async throws -> Report {
        var all = try await bus.deliveries(of: "pipeline.#", with: .init(acknowledging: .onReceipt)).makeAsyncIterator()
        var files = try self.library.files().makeIterator()
        var collector = Collector(report: Report(folder: self.library.root))
        var progress = Progress()
        while true {
            // Handlers never wait for room in a queue, so it is the scanner who must not run ahead of the answers.
            while collector.open.count < 200, let path = files.next() {
                collector.count(try await bus.publish(FileFound(path: path)).messageID)
                collector.unseen += 1
            }
            guard collector.open.count + collector.unseen > 0, let delivery = try await all.next() else { break }
            collector.take(delivery.message)
            progress.show(collector.report)
        }
        progress.show(collector.report, isLast: true)
        return collector.finish()
    }

    /// Starts the workers that take documents apart, and the agent that answers for them when they have given up.
    private func startWorkers(on bus: EventBus) async throws {
        let library = self.library
        let settings = HandlerSettings(failurePolicy: .retry(.exponential(initial: .milliseconds(20)), attempts: 3))
        for _ in 1...4 {
            let parser = MarkdownParser()
            try await bus.subscribe(to: FileFound.self, group: "workers", with: settings) { file in
                if Library.isRead(file.path) {
                    let document = await parser.parse(try library.read(file.path))
                    await library.remember(document.anchors, of: file.path)
                    try await bus.publish(Found(path: file.path, parts: document.links))
                    try await bus.publish(Found(path: file.path, parts: document.codeBlocks))
                    try await bus.publish(Found(path: file.path, parts: document.headings))
                }
                try await bus.publish(Done(path: file.path))
            }
        }
        try await bus.subscribe(to: "omnibus.dead.#") { dead in
            guard let path = dead.message.payload.value(as: FileFound.self)?.path else { return }
            let fault = path.hasSuffix("/") ? "cannot be listed" : "is not UTF-8 text, or too long"
            let finding = Finding(kind: .unreadable, path: path, line: 1, message: fault)
            var message = Message(topic: Done.topic, value: Done(path: path, findings: [finding]), codec: JSONCodec())
            message.causationID = dead.message.causationID  // the event that was given up on
            try await bus.publish(message)
        }
    }

    private func startCheckers(on bus: EventBus) async throws {
        let library = self.library
        try await bus.subscribe(to: Found<Link>.self, group: "link checkers") { found in
            var findings: [Finding] = []
            for link in found.parts { findings += [await library.check(link, in: found.path)].compactMap { $0 } }
            try await bus.publish(Done(path: found.path, findings: findings))
        }
        try await bus.subscribe(to: Found<CodeBlock>.self, group: "JSON checkers") { found in
            try await bus.publish(Done(path: found.path, findings: check(found.parts, in: found.path)))
        }
        try await bus.subscribe(to: Found<Heading>.self, group: "heading checkers") { found in
            try await bus.publish(Done(path: found.path, findings: check(found.parts, in: found.path)))
        }
    }
}
