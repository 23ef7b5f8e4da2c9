// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The third-party cases: `OMNIBUS_CONFORMANCE` names their folder, else it stands beside the package.
enum Conformance {
    static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let isDefault = ProcessInfo.processInfo.environment["OMNIBUS_CONFORMANCE"] == nil

    static let root: URL =
        ProcessInfo.processInfo.environment["OMNIBUS_CONFORMANCE"].map { URL(filePath: $0) }
        ?? Self.packageRoot.appending(path: "../shared/conformance").standardized

    /// Whether a set of cases is there.
    static func has(_ set: String) -> Bool {
        FileManager.default.fileExists(atPath: self.root.appending(path: set).path)
    }

    /// Why tests of a set that is not there are skipped.
    static func missing(_ set: String) -> String {
        "no folder \(self.root.path)/\(set): set OMNIBUS_CONFORMANCE to the folder of the third-party cases"
    }

    static func file(_ path: String) throws -> Data {
        try Data(contentsOf: self.root.appending(path: path))
    }

    /// The rows of a JSON file that is an array, or an object with an array of `rows`; contested ones apart.
    static func rows(_ path: String) throws -> (scored: [[String: Any]], contested: [[String: Any]]) {
        let json = try JSONSerialization.jsonObject(with: self.file(path))
        let all = (json as? [Any]) ?? (json as? [String: Any])?["rows"] as? [Any] ?? []
        let rows = all.compactMap { $0 as? [String: Any] }
        let isContested = { (row: [String: Any]) in
            row["contested"].map { ($0 as? Bool) != false } ?? false
        }
        return (rows.filter { !isContested($0) }, rows.filter(isContested))
    }
}
