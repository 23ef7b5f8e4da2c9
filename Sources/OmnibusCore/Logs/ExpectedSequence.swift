// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a publisher takes for the state of a topic: the publish is refused when it is another one.
///
/// That is how two writers who have read the same history notice each other: the second one is refused with the error
/// `sequenceMismatch`, whose details are a ``SequenceMismatch``, and reads again.
///
/// ```swift
/// let receipt = try await bus.publish(opened, expecting: .empty)
/// try await bus.publish(renamed, expecting: .after(receipt.position))
/// ```
public struct ExpectedSequence: Sendable, Hashable, CustomStringConvertible {
    /// The offset that the message must get.
    public var nextOffset: Int64

    /// Nothing was ever published to the topic.
    public static let empty = ExpectedSequence(nextOffset: 0)

    /// The message must get this offset.
    public static func next(_ offset: Int64) -> ExpectedSequence {
        ExpectedSequence(nextOffset: offset)
    }

    /// The message must be the first one after a position; nil stands for a topic that nothing was published to.
    public static func after(_ position: Position?) -> ExpectedSequence {
        ExpectedSequence(nextOffset: position.map { $0.offset == .max ? .max : $0.offset + 1 } ?? 0)
    }

    /// The offset that the message must get, for people.
    public var description: String { "offset \(self.nextOffset)" }
}

/// How a topic differs from what a publisher has expected; the `details` of a `sequenceMismatch` error.
public struct SequenceMismatch: Sendable, Hashable {
    /// The offset that the publisher expected its message to get.
    public var expected: Int64
    /// The offset that the next message gets.
    public var actual: Int64

    /// Creates a report of what was expected and what there is.
    public init(expected: Int64, actual: Int64) {
        self.expected = expected
        self.actual = actual
    }
}
