// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The folder that is checked: lists and reads its files, and remembers what links can point at in them.
actor Library {
    nonisolated let root: String
    private let parser = MarkdownParser()
    private var anchors: [String: Set<String>] = [:]

    init(root: String) {
        self.root = root
    }

    /// Returns the text of a file. Fails where it is not there, no file, not allowed, or not UTF-8.
    nonisolated func read(_ path: String) throws -> String {
        try String(contentsOfFile: "\(self.root)/\(path)", encoding: .utf8)
    }

    /// Returns what links can point at in a Markdown file, or nothing where that cannot be read.
    func anchors(of path: String) async -> Set<String>? {
        if let known = self.anchors[path] { return known }
        guard let text = try? self.read(path) else { return nil }
        self.anchors[path] = await self.parser.parse(text).anchors
        return self.anchors[path]
    }

    func remember(_ anchors: Set<String>, of path: String) {
        self.anchors[path] = anchors
    }

    /// Lists the files in the order of names. Names that start with a dot are left out, and symbolic links to folders
    /// are not followed; a symbolic link that leads nowhere is a file that cannot be read.
    nonisolated func files(in folder: String = "") throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(self.root)/\(folder)").sorted()
        return try names.filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(self.root)/\(path)")
            let type = attributes[.type] as? FileAttributeType
            if type == .typeDirectory { return try self.files(in: path) }
            return type == .typeRegular || type == .typeSymbolicLink && self.isFolder(path) != true ? [path] : []
        }
    }

    /// Whether a path is a folder's, or nothing where there is nothing.
    nonisolated func isFolder(_ path: String) -> Bool? {
        var isFolder: ObjCBool = false
        let path = "\(self.root)/\(path)"
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) ? isFolder.boolValue : nil
    }

    static func isMarkdown(_ path: String) -> Bool {
        path.lowercased().hasSuffix(".md") || path.lowercased().hasSuffix(".markdown")
    }
}
