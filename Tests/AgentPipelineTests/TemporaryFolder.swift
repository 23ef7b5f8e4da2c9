// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder for one test, which is removed when the test has run.
struct TemporaryFolder {
    let path: String

    /// Runs a body with a folder that holds the given files, in folders that are made as needed.
    static func with<Result>(
        _ files: [String: String],
        _ body: (TemporaryFolder) async throws -> Result
    ) async throws -> Result {
        let folder = Self(path: FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path)
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        for (name, text) in files { try folder.write(Data(text.utf8), to: name) }
        return try await body(folder)
    }

    func write(_ data: Data, to name: String) throws {
        let url = URL(filePath: self.path).appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    /// Makes a symbolic link, to something that need not be there.
    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(self.path)/\(name)", withDestinationPath: target)
    }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(self.path)/\(name)", withIntermediateDirectories: true)
    }
}
