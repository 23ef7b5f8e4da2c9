// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A dot-separated name that messages are published to, such as `agent.task.created`.
///
/// A topic has one word or more, none of them empty, and no wildcards. Words are visible characters: every ASCII
/// one but `/`, and the letters, digits, marks and symbols of other scripts. A name is its UTF-8 bytes: two topics are
/// equal if their bytes are, as on every back end; nothing is normalised, and case counts.
///
/// A name counts at most ``maximumLength``, so that it fits every back end with the system's prefixes in front of it;
/// `Docs/Topics.md` has the reasons. Topics whose first word is `omnibus` are the system's: anyone may subscribe to
/// them, only the bus publishes there.
public struct Topic: Sendable {
    /// The longest name of a user's topic, as ``TopicName/length(of:)`` counts it.
    public static let maximumLength = 200
    /// The most words that a user's topic has.
    public static let maximumWordCount = 60

    /// The text of the topic.
    public let name: String

    /// Creates a topic from text that a program does not know beforehand.
    ///
    /// Throws `.invalidTopic`, saying what is wrong, at which character of which word, and what to do instead.
    /// Names of system topics are accepted, and may be longer than a user's.
    public init(validating name: some StringProtocol) throws(OmnibusError) {
        let name = String(name)
        if let fault = TopicName.fault(in: name, as: .topic) { throw fault.error(in: name, as: .topic) }
        self.name = name
    }

    /// Takes a name as it is: for names that were checked before, and for what only the system makes.
    package init(unchecked name: String) {
        self.name = name
    }
}

extension Topic {
    /// The words between the dots, in order; nothing is allocated.
    public var words: TopicWords { TopicWords(self.name) }

    /// The number of words; counts dots, in time linear in the name's length.
    public var wordCount: Int { TopicName.wordCount(of: self.name) }

    /// The bits of the name: two topics with equal ones are the same text at the same place, or the same short text;
    /// equal topics may differ in this.
    ///
    /// Comparing them costs two comparisons of words, where ``==(_:_:)`` may have to read the names. They mean nothing
    /// once the topic is gone.
    @inline(__always)
    @inlinable
    package var identityBits: (UInt64, UInt64) {
        // SAFETY: a String is two words without padding; only their bits are compared. Leaned on by "Topics".
        unsafeBitCast(self.name, to: (UInt64, UInt64).self)
    }

    /// Whether the topic is the system's, its first word being `omnibus`.
    public var isSystem: Bool { TopicName.isSystem(self.name) }
}

extension Topic: ExpressibleByStringLiteral {
    /// Creates a topic from a literal; one that breaks the rules stops the program, saying which rule.
    ///
    /// Use ``init(validating:)`` for text that is not a literal.
    public init(stringLiteral name: StaticString) {
        let name = name.description
        if let fault = TopicName.fault(in: name, as: .topic) {
            fatalError(fault.sentence(in: name, as: .topic))
        }
        self.name = name
    }
}

extension Topic: Hashable, Comparable {
    /// Tells whether two topics have the same bytes.
    public static func == (lhs: Topic, rhs: Topic) -> Bool {
        TopicName.areEqual(lhs.name, rhs.name)
    }

    /// Orders topics by the bytes of their names.
    public static func < (lhs: Topic, rhs: Topic) -> Bool {
        lhs.name.utf8.lexicographicallyPrecedes(rhs.name.utf8)
    }

    /// Hashes the bytes of the name.
    public func hash(into hasher: inout Hasher) {
        TopicName.hash(self.name, into: &hasher)
    }
}

extension Topic: CustomStringConvertible {
    /// The name of the topic, for people.
    public var description: String { self.name }
}

extension Topic: Codable {
    /// Reads a topic as text; throws `.invalidTopic` where the text is not one.
    public init(from decoder: any Decoder) throws {
        try self.init(validating: decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the name as text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.name)
    }
}
