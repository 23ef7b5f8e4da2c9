// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Checks the documents of a folder: `swift run agent-pipeline [FOLDER] [--json]`.
///
/// It exits with 1 where something is broken, and with 2 where it could not do its work.
@main
struct AgentPipeline {
    static func main() async {
        guard let library = self.library(for: CommandLine.arguments.dropFirst().filter { $0 != "--json" }) else {
            FileHandle.standardError.write(Data("usage: agent-pipeline [FOLDER] [--json]\n".utf8))
            exit(2)
        }
        do {
            let report = try await Pipeline(library: library).run()
            print(CommandLine.arguments.contains("--json") ? try report.json() : report.text())
            exit(report.broken.isEmpty ? 0 : 1)
        } catch {
            FileHandle.standardError.write(Data("agent-pipeline: \(error)\n".utf8))
            exit(2)
        }
    }

    /// Returns the folder that the arguments name, or this package where there are none.
    static func library(for arguments: [String]) -> Library? {
        let package = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL.path
        let library = Library(root: arguments.first ?? package)
        let isFolder = !["", "-"].contains(library.root.prefix(1)) && library.isFolder(".") == true
        return arguments.count <= 1 && isFolder ? library : nil
    }
}

/// Says on standard error how far the work is: in one line that changes, or in plain ones where it is no terminal.
struct Progress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var shown = 0

    mutating func show(_ report: Report, isLast: Bool = false) {
        guard isLast || report.documents - self.shown >= (self.isTerminal ? 20 : 1_000) else { return }
        self.shown = report.documents
        let text = "\(report.documents) documents, \(report.links) links, \(report.broken.count) broken"
        let line = self.isTerminal ? "\r\u{1B}[K\(text)\(isLast ? "\n" : "")" : "\(text)\n"
        FileHandle.standardError.write(Data(line.utf8))
    }
}
