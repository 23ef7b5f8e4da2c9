// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What takes the messages of a subscription.
///
/// The set is open: minor releases add kinds.
public struct SubscriptionKind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The name of the kind, such as `handler`.
    public let rawValue: String

    /// Creates a kind from its name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The name of the kind, for people.
    public var description: String { self.rawValue }

    /// A function that is called with each message.
    public static let handler = Self(rawValue: "handler")
    /// An asynchronous sequence.
    public static let sequence = Self(rawValue: "sequence")
    /// A function whose result answers a request.
    public static let responder = Self(rawValue: "responder")
    /// A function that looks at messages while they are published.
    public static let observer = Self(rawValue: "observer")
    /// A function that sees what is accepted, and does not count as listening.
    public static let tap = Self(rawValue: "tap")
    /// Something outside of the bus that messages are forwarded to.
    public static let sink = Self(rawValue: "sink")
}
