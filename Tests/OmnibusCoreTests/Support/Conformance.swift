// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OmnibusJSON
import Testing

/// The third-party cases: `OMNIBUS_CONFORMANCE` names their folder, else it stands beside the package.
enum Conformance {
    static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The folder beside the package.
    static let defaultRoot = Self.packageRoot.appending(path: "../shared/conformance").standardized

    /// The folder in use; an empty `OMNIBUS_CONFORMANCE` names none.
    static let root = Self.root(naming: ProcessInfo.processInfo.environment["OMNIBUS_CONFORMANCE"])

    /// The folder that a value of `OMNIBUS_CONFORMANCE` names.
    static func root(naming path: String?) -> URL {
        guard let path, !path.isEmpty else { return self.defaultRoot }
        return URL(filePath: path)
    }

    /// Whether a set of cases is there.
    static func has(_ set: String) -> Bool {
        FileManager.default.fileExists(atPath: self.root.appending(path: set).path)
    }

    /// Why tests of a set that is not there are skipped.
    static func missing(_ set: String) -> String {
        "no folder \(self.root.path)/\(set): set OMNIBUS_CONFORMANCE to the folder of the third-party cases"
    }

    static func file(_ path: String, in root: URL = Self.root) throws -> Data {
        try Data(contentsOf: root.appending(path: path))
    }

    /// The rows of a JSON file that is an array, or an object with an array of `rows`; contested ones apart.
    ///
    /// What is no row is an issue of the test that asks.
    static func rows(_ path: String, in root: URL = Self.root) throws -> (scored: [Row], contested: [Row]) {
        let json = try JSONValue(parsing: self.file(path, in: root))
        let all = try #require(json.arrayValue ?? json["rows"]?.arrayValue, "\(path) has no rows")
        var rows: [Row] = []
        for (number, value) in all.enumerated() {
            guard let fields = value.objectValue else {
                Issue.record("\(path), row \(number): not an object")
                continue
            }
            rows.append(Row(name: fields["id"]?.stringValue ?? "row \(number)", file: path, fields: fields))
        }
        return (rows.filter { !$0.isContested }, rows.filter(\.isContested))
    }

    /// A row of a file: every field that is asked for and is missing or of another type is an issue.
    struct Row {
        var name: String
        var file: String
        var fields: JSONObject
        /// Where it is said that a field cannot be read; another test's issue is not ours.
        var report: (String) -> Void = { Issue.record(Comment(rawValue: $0)) }

        var isContested: Bool {
            self.fields["contested"].map { $0.boolValue != false } ?? false
        }

        func has(_ field: String) -> Bool { self.fields[field] != nil }

        func text(_ field: String) -> String? {
            self.read(field, "a text", \.stringValue)
        }

        func flag(_ field: String) -> Bool? {
            self.read(field, "true or false", \.boolValue)
        }

        func count(_ field: String) -> Int? {
            self.read(field, "a whole number", \.intValue)
        }

        func texts(_ field: String) -> [String]? {
            self.read(field, "an array of texts") { value in
                guard let values = value.arrayValue else { return nil }
                let texts = values.compactMap(\.stringValue)
                return texts.count == values.count ? texts : nil
            }
        }

        private func read<Value>(_ field: String, _ kind: String, _ read: (JSONValue) -> Value?) -> Value? {
            if let value = self.fields[field].flatMap(read) { return value }
            self.report("\(self.file), \(self.name): the field \(field) is missing or not \(kind)")
            return nil
        }
    }
}
