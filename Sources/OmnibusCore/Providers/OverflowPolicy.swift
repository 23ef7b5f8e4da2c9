// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What happens to a publish that finds a queue full.
public enum OverflowPolicy: Sendable, Hashable {
    /// The publisher waits, first come first served, and gets the error `overflow` after the limit.
    ///
    /// The limit has to be positive. What is longer than a hundred years counts as that.
    case suspend(atMost: Duration = .seconds(30))
    /// The publisher gets the error `overflow` at once.
    case reject
    /// The oldest waiting message is dropped and counted; never one that is more urgent than the new one.
    case dropOldest
    /// The new message is dropped and counted.
    case dropNewest
    /// The new message is merged with one of the same kind that waits; see ``coalesce(_:by:merge:)``.
    case coalescing(Coalescing)

    /// The new message is merged with the last waiting one of the same key, and takes its place; for streams of
    /// updates, of which the sum is what counts.
    ///
    /// Both functions run with no lock held, on the publisher's thread. The merged message has the new one's id, topic,
    /// key, priority and time, and names the older one as its cause; its header `merged-from` has the ids of all that
    /// went into it, the newest 64, with commas. Messages of two priorities are not merged. Where nothing of the key
    /// waits, or `merge` throws, the publisher gets the error `overflow`. What a worker has taken is never merged.
    ///
    /// - Parameters:
    ///   - name: tells one way of merging from another: members of a group must ask for the same.
    ///   - key: what messages have in common that can be merged; nil for those that cannot.
    ///   - merge: makes one message of an older and a newer one.
    public static func coalesce(
        _ name: String = "coalesce",
        by key: @escaping @Sendable (Message) -> String? = { $0.key },
        merge: @escaping @Sendable (_ older: Message, _ newer: Message) throws -> Message
    ) -> OverflowPolicy {
        .coalescing(Coalescing(name: name, key: key, merge: merge))
    }

    /// How messages are merged, where they are.
    package var coalescing: Coalescing? {
        if case .coalescing(let coalescing) = self { return coalescing }
        return nil
    }
}

/// A way to merge waiting messages; two of them are equal when their names are.
public struct Coalescing: Sendable, Hashable {
    /// Tells one way of merging from another.
    public var name: String
    /// What messages have in common that can be merged; nil for those that cannot.
    public var key: @Sendable (Message) -> String?
    /// Makes one message of an older and a newer one.
    public var merge: @Sendable (_ older: Message, _ newer: Message) throws -> Message

    /// Creates a way to merge messages.
    public init(
        name: String,
        key: @escaping @Sendable (Message) -> String?,
        merge: @escaping @Sendable (_ older: Message, _ newer: Message) throws -> Message
    ) {
        self.name = name
        self.key = key
        self.merge = merge
    }

    /// Whether two ways of merging have the same name.
    public static func == (left: Coalescing, right: Coalescing) -> Bool { left.name == right.name }

    /// Adds the name to a hash.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.name)
    }
}
