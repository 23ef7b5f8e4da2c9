// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus

/// The folder that is checked: lists and reads its files, and remembers what links can point at in them.
actor Library {
    nonisolated let root: String
    private let parser = MarkdownParser()
    private var anchors: [String: Set<String>] = [:]

    init(root: String) { self.root = root }

    /// Returns the text of a file. Fails where it is not there, no file, not allowed, not UTF-8, or beyond what
    /// expressions can go through in good time: 1 MB in all, 10,000 bytes in a line.
    nonisolated func read(_ path: String) throws -> String {
        let text = try String(contentsOfFile: "\(self.root)/\(path)", encoding: .utf8)
        let isLong = text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }).contains { $0.count > 10_000 }
        if isLong || text.utf8.count > 1_000_000 { throw CocoaError(.fileReadTooLarge) }
        return text
    }

    /// Returns what links can point at in a Markdown file, or nothing where that cannot be read.
    func anchors(of path: String) async -> Set<String>? {
        if let known = self.anchors[path] { return known }
        guard let text = try? self.read(path) else { return nil }
        self.anchors[path] = await self.parser.parse(text).anchors
        return self.anchors[path]
    }

    func remember(_ anchors: Set<String>, of path: String) { self.anchors[path] = anchors }

    /// Lists the files in the order of names. Names that start with a dot are left out, and symbolic links to folders
    /// are not followed; a symbolic link that leads nowhere is a file that cannot be read. So is a folder within this one
    /// that cannot be listed, whose path then ends in `/`.
    nonisolated func files(in folder: String = "", list: (String) throws -> [String] = names) throws -> [String] {
        let names = try list("\(self.root)/\(folder)").sorted()
        return names.filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(self.root)/\(path)")
            let type = attributes?[.type] as? FileAttributeType
            if type == .typeDirectory { return (try? self.files(in: path, list: list)) ?? ["\(path)/"] }
            return type == .typeRegular || type == .typeSymbolicLink && self.isFolder(path) != true ? [path] : []
        }
    }

    /// Whether a path is a folder's, or nothing where there is nothing.
    nonisolated func isFolder(_ path: String) -> Bool? {
        var isFolder: ObjCBool = false
        let path = "\(self.root)/\(path)"
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) ? isFolder.boolValue : nil
    }

    /// Whether a path that was listed is one that is to be read: a document's, or that of a folder that was not listed.
    static func isRead(_ path: String) -> Bool { self.isMarkdown(path) || path.hasSuffix("/") }

    static func names(in path: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path) }

    static func isMarkdown(_ path: String) -> Bool {
        path.lowercased().hasSuffix(".md") || path.lowercased().hasSuffix(".markdown")
    }
}

/// Something that is wrong in a file, or that its author may not have meant.
struct Finding: Codable, Hashable, Sendable {
    enum Kind: String, Codable, Sendable {
        case link = "broken link"
        case anchor = "broken anchor"
        case json = "invalid JSON"
        case unreadable = "unreadable file"
        case heading = "duplicate heading"
    }

    var kind: Kind
    var path: String
    var line: Int
    var message: String
}

/// Finds headings that say the same: all but the first have an anchor that changes when others come and go.
func check(_ headings: [Heading], in path: String) -> [Finding] {
    let first = Dictionary(headings.map { ($0.text, $0.line) }, uniquingKeysWith: min)
    return headings.filter { $0.line != first[$0.text] }.map { heading in
        let message = "“\(heading.text)” is also the heading of line \(first[heading.text] ?? 0)"
        return Finding(kind: .heading, path: path, line: heading.line, message: message)
    }
}

/// Parses the code blocks that say that they are JSON; the finding is in the line where parsing ended.
func check(_ blocks: [CodeBlock], in path: String) -> [Finding] {
    blocks.filter { $0.language == "json" }.compactMap { block in
        do throws(JSONError) {
            _ = try JSONValue(parsing: block.text)
            return nil
        } catch {
            let message = "found \(error.found) where there should be \(error.expected)"
            return Finding(kind: .json, path: path, line: block.line + (error.position?.line ?? 1), message: message)
        }
    }
}

extension Library {
    /// Compares a link with the files that are there. What leads to another system (`https:`, `mailto:`) is not judged.
    func check(_ link: Link, in path: String) async -> Finding? {
        func broken(_ kind: Finding.Kind, _ message: String) -> Finding {
            Finding(kind: kind, path: path, line: link.line, message: "\(link.text.debugDescription) \(message)")
        }
        guard link.isDefined else { return broken(.link, "is a reference that nothing defines") }
        guard !link.text.isEmpty else { return broken(.link, "leads nowhere") }
        let text = link.text.unicodeScalars  // as a mark may follow what separates: `#` and U+FE0F are one character
        if link.text.hasPrefix("//") || text.first(where: { ":/?#".unicodeScalars.contains($0) }) == ":" { return nil }

        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        var target = Self.resolve(String(parts[0].prefix { $0 != "?" }), from: path)
        guard let isFolder = self.isFolder(target) else {
            return broken(.link, "leads to \(target), which is not there")
        }
        guard parts.count == 2, !parts[1].isEmpty, parts[1] != "top" else { return nil }
        if isFolder { target += "/README.md" }
        guard Self.isMarkdown(target), self.isFolder(target) == false else { return nil }  // line numbers, say
        guard let anchors = await self.anchors(of: target) else {
            return broken(.anchor, "leads into an unreadable file")
        }
        let isThere = anchors.contains(parts[1].removingPercentEncoding ?? parts[1])
        return isThere ? nil : broken(.anchor, "names no heading or tag of \(target)")
    }

    /// Follows a link as GitHub does: `/` is the folder that is checked, and `..` goes up in the text.
    private static func resolve(_ link: String, from path: String) -> String {
        if link.isEmpty { return path }
        var names = link.hasPrefix("/") ? [] : path.split(separator: "/").dropLast().map(String.init)
        for name in (link.removingPercentEncoding ?? link).split(separator: "/").map(String.init) where name != "." {
            if name == "..", let last = names.last, last != ".." { names.removeLast() } else { names.append(name) }
        }
        return names.isEmpty ? "." : names.joined(separator: "/")
    }
}
