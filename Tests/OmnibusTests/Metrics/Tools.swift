// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The programs of others that say whether our texts are right; `Scripts/bootstrap` installs them.
enum Tools {
    /// What a program has said.
    struct Answer {
        var status: Int32
        var output: String
    }

    /// Prometheus' own checker: on the path, or where the script puts it.
    static let promtool: URL? = {
        let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":").map(String.init) ?? []
        return ([Tools.tools.path()] + folders)
            .map { URL(filePath: $0).appending(path: "promtool") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path()) }
    }()

    /// A Python that has the package `prometheus_client`.
    static let python: URL? = {
        let python = Tools.tools.appending(path: "openmetrics/bin/python")
        return FileManager.default.isExecutableFile(atPath: python.path()) ? python : nil
    }()

    private static let tools = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: ".build/tools")

    /// Runs a program to its end, with a text for its input.
    static func run(_ program: URL, _ arguments: [String], input: String) throws -> Answer {
        let folder = FileManager.default.temporaryDirectory.appending(path: "omnibus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // By way of files: pipes hold so much, and whoever writes and reads one after the other may wait for ever.
        let (given, answered) = (folder.appending(path: "input"), folder.appending(path: "output"))
        try Data(input.utf8).write(to: given)
        try Data().write(to: answered)
        let output = try FileHandle(forWritingTo: answered)
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.standardInput = try FileHandle(forReadingFrom: given)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        process.waitUntilExit()
        try output.close()
        return Answer(
            status: process.terminationStatus,
            output: String(decoding: try Data(contentsOf: answered), as: UTF8.self)
        )
    }
}
