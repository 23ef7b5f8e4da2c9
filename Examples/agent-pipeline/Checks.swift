// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus

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
        let scheme = link.text.prefix { !":/?#".contains($0) }
        if link.text.hasPrefix("//") || link.text.dropFirst(scheme.count).first == ":" { return nil }

        let parts = link.text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
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
        let isThere = anchors.contains(parts[1].removingPercentEncoding ?? String(parts[1]))
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
