// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The third-party cases that decide what a standard means.
enum Conformance {
    /// The folder that holds them: `OMNIBUS_CONFORMANCE`, or the default beside the package.
    static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["OMNIBUS_CONFORMANCE"], !path.isEmpty {
            return URL(fileURLWithPath: path)
        }
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return root.deletingLastPathComponent().appendingPathComponent("shared/conformance")
    }()

    /// Whether a file or folder of that path is there.
    static func has(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: Self.folder.appendingPathComponent(path).path)
    }

    /// The names in a folder, sorted; empty where the folder is missing.
    static func names(in path: String) -> [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: Self.folder.appendingPathComponent(path).path)
        return (names ?? []).sorted()
    }

    /// The bytes of a file.
    static func bytes(of path: String) throws -> [UInt8] {
        // `Data(contentsOf:)` leaks its buffer where the file is empty, and one of these is.
        let file = try FileHandle(forReadingFrom: Self.folder.appendingPathComponent(path))
        defer { try? file.close() }
        return [UInt8](try file.readToEnd() ?? Data())
    }
}
