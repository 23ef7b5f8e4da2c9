// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The name of a kind of event, such as `agent.task.created`: any text that is not empty.
///
/// It is often the topic's text. It differs where one topic carries several kinds of event.
public struct EventType: RawRepresentable, Hashable, Sendable {
    /// The name of the kind of event.
    public let rawValue: String

    /// Creates a type from its name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Creates a type from its name.
    public init(_ name: String) {
        self.rawValue = name
    }
}

extension EventType {
    /// Tells whether two types have the same name, byte for byte.
    public static func == (left: EventType, right: EventType) -> Bool {
        ExactText.isSame(left.rawValue, right.rawValue)
    }

    /// Hashes the bytes of the name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(self.rawValue))
    }
}

extension EventType: ExpressibleByStringLiteral {
    /// Creates a type from its name.
    public init(stringLiteral name: String) {
        self.rawValue = name
    }
}

extension EventType: CustomStringConvertible {
    /// The name of the kind of event, for people.
    public var description: String { self.rawValue }
}

extension EventType: Codable {
    /// Reads a type from a text.
    ///
    /// - Throws: the decoder's error where there is no text.
    public init(from decoder: any Decoder) throws {
        self.rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    /// Writes the type as a text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.rawValue)
    }
}
