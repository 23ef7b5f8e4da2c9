// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Says which messages of a pattern a subscription wants.
///
/// It is asked while a message is published, in the publisher's thread, with no lock held and before the message takes
/// room in the queue: keep it short, and let it depend on the message alone. What it does not want is counted as
/// `filtered`, and the subscription is not among those that `matched`.
///
/// ```swift
/// let settings = HandlerSettings(predicate: MessagePredicate("large") { $0.estimatedSize > 10_000 })
/// ```
///
/// Two of them are equal when their names are: members of one group have to use the same name.
public struct MessagePredicate: Sendable {
    /// The name by which it is compared, and known in reports.
    public let name: String
    private let body: @Sendable (Message) -> Bool

    /// Creates a predicate from a name and a function.
    public init(_ name: String, _ body: @escaping @Sendable (Message) -> Bool) {
        self.name = name
        self.body = body
    }

    /// Whether the message is wanted.
    public func matches(_ message: Message) -> Bool { self.body(message) }

    /// A predicate that wants what both want.
    package func and(_ other: MessagePredicate) -> MessagePredicate {
        MessagePredicate("\(self.name), \(other.name)") { self.matches($0) && other.matches($0) }
    }
}

extension MessagePredicate: Hashable {
    /// Compares the names.
    public static func == (left: Self, right: Self) -> Bool { left.name == right.name }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(self.name) }
}

extension MessagePredicate: CustomStringConvertible {
    /// The name.
    public var description: String { self.name }
}
