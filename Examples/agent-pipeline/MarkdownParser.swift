// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// Finds links, headings and code blocks in Markdown where a reader sees them: what is in code, comments and escapes
/// is hidden first, by moving its punctuation to where nothing looks for it. An actor, as expressions are not Sendable.
actor MarkdownParser {
    /// Front matter, a fence (its mark, language and text), a comment, a code span, or an escaped character.
    private let hidden =
        #/
        (?= ^ | [<`\\] ) (?: \A --- \n (?: .*\n )*? --- $
          | ^ (?: [\ \t>] | [-*+]\  | \d+[.)]\  )* ( `{3,} (?=[^`\n]*$) | ~{3,} ) [\ \t]* ( [^\s,\{]* ) .*\n
            ( (?: .*\n )*? ) (?: [\ \t>]* \1 [`~]* [\ \t]* $ | \z )
          | < (?: !-- [\s\S]*? -- | pre\b [\s\S]*? <\/pre ) >
          | (?> (`+) ) ( (?: . | \n (?! [\ \t>]* (?: \n | [|\#] | [-*+]\  | \d+[.)]\  ) ) )*? [^`] ) \4 (?!`)
          | \\ ( [!-\/:-@\[-`\{-~] ) )
        /#.anchorsMatchLineEndings()
    private let quoteMark = /^(?:[ \t]*> ?)+/.anchorsMatchLineEndings()
    private let listMark = /(?:[-+*]|\d{1,9}[.)])(?:[ \t]+|$)/
    /// `## Heading ##`, or a line that is underlined.
    private let heading =
        #/
        ^ (?: [\ \t>] | [-*+]\  | \d+[.)]\  )* \#{1,6}
            (?: (?>[\ \t]+) ( (?> \S+ | (?>[\ \t]+) (?! \#*[\ \t]*$ ) )* ) )? (?: [\ \t]+ \#+ )? [\ \t]* $
        | ^ (?>[\ >]*) (?! [-*+\#|] | \d+[.)]\s ) (\S.*) \n (?>[\ >]*) (?: =+ | -+ ) [\ \t]* $
        /#.anchorsMatchLineEndings()
    /// `[label]: target`, `[label]: <target>`, with or without a title.
    private let definition =
        /(?m)^[ \t>]*\[([^\[\]^\n][^\[\]]*)\]:\s*(?:<([^<>\n]*)>|(\S+))(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?[ \t]*$/
    /// `[text]` followed by `(target "title")`, `(<target>)` or `[label]`. Images and brackets may be in the text.
    private let link =
        #/
        !? \[ ( (?: [^\[\]\n] | \n(?!\s*\n) | \[ [^\[\]]* \] )* ) \] (?:
            \( (?>\s*) (?: < ([^<>\n]*) > | ( (?: [^\s()] | \( [^\s()]* \) )* ) )
            (?: (?>\s+) (?: "[^"]*" | '[^']*' | \( [^()]* \) ) )? (?>\s*) \)
            | \[ ( [^\[\]]* ) \] (?!\() )
        /#
    private let tag = /<\/?[A-Za-z](?:[^<>"']|"[^<"]*"|'[^<']*')*>/
    private let attribute = /\b(href|src|name|id)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/.ignoresCase()
    private let emphasis = /\*|\b_+|_+\b/

    func parse(_ text: String) -> MarkdownDocument {
        var document = MarkdownDocument()
        let text = self.visible(String(text.unicodeScalars.filter { $0 != "\r" && $0 != "\u{FEFF}" }) + "\n", &document)
        let definitions = self.matches(of: self.definition, in: text)
        let labels = Set(definitions.map { Self.label($0.0.1) })
        document.links = definitions.map { Link(text: Self.shown($0.0.2 ?? $0.0.3 ?? ""), line: $0.line) }
        self.findLinks(in: text, line: 1, &document)
        document.links.removeAll { !$0.isDefined && labels.contains($0.text) }
        for (tag, line) in self.matches(of: self.tag, in: text) {
            for match in tag.0.matches(of: self.attribute) {
                let value = Self.shown(match.2 ?? match.3 ?? match.4 ?? "")
                if ["id", "name"].contains(match.1.lowercased()) {
                    document.anchors.insert(value)
                } else {
                    document.links.append(Link(text: value, line: line))
                }
            }
        }
        var slugs = SlugCounter()
        for (match, line) in self.matches(of: self.heading, in: text) {
            let linked = (match.1 ?? match.2 ?? "").replacing(self.link) { $0.0.hasPrefix("!") ? "" : $0.1 }
            let plain = Self.shown(linked.replacing(self.tag, with: "").replacing(self.emphasis, with: ""))
            document.headings.append(Heading(text: plain, line: line))
            document.anchors.insert(slugs.slug(of: plain))
        }
        return document
    }

    /// Returns the text, with its lines, without what is not read as Markdown; collects the code blocks on the way.
    private func visible(_ text: String, _ document: inout MarkdownDocument) -> String {
        var (visible, position) = ("", text.startIndex)
        for (match, line) in self.matches(of: self.hidden, in: text) {
            if let code = match.3?.replacing(self.quoteMark, with: ""), let language = match.2?.lowercased() {
                document.codeBlocks.append(CodeBlock(language: language, text: String(code), line: line))
            }
            let mask = (match.5 ?? match.6).map { Self.move($0, 0x21...0x7E, by: 0xE000) }
            visible += text[position..<match.range.lowerBound] + (mask ?? match.0.filter { $0 == "\n" })
            position = match.range.upperBound
        }
        visible += text[position...]

        var (isAfterBlank, listIndent) = (true, 0)
        return visible.split(separator: "\n", omittingEmptySubsequences: false).map { line -> Substring in
            let rest = line.drop { $0 == " " || $0 == "\t" }
            let indent = line.prefix(line.count - rest.count).reduce(0) { $0 + ($1 == " " ? 1 : 4) }
            if !rest.isEmpty { listIndent = min(listIndent, indent) }
            if isAfterBlank && indent >= listIndent + 4 { return "" }  // an indented code block
            if let mark = rest.prefixMatch(of: self.listMark) { listIndent = indent + mark.0.count }
            isAfterBlank = rest.isEmpty
            return line
        }.joined(separator: "\n")
    }

    private func findLinks(in text: String, line: Int, _ document: inout MarkdownDocument) {
        for (match, line) in self.matches(of: self.link, in: text, line: line) {
            self.findLinks(in: String(match.1), line: line, &document)  // an image in a link
            if let target = match.2 ?? match.3 {
                document.links.append(Link(text: Self.shown(target), line: line))
            } else if let written = match.4, text[..<match.range.lowerBound].last?.isLetter != true {
                let label = Self.label(written.isEmpty ? match.1 : written)
                if label.isEmpty || label.hasPrefix("^") { continue }
                document.links.append(Link(text: label, line: line, isDefined: false))
            }
        }
    }

    private func matches<O>(of regex: Regex<O>, in text: String, line: Int = 1) -> [(Regex<O>.Match, line: Int)] {
        var (line, position) = (line, text.startIndex)
        return text.matches(of: regex).map { match in
            line += text[position..<match.range.lowerBound].utf8.count { $0 == 10 }
            position = match.range.lowerBound
            return (match, line)
        }
    }

    private static func label(_ text: Substring) -> String {
        self.shown(text).lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    private static func shown(_ text: Substring) -> String {
        self.move(text.replacing("&amp;", with: "&"), 0xE021...0xE07E, by: -0xE000)
    }

    /// Moves characters, such as punctuation to private ones and back.
    private static func move(_ text: Substring, _ range: ClosedRange<Int>, by distance: Int) -> String {
        let scalars = text.unicodeScalars.map {
            range ~= Int($0.value) ? Unicode.Scalar(UInt32(Int($0.value) + distance)) ?? $0 : $0
        }
        return String(String.UnicodeScalarView(scalars))
    }
}

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
    private var taken: [String: Int] = [:]  // with the last number that each was given

    /// Returns the anchor of the document's next heading.
    mutating func slug(of heading: String) -> String {
        let scalars = heading.lowercased().unicodeScalars.map { $0 == " " ? "-" : $0 }
        let kept = scalars.filter { $0 == "-" || $0.properties.isAlphabetic || $0.properties.isXIDContinue }
        let base = String(String.UnicodeScalarView(kept))
        var slug = base
        while self.taken[slug] != nil {
            self.taken[base, default: 0] += 1
            slug = "\(base)-\(self.taken[base] ?? 0)"
        }
        self.taken[slug] = 0
        return slug
    }
}
