// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What the agents look for in a Markdown file.
struct MarkdownDocument {
    var links: [Link] = []
    var codeBlocks: [CodeBlock] = []
    var headings: [Heading] = []
    /// What `#…` can point at: the slugs of the headings, and the names and ids of HTML tags.
    var anchors: Set<String> = []
}

protocol DocumentPart: Codable, Hashable, Sendable {
    /// Where documents' parts of this kind are published.
    static var topic: Topic { get }
    var text: String { get }
}

/// A link or an image; its text is where it leads, or the label of a reference that nothing defines.
struct Link: DocumentPart {
    static let topic: Topic = "pipeline.links.found"
    var text: String
    var line: Int
    var isDefined = true
}

/// A fenced code block; `line` is the one that opens it.
struct CodeBlock: DocumentPart {
    static let topic: Topic = "pipeline.code.found"
    var language: String
    var text: String
    var line: Int
}

/// A heading as a reader sees it, without markup.
struct Heading: DocumentPart {
    static let topic: Topic = "pipeline.headings.found"
    var text: String
    var line: Int
}

/// GitHub's rule for the anchors of a document's headings: letters, marks, digits, `_` and `-` stay, a space becomes
/// `-`, and what comes again gets `-1`, `-2`, …
struct SlugCounter {
    private var taken: Set<String> = []

    /// Returns the anchor of the document's next heading.
    mutating func slug(of heading: String) -> String {
        let scalars = heading.lowercased().replacing(" ", with: "-").unicodeScalars
        let base = String(scalars.filter { $0 == "-" || $0.properties.isAlphabetic || $0.properties.isXIDContinue })
        var (slug, number) = (base, 0)
        while !self.taken.insert(slug).inserted {
            number += 1
            slug = "\(base)-\(number)"
        }
        return slug
    }
}
