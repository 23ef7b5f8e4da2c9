// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OmnibusJSON

/// One thread parses real events, again and again: what does a document cost?
extension Contestant {
    static let jsonParsing = Contestant(name: "json/omnibus") { count, meter in
        try await parse(count, meter, Corpus.documents()) { document in
            try JSONValue(parsing: document).objectValue?.count ?? 0
        }
    }

    /// The same by Foundation's own parser.
    static let foundationParsing = Contestant(name: "json/foundation") { count, meter in
        try await parse(count, meter, Corpus.documents().map { Data($0) }) { document in
            (try JSONSerialization.jsonObject(with: document, options: .fragmentsAllowed) as? [String: Any])?.count ?? 0
        }
    }

    private static func parse<Document: Sendable>(
        _ count: Int,
        _ meter: Meter,
        _ documents: [Document],
        _ members: @Sendable (Document) throws -> Int
    ) async throws -> Double {
        var sum = 0
        let figure = try await meter.perMessage(of: count) {
            for n in 0..<count { sum &+= try members(documents[n % documents.count]) }
        }
        guard sum > 0 else { throw BenchmarkError("The corpus has no objects.") }
        return figure
    }
}

/// The documents that are parsed: all JSON files below `OMNIBUS_CORPUS`, or below the folder beside the package.
enum Corpus {
    private static var folder: String {
        var package = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { package.deleteLastPathComponent() }
        return package.deletingLastPathComponent().appendingPathComponent("shared/corpus").path
    }

    static func documents() throws -> [[UInt8]] {
        let path = ProcessInfo.processInfo.environment["OMNIBUS_CORPUS"] ?? self.folder
        guard let files = FileManager.default.enumerator(atPath: path) else {
            throw BenchmarkError("There is no folder \(path): name one in OMNIBUS_CORPUS.")
        }
        var documents: [[UInt8]] = []
        for case let name as String in files where name.hasSuffix(".json") {
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path).appendingPathComponent(name)))
            // One of the samples is malformed on purpose.
            if (try? JSONValue(parsing: bytes)) != nil { documents.append(bytes) }
        }
        guard !documents.isEmpty else { throw BenchmarkError("There is no JSON document in \(path).") }
        return documents
    }
}
