// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A topic with wildcards: `*` stands for one word, `#` for as many as there are, be it none.
///
/// Both mean that only as a whole word, anywhere and as often as needed (the rule of AMQP 0-9-1); inside a longer
/// word they are ordinary characters, so `a*` matches the topic `a*` alone. Matching is by bytes: case counts. Topics
/// whose first word is `omnibus` are matched only by patterns that write `omnibus` out as their own first word.
public struct TopicPattern: Sendable {
    /// The longest pattern, as ``TopicName/length(of:)`` counts it.
    public static let maximumLength = 249
    /// The most words that a pattern has.
    public static let maximumWordCount = 64

    /// The text of the pattern.
    public let name: String

    /// Creates a pattern from text that a program does not know beforehand.
    ///
    /// Throws `.invalidPattern`, saying what is wrong, at which character of which word, and what to do instead.
    public init(validating pattern: some StringProtocol) throws(OmnibusError) {
        let name = String(pattern)
        if let fault = TopicName.fault(in: name, as: .pattern) { throw fault.error(in: name, as: .pattern) }
        self.name = name
    }

    /// Creates the pattern that matches one topic and nothing else.
    public init(_ topic: Topic) {
        self.name = topic.name
    }

    /// Takes a pattern as it is: for patterns that were checked before.
    package init(unchecked name: String) {
        self.name = name
    }
}

extension TopicPattern {
    /// The words between the dots, in order, wildcards included; nothing is allocated.
    public var words: TopicWords { TopicWords(self.name) }

    /// The number of words, each wildcard being one; counts dots, in time linear in the pattern's length.
    public var wordCount: Int { TopicName.wordCount(of: self.name) }

    /// Whether the pattern has no wildcard, so that it matches one topic.
    public var isLiteral: Bool { !self.words.contains { $0 == "*" || $0 == "#" } }

    /// The only topic that the pattern matches, or nil where it has a wildcard or is longer than any topic.
    public var literalTopic: Topic? { self.isLiteral ? try? Topic(validating: self.name) : nil }

    /// Whether the pattern is about the system's topics, its first word being `omnibus`.
    public var isSystem: Bool { TopicName.isSystem(self.name) }
}

extension TopicPattern: ExpressibleByStringLiteral {
    /// Creates a pattern from a literal; one that breaks the rules stops the program, saying which rule.
    ///
    /// Use ``init(validating:)`` for text that is not a literal.
    public init(stringLiteral pattern: StaticString) {
        let name = pattern.description
        if let fault = TopicName.fault(in: name, as: .pattern) {
            fatalError(fault.sentence(in: name, as: .pattern))
        }
        self.name = name
    }
}

extension TopicPattern: Hashable, Comparable {
    /// Tells whether two patterns are written alike; for patterns that mean the same, ask `contains` both ways.
    public static func == (lhs: TopicPattern, rhs: TopicPattern) -> Bool {
        TopicName.areEqual(lhs.name, rhs.name)
    }

    /// Orders patterns by their bytes.
    public static func < (lhs: TopicPattern, rhs: TopicPattern) -> Bool {
        lhs.name.utf8.lexicographicallyPrecedes(rhs.name.utf8)
    }

    /// Hashes the bytes of the pattern.
    public func hash(into hasher: inout Hasher) {
        TopicName.hash(self.name, into: &hasher)
    }
}

extension TopicPattern: CustomStringConvertible {
    /// The text of the pattern.
    public var description: String { self.name }
}

extension TopicPattern: Codable {
    /// Reads a pattern as text; throws `.invalidPattern` where the text is not one.
    public init(from decoder: any Decoder) throws {
        try self.init(validating: decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the pattern as text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.name)
    }
}
