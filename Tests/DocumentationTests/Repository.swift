// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files of this repository, for tests that compare documents with code.
enum Repository {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The lines of a file that are not empty, without the white space around them.
    static func lines(_ path: String) throws -> [String] {
        try String(contentsOf: self.root.appending(path: path), encoding: .utf8)
            .split(separator: "\n")
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }

    /// The paths of all files in a folder and the folders in it that end with a suffix.
    static func files(in folder: String, suffix: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: self.root.appending(path: folder).path())
            .filter { $0.hasSuffix(suffix) }
            .map { "\(folder)/\($0)" }
            .sorted()
    }

    static func hasFile(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: self.root.appending(path: path).path())
    }

    /// The Swift blocks of a document, each as its lines without the imports.
    static func swiftBlocks(_ path: String) throws -> [[String]] {
        var blocks: [[String]] = []
        var isInside = false
        for line in try self.lines(path) {
            if isInside, line == "```" {
                isInside = false
            } else if line == "```swift" {
                isInside = true
                blocks.append([])
            } else if isInside, !line.hasPrefix("import ") {
                blocks[blocks.count - 1].append(line)
            }
        }
        return blocks
    }
}
